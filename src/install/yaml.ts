/**
 * Formats manifests as YAML with comments. Values are JSON values; a comment stands above the value that it describes. The package
 * `yaml` is not used: it leaves `0o17` and U+2028 unquoted, which kubectl reads as a number and a line break.
 */
import { withoutCommands } from '../image/quote.ts';

export type Tree = string | number | boolean | null | Commented | readonly Tree[] | { readonly [key: string]: Tree };

export type TreeObject = { readonly [key: string]: Tree };

class Commented {
  readonly comment: string;
  readonly value: Exclude<Tree, Commented>;

  constructor(comment: string, value: Exclude<Tree, Commented>) {
    this.comment = comment;
    this.value = value;
  }
}

export type { Commented };

/** One line of the comment for each line of the text; long lines are wrapped. */
export function commented(comment: string, value: Exclude<Tree, Commented>): Commented {
  return new Commented(comment, value);
}

/** Without comments, as JSON. */
export function plain(tree: Tree): unknown {
  if (tree instanceof Commented) return plain(tree.value);
  if (isList(tree)) return tree.map(plain);
  if (!isObject(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, plain(value)]));
}

/** Documents with `---` between them. */
export function yamlDocuments(documents: readonly Tree[]): string {
  return documents.map((document) => `${lines(document, 0).join('\n')}\n`).join('---\n');
}

const WIDTH = 110;

/** All lines of a value, indented. */
function lines(tree: Tree, indent: number): readonly string[] {
  const pad = ' '.repeat(indent);
  const { comment, value } = parts(tree);
  const above = commentLines(comment, indent);
  if (isList(value) && value.length > 0) return [...above, ...value.flatMap((item) => itemLines(item, indent))];
  if (isObject(value) && Object.keys(value).length > 0) {
    return [...above, ...Object.entries(value).flatMap(([key, item]) => entryLines(key, item, indent))];
  }
  return [...above, `${pad}${inline(value)}`];
}

function itemLines(item: Tree, indent: number): readonly string[] {
  const { comment, value } = parts(item);
  const above = commentLines(comment, indent);
  const pad = ' '.repeat(indent);
  const short = shortList(value);
  if (short !== undefined) return [...above, `${pad}- ${short}`];
  const [first = '', ...rest] = lines(value, indent + 2);
  // The first entry of an object can have a comment of its own, which cannot stand behind the dash.
  if (first.trimStart().startsWith('#')) return [...above, `${pad}-`, first, ...rest];
  return [...above, `${pad}- ${first.slice(indent + 2)}`, ...rest];
}

function entryLines(key: string, item: Tree, indent: number): readonly string[] {
  const { comment, value } = parts(item);
  const above = commentLines(comment, indent);
  const start = `${' '.repeat(indent)}${scalar(key)}:`;
  const short = shortList(value);
  if (short !== undefined && start.length + short.length < WIDTH) return [...above, `${start} ${short}`];
  if (typeof value === 'string' && isBlock(value)) return [...above, ...blockLines(start, value, indent + 2)];
  if ((isList(value) && value.length > 0) || (isObject(value) && Object.keys(value).length > 0)) {
    return [...above, start, ...lines(value, indent + 2)];
  }
  return [...above, `${start} ${inline(value)}`];
}

function parts(tree: Tree): { readonly comment: string; readonly value: Exclude<Tree, Commented> } {
  return tree instanceof Commented ? tree : { comment: '', value: tree };
}

function commentLines(comment: string, indent: number): readonly string[] {
  if (comment === '') return [];
  const pad = ' '.repeat(indent);
  return comment
    .split(LINE_BREAK)
    .flatMap((line) => wrapped(escaped(line), WIDTH - indent).map((text) => `${pad}# ${text}`.trimEnd()));
}

/** Those of YAML 1.1. */
const LINE_BREAK = /\r\n|[\n\r\u0085\u2028\u2029]/;

function wrapped(text: string, width: number): readonly string[] {
  const done: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      done.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...done, line];
}

/** `[CREATE, UPDATE]`, for lists of scalars. */
function shortList(value: Tree): string | undefined {
  if (!isList(value) || value.length === 0) return undefined;
  if (!value.every((item) => typeof item === 'string' && item.length < 60 && !item.includes('\n'))) return undefined;
  return `[${value.map(inline).join(', ')}]`;
}

/** Texts of several lines that a block can hold: no line ends with a space, and the text ends with one line break. */
function isBlock(text: string): boolean {
  return (
    /^[^\s][^\r\t]*[^\n]\n$/.test(text) &&
    !/ \n/.test(text) &&
    !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text)
  );
}

function blockLines(start: string, text: string, indent: number): readonly string[] {
  const pad = ' '.repeat(indent);
  const body = text.slice(0, -1).split('\n');
  return [`${start} |`, ...body.map((line) => (line === '' ? '' : `${pad}${line}`))];
}

function inline(value: Tree): string {
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}

/** Strings that YAML 1.1 and 1.2 both parse as strings, also in a flow list. Other strings are quoted. */
const PLAIN = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z/][\w./@-]*(?::[\w./@-]+)*$/i;

function scalar(text: string): string {
  if (PLAIN.test(text)) return text;
  return /^[ -&(-~]*$/.test(text) && withoutCommands(text) === text ? `'${text}'` : quoted(text);
}

function isList(value: Tree): value is readonly Tree[] {
  return Array.isArray(value);
}

function isObject(value: Tree): value is TreeObject {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Commented);
}

/** As in JSON, with all characters escaped that YAML does not allow or reads as line breaks, and without commands of pipelines. */
function quoted(text: string): string {
  return withoutCommands(escaped(JSON.stringify(text)));
}

function escaped(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
