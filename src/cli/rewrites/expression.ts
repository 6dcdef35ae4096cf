/**
 * Regular expressions of other tools -> the texts that they match, as far as this is certain. Nothing is executed: literals,
 * groups of alternatives, optional parts, `.*`, and `[^/]+` are read, and everything else is a problem. A `.` without a star is read
 * as the dot that its author means.
 */
import { orValues } from '../../image/or-list.ts';
import { quoteValue } from '../../image/quote.ts';

/** `any`: any characters; `segment`: characters without "/". */
export type Token = string | typeof ANY | typeof SEGMENT;
export const ANY = Symbol('any');
export const SEGMENT = Symbol('segment');

/** A text that matches, from its first character. */
export interface Way {
  readonly tokens: readonly Token[];
  /** The expression ends with `$`. */
  readonly isWhole: boolean;
}

export type ParsedExpression =
  | { readonly ok: true; readonly ways: readonly Way[] }
  | { readonly ok: false; readonly problem: string };

const MAX_LENGTH = 500;
const MAX_WAYS = 32;
const MAX_DEPTH = 8;

class Unsupported extends Error {}

interface Cursor {
  readonly text: string;
  at: number;
}

export function parseExpression(text: string): ParsedExpression {
  if (text.length > MAX_LENGTH) return { ok: false, problem: `it is longer than ${MAX_LENGTH} characters` };
  if (!/^(?:\^|\.[*+])/.test(text)) {
    return { ok: false, problem: 'it is not anchored with "^", so it can match in the middle of a name' };
  }
  const body = text.replace(/^\^/, '');
  const isWhole = body.endsWith('$') && !body.endsWith('\\$');
  const cursor: Cursor = { text: isWhole ? body.slice(0, -1) : body, at: 0 };
  try {
    const ways = sequence(cursor, 0);
    if (cursor.at < cursor.text.length)
      throw new Unsupported(`it has ${quoteValue(rest(cursor), 40)} outside of a group`);
    return { ok: true, ways: ways.map((tokens) => ({ tokens, isWhole })) };
  } catch (error) {
    if (error instanceof Unsupported) return { ok: false, problem: error.message };
    throw error;
  }
}

function rest({ text, at }: Cursor): string {
  return text.slice(at);
}

/** All ways to match until the end of the group. */
function sequence(cursor: Cursor, depth: number): readonly (readonly Token[])[] {
  if (depth > MAX_DEPTH) throw new Unsupported('its groups are nested too deep');
  let ways: readonly (readonly Token[])[] = [[]];
  while (cursor.at < cursor.text.length && !/^[|)]/.test(rest(cursor).slice(0, 1))) {
    const next = repeated(cursor, atom(cursor, depth));
    ways = ways.flatMap((way) => next.map((more) => joined(way, more)));
    if (ways.length > MAX_WAYS) throw new Unsupported(`it matches in more than ${MAX_WAYS} ways`);
  }
  return ways;
}

function joined(left: readonly Token[], right: readonly Token[]): readonly Token[] {
  const [last, first] = [left.at(-1), right[0]];
  return typeof last === 'string' && typeof first === 'string'
    ? [...left.slice(0, -1), last + first, ...right.slice(1)]
    : [...left, ...right];
}

type Ways = readonly (readonly Token[])[];

/** `?` makes the atom optional; other repetitions are not read. */
function repeated(cursor: Cursor, ways: Ways): Ways {
  const sign = rest(cursor).slice(0, 1);
  if (sign === '?') {
    cursor.at += 1;
    return [[], ...ways];
  }
  if (sign !== '' && '*+{'.includes(sign)) throw new Unsupported(`it repeats a part with ${quoteValue(sign)}`);
  return ways;
}

/** Reads `.*`, `.+`, `[^/]*`, and `[^/]+`, also lazy. */
const WILDCARDS: readonly (readonly [RegExp, Token])[] = [
  [/^\.[*+]\??/, ANY],
  [/^\[\^\/\][*+]\??/, SEGMENT],
];

function atom(cursor: Cursor, depth: number): Ways {
  const text = rest(cursor);
  for (const [form, token] of WILDCARDS) {
    const [found] = form.exec(text) ?? [];
    if (found !== undefined) {
      cursor.at += found.length;
      return [[token]];
    }
  }
  const [group] = /^\((?:\?:)?(?!\?)/.exec(text) ?? [];
  if (group !== undefined) {
    cursor.at += group.length;
    return alternatives(cursor, depth + 1);
  }
  const [literal, plain, escaped] = /^(?:([\w/:@.-])|\\([^\w\s])|\[\.\])/.exec(text) ?? [];
  if (literal === undefined) throw new Unsupported(`it has ${quoteValue(text.slice(0, 10))} (read are ${READ})`);
  cursor.at += literal.length;
  return [[plain ?? escaped ?? '.']];
}

const READ = orValues(['text', '.*', '[^/]+', '(a|b)', '(a)?']).replace(/ or /, ' and ');

function alternatives(cursor: Cursor, depth: number): Ways {
  const ways = [...sequence(cursor, depth)];
  while (rest(cursor).startsWith('|')) {
    cursor.at += 1;
    ways.push(...sequence(cursor, depth));
  }
  if (!rest(cursor).startsWith(')')) throw new Unsupported('a group is not closed');
  cursor.at += 1;
  return ways;
}
