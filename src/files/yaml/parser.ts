/** Parses tokens to events with go-yaml's grammar (`parserc.go`, after libyaml). */
import { IGNORED, MISPLACED, type Problem, Refusal } from './problems.ts';
import { TOKEN, type Token } from './cursor.ts';
import { emptyScalar, endCollection, EVENT, type Event, openCollection, type Parser, peek, skip } from './events.ts';
import { malformed } from './properties.ts';
import { tokensOf } from './scanner.ts';

export interface ParsedText {
  /** The events of the first document; empty if there are only comments. */
  readonly events: readonly Event[];
  /** The problem if text follows the first document. */
  readonly problem: Problem | undefined;
}

/** Throws a Refusal. */
export function parseText(text: string): ParsedText {
  const parser: Parser = { tokens: tokensOf(text), next: 0, events: [], depth: 0 };
  const { kind, at } = peek(parser);
  if (kind === TOKEN.directive) throw new Refusal(DIRECTIVE, at);
  if (kind === TOKEN.streamEnd) return { events: [], problem: undefined };
  if (kind === TOKEN.documentStart) skip(parser);
  if (kind === TOKEN.documentStart && CONTENT_ENDS.has(peek(parser).kind)) emptyScalar(parser);
  else node(parser, 'block');
  return { events: parser.events, problem: problemBehind(peek(parser)) };
}

const DIRECTIVE = 'kubectl reads no "%" lines: remove it';

function problemBehind({ kind, at: offset }: Token): Problem | undefined {
  if (kind === TOKEN.streamEnd || kind === TOKEN.documentEnd) return undefined;
  return { offset, problem: kind === TOKEN.directive ? DIRECTIVE : IGNORED };
}

const CONTENT_ENDS: ReadonlySet<Token['kind']> = new Set([
  TOKEN.directive,
  TOKEN.documentStart,
  TOKEN.documentEnd,
  TOKEN.streamEnd,
]);

interface Properties {
  readonly anchor: Token | undefined;
  readonly tag: Token | undefined;
}

/** `entry`: the value of a block map, whose list need not be indented. */
type Context = 'block' | 'entry' | 'flow';

function node(parser: Parser, context: Context): void {
  const first = peek(parser);
  if (first.kind === TOKEN.scalar) {
    skip(parser);
    const { at, text, plain } = first;
    parser.events.push({ kind: EVENT.scalar, at, text, plain, anchor: undefined, tag: undefined });
  } else if (first.kind === TOKEN.alias) {
    skip(parser);
    const { at, text } = first;
    parser.events.push({ kind: EVENT.alias, at, text, plain: false, anchor: undefined, tag: undefined });
  } else content(parser, context, propertiesOf(parser));
}

/** Parses an anchor and a tag, in any order. */
function propertiesOf(parser: Parser): Properties {
  const { kind } = peek(parser);
  const first = take(parser, kind === TOKEN.tag ? TOKEN.tag : TOKEN.anchor);
  if (first === undefined) return { anchor: undefined, tag: undefined };
  const second = take(parser, kind === TOKEN.tag ? TOKEN.anchor : TOKEN.tag);
  const [anchor, tag] = kind === TOKEN.tag ? [second, first] : [first, second];
  if (tag?.text === '') throw malformed(tag.at);
  return { anchor, tag };
}

function take(parser: Parser, kind: Token['kind']): Token | undefined {
  const token = peek(parser);
  if (token.kind !== kind) return undefined;
  skip(parser);
  return token;
}

function content(parser: Parser, context: Context, properties: Properties): void {
  const token = peek(parser);
  const { kind, at } = token;
  const read = readerOf(kind, context);
  if (read !== undefined) {
    openCollection(parser, event(read.event, token, properties));
    read.rest(parser);
  } else if (kind === TOKEN.scalar) {
    skip(parser);
    parser.events.push(event(EVENT.scalar, token, properties));
  } else {
    const { anchor, tag } = properties;
    const written = Math.max(anchor?.at ?? -1, tag?.at ?? -1);
    if (written === -1) throw new Refusal(noContent(kind), at);
    parser.events.push(event(EVENT.scalar, { at: written, text: '', plain: true }, properties));
  }
}

type TokenText = Pick<Token, 'at' | 'text' | 'plain'>;

function event(kind: Event['kind'], { at, text, plain }: TokenText, { anchor, tag }: Properties): Event {
  return { kind, at, text, plain: plain && tag === undefined, anchor: anchor?.text, tag };
}

function noContent(kind: Token['kind']): string {
  if (kind === TOKEN.flowEntry) return 'expected a value before ","';
  if (kind === TOKEN.documentEnd) return 'expected a value before "..."';
  if (kind === TOKEN.streamEnd) return 'expected a value before the end of the document';
  if (kind === TOKEN.blockEntry) return 'unexpected list item "-"; quote it if it is a string';
  return kind === TOKEN.value ? 'expected a value before ":": put a text that starts with ":" in quotes' : UNEXPECTED;
}

const UNEXPECTED = 'expected a value: a "{", "[", "}" or "]" too many?';

interface Collection {
  readonly event: typeof EVENT.list | typeof EVENT.map;
  readonly rest: (parser: Parser) => void;
}

const FLOW_LIST: Collection = { event: EVENT.list, rest: flowList };
const FLOW_MAP: Collection = { event: EVENT.map, rest: flowMap };
const BLOCK_LIST: Collection = { event: EVENT.list, rest: blockList };
const BLOCK_MAP: Collection = { event: EVENT.map, rest: blockMap };
const UNINDENTED_LIST: Collection = { event: EVENT.list, rest: unindentedList };

function readerOf(kind: Token['kind'], context: Context): Collection | undefined {
  switch (kind) {
    case TOKEN.flowListStart:
      return FLOW_LIST;
    case TOKEN.flowMapStart:
      return FLOW_MAP;
    case TOKEN.blockListStart:
      return context === 'flow' ? undefined : BLOCK_LIST;
    case TOKEN.blockMapStart:
      return context === 'flow' ? undefined : BLOCK_MAP;
    case TOKEN.blockEntry:
      return context === 'entry' ? UNINDENTED_LIST : undefined;
    default:
      return undefined;
  }
}

function blockList(parser: Parser): void {
  skip(parser);
  for (let token = peek(parser); token.kind !== TOKEN.blockEnd; token = peek(parser)) {
    if (token.kind !== TOKEN.blockEntry) throw new Refusal(noEntry(token), token.at);
    skip(parser);
    const { kind } = peek(parser);
    if (kind === TOKEN.blockEntry || kind === TOKEN.blockEnd) emptyScalar(parser);
    else node(parser, 'block');
  }
  skip(parser);
  endCollection(parser);
}

function noEntry({ kind }: Token): string {
  return kind === TOKEN.blockListStart || kind === TOKEN.blockMapStart
    ? 'unexpected content; check the indentation of the list'
    : 'expected the end of the document: this belongs to no key above';
}

function unindentedList(parser: Parser): void {
  while (peek(parser).kind === TOKEN.blockEntry) {
    skip(parser);
    const { kind } = peek(parser);
    if (kind === TOKEN.blockEntry || endsEntry(kind)) emptyScalar(parser);
    else node(parser, 'block');
  }
  endCollection(parser);
}

function endsEntry(kind: Token['kind']): boolean {
  return kind === TOKEN.key || kind === TOKEN.value || kind === TOKEN.blockEnd;
}

function blockMap(parser: Parser): void {
  skip(parser);
  for (let token = peek(parser); token.kind !== TOKEN.blockEnd; token = peek(parser)) {
    if (token.kind !== TOKEN.key) throw new Refusal(noKey(token), token.at);
    skip(parser);
    part(parser);
    if (peek(parser).kind === TOKEN.value) {
      skip(parser);
      part(parser);
    } else emptyScalar(parser);
  }
  skip(parser);
  endCollection(parser);
}

/** Parses the key or the value of an entry. */
function part(parser: Parser): void {
  if (endsEntry(peek(parser).kind)) emptyScalar(parser);
  else node(parser, 'entry');
}

function noKey({ kind }: Token): string {
  return kind === TOKEN.alias ? 'an alias (*name) cannot have an anchor or a tag' : MISPLACED;
}

// In brackets, lines and indentation have no meaning.

type End = typeof TOKEN.flowListEnd | typeof TOKEN.flowMapEnd;

const BRACKETS = {
  [TOKEN.flowListEnd]: { opening: '[', closing: ']' },
  [TOKEN.flowMapEnd]: { opening: '{', closing: '}' },
} as const;

function flowList(parser: Parser): void {
  entries(parser, TOKEN.flowListEnd, (token) => {
    if (token.kind === TOKEN.key) pair(parser, token);
    else node(parser, 'flow');
  });
}

function flowMap(parser: Parser): void {
  entries(parser, TOKEN.flowMapEnd, (token) => {
    if (token.kind === TOKEN.key) {
      skip(parser);
      keyAndValue(parser, TOKEN.flowMapEnd);
    } else {
      node(parser, 'flow');
      emptyScalar(parser);
    }
  });
}

/** Items are separated by commas; a trailing comma is allowed. */
function entries(parser: Parser, end: End, entry: (token: Token) => void): void {
  const open = peek(parser);
  skip(parser);
  for (let first = true; peek(parser).kind !== end; first = false) {
    if (!first) comma(parser, open, end);
    const token = peek(parser);
    if (CONTENT_ENDS.has(token.kind)) throw neverClosed(open, end);
    if (token.kind !== end) entry(token);
  }
  skip(parser);
  endCollection(parser);
}

function comma(parser: Parser, open: Token, end: End): void {
  const { kind, at } = peek(parser);
  if (CONTENT_ENDS.has(kind)) throw neverClosed(open, end);
  if (kind !== TOKEN.flowEntry) {
    const { opening, closing } = BRACKETS[end];
    throw new Refusal(`expected "," or "${closing}" for the "${opening}"`, at, open.at);
  }
  skip(parser);
}

function neverClosed({ at }: Token, end: End): Refusal {
  return new Refusal(`unclosed "${BRACKETS[end].opening}"`, at);
}

/** Parses `[a: b]`, a map with one entry. */
function pair(parser: Parser, { at }: Token): void {
  openCollection(parser, { kind: EVENT.map, at, text: '', plain: false, anchor: undefined, tag: undefined });
  skip(parser);
  const { kind } = peek(parser);
  // Like go-yaml, this consumes a "," or "]" at the position of the key.
  if (kind === TOKEN.value || kind === TOKEN.flowEntry || kind === TOKEN.flowListEnd) {
    skip(parser);
    emptyScalar(parser);
  } else node(parser, 'flow');
  valueOf(parser, TOKEN.flowListEnd);
  endCollection(parser);
}

function keyAndValue(parser: Parser, end: End): void {
  const { kind } = peek(parser);
  if (kind === TOKEN.value || kind === TOKEN.flowEntry || kind === end) emptyScalar(parser);
  else node(parser, 'flow');
  valueOf(parser, end);
}

function valueOf(parser: Parser, end: End): void {
  if (peek(parser).kind === TOKEN.value) {
    skip(parser);
    const { kind } = peek(parser);
    if (kind !== TOKEN.flowEntry && kind !== end && !CONTENT_ENDS.has(kind)) {
      node(parser, 'flow');
      return;
    }
  }
  emptyScalar(parser);
}
