/**
 * Splits a text into documents before parsing, so that a malformed document does not hide the others. The rules are those of
 * Kubernetes (k8s.io/apimachinery/pkg/util/yaml/decoder.go): every line that starts with `---` is a separator, only a comment can
 * follow on that line, and JSON values can follow one another. kubectl skips JSON after JSON after `---` and rejects `---` after
 * JSON; both are read here.
 */
import { jsonExtent, parseJson } from './json.ts';

export type Piece =
  | { readonly kind: 'yaml'; readonly from: number; readonly to: number }
  | { readonly kind: 'json'; readonly from: number; readonly value: unknown }
  /** The text after `---` on its line. */
  | { readonly kind: 'stray'; readonly from: number }
  /** The text after `...` without a `---`: go-yaml has read its one document and ignores the rest. */
  | { readonly kind: 'ignored'; readonly from: number };

const SEPARATOR = '---';
const REST_OF_LINE = /[^\n]*/y;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Follows kubectl's reader, which collects lines until a separator. A separator that is the first line is collected, too, and
 * left to go-yaml.
 */
export function* piecesOf(text: string): Generator<Piece> {
  let from = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  let separator = text.startsWith(SEPARATOR, from) ? from : nextSeparator(text, from);
  while (separator !== -1) {
    const { stray, end } = lineAfter(text, separator);
    if (separator > from) yield* piecesWithin(text, from, separator);
    if (stray !== undefined) yield { kind: 'stray', from: stray };
    if (separator > from || stray !== undefined) from = end;
    separator = nextSeparator(text, end - 1);
  }
  if (from < text.length) yield* piecesWithin(text, from, text.length);
}

interface SeparatorLine {
  /** Offset of text after the separator that is not a comment. */
  readonly stray: number | undefined;
  /** Offset after its line break. */
  readonly end: number;
}

function lineAfter(text: string, separator: number): SeparatorLine {
  const from = separator + SEPARATOR.length;
  REST_OF_LINE.lastIndex = from;
  const rest = REST_OF_LINE.exec(text)?.[0] ?? '';
  const content = rest.slice(skipSpace(rest, 0));
  const stray = content !== '' && !content.startsWith('#') ? from + rest.length - content.length : undefined;
  return { stray, end: from + rest.length + 1 };
}

/** Finds the next separator; a line ends only at `\n`, as in Go's bufio. */
function nextSeparator(text: string, from: number): number {
  const found = text.indexOf(`\n${SEPARATOR}`, from);
  return found === -1 ? -1 : found + 1;
}

/** Whitespace as in Go. */
const SPACE = /(?:(?!\uFEFF)[\s\x85])*/y;
/** Meant as JSON, even if it is broken: not `{{ a template }}` and not `[a, b]`. */
const LIKE_JSON = /\{\s*["}]|\[\s*["{[\]]/y;
/** Finds the next value after a malformed one in a sequence of JSON values. */
const NEXT_JSON = /\n(?=\{\s*["}])/;

/** Yields the pieces between two separators: one YAML document, or a sequence of JSON values. */
function* piecesWithin(text: string, gathered: number, to: number): Generator<Piece> {
  const from = text.startsWith(BYTE_ORDER_MARK, gathered) ? gathered + 1 : gathered;
  const start = skipSpace(text, contentStart(text, from));
  // In a text of only whitespace, go-yaml still rejects a tab.
  if (start < to) yield* piecesAt(text, { from, start, to });
  else if (text.slice(from, to).includes('\t')) yield { kind: 'yaml', from, to };
}

interface ChunkRange {
  readonly from: number;
  /** Offset of the first text that is neither a separator nor whitespace. */
  readonly start: number;
  readonly to: number;
}

function* piecesAt(text: string, { from, start, to }: ChunkRange): Generator<Piece> {
  let bounded = false;
  let end = from;
  for (let at = start; at < to; at = skipSpace(text, end)) {
    // An unclosed value must not make each later value search for its end through the whole text.
    const found = jsonAt(text, at, bounded ? nextJson(text, at, to) : to);
    if (found === undefined) yield* yamlPieces(text, end, to);
    else yield found.piece;
    bounded ||= found?.closed === false;
    end = found?.end ?? to;
  }
}

/**
 * A collected separator with its comment. A carriage return ends it for go-yaml; after a byte order mark, `---` is go-yaml's own
 * document start, which can continue on the same line.
 */
const GATHERED = /---(?=[ \t\r\n])[ \t]*(?:#[^\n\r\x85\u2028\u2029]*)?/y;

function contentStart(text: string, from: number): number {
  GATHERED.lastIndex = from;
  return from + (GATHERED.exec(text)?.[0].length ?? 0);
}

interface JsonValues {
  readonly piece: Piece;
  readonly end: number;
  readonly closed: boolean;
}

/** Yields a JSON value, or a malformed one as YAML, whose parser reports the problem. */
function jsonAt(text: string, at: number, to: number): JsonValues | undefined {
  const extent = isBracket(text, at) ? jsonExtent(text, at, to) : undefined;
  const json = extent === undefined ? undefined : parseJson(text, at, extent);
  if (extent !== undefined && json !== undefined) {
    return { piece: { kind: 'json', from: at, value: json.value }, end: extent.end, closed: true };
  }
  if (!matchesAt(LIKE_JSON, text, at)) return undefined;
  // A bracket in a comment closes nothing, so text can remain after the next value.
  const next = nextJson(text, extent?.end ?? at, to);
  const end = extent !== undefined && text.slice(extent.end, next).trim() === '' ? extent.end : next;
  return { piece: { kind: 'yaml', from: at, to: end }, end, closed: extent !== undefined };
}

/** `...` at the start of a line ends a document everywhere, like `---`. */
const DOCUMENT_END = /(?:^|\n)\.\.\.(?=[ \t\r\n]|$)/;
const NOTHING_MORE = /^(?:(?:\.\.\.)?[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:#[^\n]*$)?/;

function* yamlPieces(text: string, from: number, to: number): Generator<Piece> {
  const source = text.slice(from, to);
  const end = source.includes('...') ? DOCUMENT_END.exec(source) : null;
  if (end === null) {
    yield { kind: 'yaml', from, to };
    return;
  }
  const after = from + end.index + end[0].length;
  yield { kind: 'yaml', from, to: after };
  const rest = after + (NOTHING_MORE.exec(text.slice(after, to))?.[0].length ?? 0);
  if (rest < to) yield { kind: 'ignored', from: rest };
}

function nextJson(text: string, from: number, to: number): number {
  const found = text.slice(from, to).search(NEXT_JSON);
  return found === -1 ? to : from + found + 1;
}

function skipSpace(text: string, from: number): number {
  SPACE.lastIndex = from;
  return from + (SPACE.exec(text)?.[0].length ?? 0);
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function isBracket(text: string, at: number): boolean {
  const character = text.charAt(at);
  return character === '{' || character === '[';
}
