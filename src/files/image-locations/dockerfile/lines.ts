/** Joins the lines of a Dockerfile like BuildKit (frontend/dockerfile/parser: parser.go, directives.go). */
import { isSpace, slice, trimStart, type TracedText, TracedTextBuilder } from '../traced-text.ts';

/** Why BuildKit reads no further. */
export interface Fault {
  readonly offset: number;
  readonly problem: string;
}

/** The lines of a file, each without its line break, and the next one to read. */
export interface Lines {
  readonly all: readonly TracedText[];
  next: number;
}

export function linesOf(source: TracedText): Lines {
  const body = source.text.startsWith('\uFEFF') ? slice(source, 1) : source;
  const all: TracedText[] = [];
  for (let at = 0; at < body.text.length;) {
    const found = body.text.indexOf('\n', at);
    const end = found === -1 ? body.text.length : found;
    all.push(withoutReturns(slice(body, at, end)));
    at = end + 1;
  }
  return { all, next: 0 };
}

function withoutReturns(line: TracedText): TracedText {
  let end = line.text.length;
  while (end > 0 && line.text.charAt(end - 1) === '\r') end -= 1;
  return slice(line, 0, end);
}

function isComment(line: TracedText): boolean {
  return trimStart(line).text.startsWith('#');
}

export interface LogicalLine {
  readonly word: TracedText;
  /** The number of its first line, from 1. */
  readonly first: number;
}

/** Reads from the next line with content. Neither a comment nor an empty line ends a continued line. */
export function readLogicalLine(lines: Lines, escape: string): LogicalLine | undefined {
  for (let line = take(lines); line !== undefined; line = take(lines)) {
    const first = lines.next;
    const { kept, goesOn } = cutEscape(trimStart(line), escape);
    if (isComment(line) || (!goesOn && kept.text === '')) continue;
    return { word: goesOn ? withFollowing(kept, lines, escape) : kept, first };
  }
  return undefined;
}

function withFollowing(first: TracedText, lines: Lines, escape: string): TracedText {
  const logical = new TracedTextBuilder();
  logical.add(first);
  for (let line = take(lines); line !== undefined; line = take(lines)) {
    if (isComment(line) || isSpace(line.text)) continue;
    const { kept, goesOn } = cutEscape(line, escape);
    logical.add(kept);
    if (!goesOn) break;
  }
  return logical.take();
}

export function take(lines: Lines): TracedText | undefined {
  const line = lines.all[lines.next];
  if (line !== undefined) lines.next += 1;
  return line;
}

/** A single escape at the end of a line, before optional blanks and tabs, continues the line. */
function cutEscape(line: TracedText, escape: string): { readonly kept: TracedText; readonly goesOn: boolean } {
  const end = line.text.replace(/[ \t]+$/, '').length - 1;
  const goesOn = line.text.charAt(end) === escape && (end === 0 || line.text.charAt(end - 1) !== escape);
  return { kept: goesOn ? slice(line, 0, end) : line, goesOn };
}

export interface Directives {
  readonly escape: string;
  /** The image of the frontend: `# syntax=IMAGE`. */
  readonly syntax: TracedText | undefined;
  readonly fault: Fault | undefined;
}

export function directivesOf({ all }: Lines): Directives {
  const { found, fault } = readDirectives(all.map(trimStart), '#');
  const escape = found.get('escape');
  const wrong = escape !== undefined && escape.text !== '\\' && escape.text !== '`';
  return {
    escape: escape === undefined || wrong ? '\\' : escape.text,
    syntax: syntaxOf(all),
    fault: wrong ? { offset: escape.offsets[0] ?? 0, problem: 'the escape directive must be \\ or `' } : fault,
  };
}

/** BuildKit reads this directive separately: it skips a first line with #!, ignores indented lines, and accepts //. */
function syntaxOf(all: readonly TracedText[]): TracedText | undefined {
  const lines = all[0]?.text.startsWith('#!') ? all.slice(1) : all;
  const value = readDirectives(lines, '#').found.get('syntax') ?? readDirectives(lines, '//').found.get('syntax');
  if (value === undefined) return undefined;
  const blank = value.text.indexOf(' ');
  return blank === -1 ? value : slice(value, 0, blank);
}

const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*([^\n]+?)[\t\n\f\r ]*$/d;

interface DirectiveLines {
  readonly found: ReadonlyMap<string, TracedText>;
  readonly fault: Fault | undefined;
}

/** Reads directives, which precede all other lines, one per line, each at most once. */
function readDirectives(lines: readonly TracedText[], mark: string): DirectiveLines {
  const found = new Map<string, TracedText>();
  for (const line of lines) {
    const directive = directiveOf(line, mark);
    if (directive === undefined) break;
    const { name, value } = directive;
    if (found.has(name)) {
      const problem = `duplicate directive "${name}"; remove one of the lines`;
      return { found, fault: { offset: line.offsets[0] ?? 0, problem } };
    }
    found.set(name, value);
  }
  return { found, fault: undefined };
}

function directiveOf(
  line: TracedText,
  mark: string,
): { readonly name: string; readonly value: TracedText } | undefined {
  if (!line.text.startsWith(mark)) return undefined;
  const content = trimStart(slice(line, mark.length));
  const match = DIRECTIVE.exec(content.text);
  const name = match?.[1]?.toLowerCase() ?? '';
  const [from, to] = match?.indices?.[2] ?? [0, 0];
  return ['syntax', 'escape', 'check'].includes(name) ? { name, value: slice(content, from, to) } : undefined;
}
