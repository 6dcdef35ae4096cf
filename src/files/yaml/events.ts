/** The events of a document in text order: the step between tokens and values. */
import { MAX_DEPTH } from './json.ts';
import { Refusal, TOO_DEEP } from './problems.ts';
import { TOKEN, type Token } from './cursor.ts';

export const EVENT = { scalar: 1, alias: 2, list: 3, map: 4, end: 5 } as const;

export interface Event {
  readonly kind: (typeof EVENT)[keyof typeof EVENT];
  /** Offset of the value, after its anchor and tag; -1: nothing is written. */
  readonly at: number;
  /** Value of a scalar; name of an alias. */
  readonly text: string;
  /** A scalar whose text decides what it is: without quotes and without a tag. */
  readonly plain: boolean;
  readonly anchor: string | undefined;
  readonly tag: Token | undefined;
}

export interface Parser {
  readonly tokens: readonly Token[];
  next: number;
  readonly events: Event[];
  depth: number;
}

export function peek({ tokens, next }: Parser): Token {
  const token = tokens[next];
  if (token === undefined) throw new TypeError('YAML was read beyond its end');
  if (token.kind === TOKEN.fault) throw new Refusal(token.text, token.at);
  return token;
}

export function skip(parser: Parser): void {
  parser.next += 1;
}

export function emptyScalar({ events }: Parser): void {
  events.push(NOTHING);
}

const NOTHING: Event = { kind: EVENT.scalar, at: -1, text: '', plain: true, anchor: undefined, tag: undefined };
const ENDED: Event = { kind: EVENT.end, at: -1, text: '', plain: false, anchor: undefined, tag: undefined };

export function endCollection(parser: Parser): void {
  parser.depth -= 1;
  parser.events.push(ENDED);
}

/** Each `openCollection` needs an `endCollection`. */
export function openCollection(parser: Parser, event: Event): void {
  parser.depth += 1;
  if (parser.depth > MAX_DEPTH) throw new Refusal(TOO_DEEP, event.at);
  parser.events.push(event);
}
