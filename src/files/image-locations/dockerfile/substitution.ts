/**
 * Substitutions in Dockerfiles: `${name-word}`, `${name:+word}`, `${name%pattern}`, `${name/pattern/text}`. In patterns, `*`
 * is any text and `?` any character.
 */
import { EMPTY, joined, slice, type TracedText } from '../traced-text.ts';

export interface Substitution {
  readonly operator: string;
  readonly word: TracedText;
  /** True if a colon precedes the operator. */
  readonly emptyIsUnset: boolean;
}

export type SubstitutionResult = TracedText | 'required' | 'unknown';

/** `value`: undefined where it is not set. */
export function substitute(
  value: TracedText | undefined,
  { operator, word, emptyIsUnset }: Substitution,
): SubstitutionResult {
  if (operator === '#' || operator === '%') return cut(value ?? EMPTY, operator, word.text) ?? 'unknown';
  const usable = emptyIsUnset && value?.text === '' ? undefined : value;
  return OPERATIONS[operator]?.(usable, word) ?? 'unknown';
}

const OPERATIONS: Readonly<Record<string, (usable: TracedText | undefined, word: TracedText) => SubstitutionResult>> = {
  '-': (usable, word) => usable ?? word,
  '?': (usable) => usable ?? 'required',
  '+': (usable, word) => (usable === undefined ? EMPTY : word),
};

/** A doubled operator removes the longest match. */
function cut(value: TracedText, operator: '#' | '%', pattern: string): TracedText | undefined {
  const longest = pattern.startsWith(operator);
  const without = operator === '%' ? withoutSuffix : withoutPrefix;
  return without(value, longest ? pattern.slice(1) : pattern, longest);
}

type Token = { readonly any: true } | { readonly any: false; readonly char: string | undefined };

/** Returns undefined for a pattern that BuildKit rejects: only `*`, `?`, `/`, `}`, and the escape itself can be escaped. */
function tokensOf(pattern: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '*') tokens.push({ any: true });
    else if (char === '?') tokens.push({ any: false, char: undefined });
    else if (char !== '\\') tokens.push({ any: false, char });
    else {
      at += 1;
      const escaped = pattern.charAt(at);
      if (escaped === '' || !'*?\\/}'.includes(escaped)) return undefined;
      tokens.push({ any: false, char: escaped });
    }
  }
  return tokens;
}

/** Returns the length of the shortest or longest match at `start`; undefined: no match. */
function lengthAt(text: string, start: number, tokens: readonly Token[], longest: boolean): number | undefined {
  let states = closed(new Set([0]), tokens);
  let length = states.has(tokens.length) ? 0 : undefined;
  for (let at = start; at < text.length && states.size > 0; at += 1) {
    if (length !== undefined && !longest) break;
    states = after(states, text.charAt(at), tokens);
    if (states.has(tokens.length)) length = at + 1 - start;
  }
  return length;
}

function after(states: ReadonlySet<number>, char: string, tokens: readonly Token[]): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const token = tokens[state];
    if (token === undefined || char === '\n') continue;
    if (token.any) next.add(state);
    else if (token.char === undefined || token.char === char) next.add(state + 1);
  }
  return closed(next, tokens);
}

/** `*` can match the empty string. */
function closed(states: Set<number>, tokens: readonly Token[]): Set<number> {
  for (const state of states) if (tokens[state]?.any) states.add(state + 1);
  return states;
}

function withoutPrefix(value: TracedText, pattern: string, longest: boolean): TracedText | undefined {
  const tokens = tokensOf(pattern);
  return tokens && slice(value, lengthAt(value.text, 0, tokens, longest) ?? 0);
}

function withoutSuffix(value: TracedText, pattern: string, longest: boolean): TracedText | undefined {
  const tokens = tokensOf(pattern);
  const backwards = value.text.split('').toReversed().join('');
  return tokens && slice(value, 0, value.text.length - (lengthAt(backwards, 0, tokens.toReversed(), longest) ?? 0));
}

export interface Replacement {
  readonly pattern: string;
  readonly text: TracedText;
  readonly all: boolean;
}

/**
 * Returns undefined for a pattern that BuildKit rejects, and for a `$` in a text that replaces all matches, where it refers to a
 * group of a regular expression.
 */
export function replaceIn(value: TracedText, { pattern, text, all }: Replacement): TracedText | undefined {
  const tokens = tokensOf(pattern);
  if (tokens === undefined || (all && text.text.includes('$'))) return undefined;
  const parts: TracedText[] = [];
  let rest = 0;
  for (const { start, end } of matchesIn(value.text, tokens)) {
    parts.push(slice(value, rest, start), text);
    rest = end;
    if (!all) break;
  }
  return joined([...parts, slice(value, rest)]);
}

/** Yields the longest matches from left to right, without an empty match directly after another match. */
function* matchesIn(
  text: string,
  tokens: readonly Token[],
): Generator<{ readonly start: number; readonly end: number }> {
  let last = -1;
  for (let start = 0; start <= text.length;) {
    const length = lengthAt(text, start, tokens, true);
    const isMatch = length !== undefined && (length > 0 || start !== last);
    if (isMatch) yield { start, end: (last = start + length) };
    start += Math.max(length ?? 0, 1);
  }
}
