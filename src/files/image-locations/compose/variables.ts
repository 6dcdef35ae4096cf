/** Variables of Compose (compose-go, template/template.go). Only defaults are known, not the environment. */
import { EMPTY, joined, untraced, slice, type TracedText } from '../traced-text.ts';

/** Placeholder for values that only the environment knows; no image contains this character. */
export const UNKNOWN = '\uFFFC';

const VARIABLE = /\$(?:\$|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(:?[-+?])?|)/gi;

/** The maximum depth of nested defaults; deeper defaults are unknown. */
const MAX_DEPTH = 100;

export function interpolate(word: TracedText, depth = 1): TracedText {
  const parts: TracedText[] = [];
  let at = 0;
  VARIABLE.lastIndex = 0;
  for (const found of word.text.matchAll(VARIABLE)) {
    if (found.index < at) continue;
    const { value, end } = valueOf(word, found, depth);
    parts.push(slice(word, at, found.index), value);
    at = end;
  }
  return joined([...parts, slice(word, at)]);
}

interface Value {
  readonly value: TracedText;
  readonly end: number;
}

function valueOf(
  word: TracedText,
  { 0: whole, 2: braced, 3: operator, index }: RegExpMatchArray & { index: number },
  depth: number,
): Value {
  const behind = index + whole.length;
  if (whole === '$$') return { value: slice(word, behind - 1, behind), end: behind };
  if (braced === undefined) return { value: untraced(UNKNOWN), end: behind };
  const end = closingBrace(word.text, behind);
  return { value: operated(operator, slice(word, behind, end), depth), end: end + 1 };
}

/** Returns the value for an environment without variables. */
function operated(operator: string | undefined, text: TracedText, depth: number): TracedText {
  if (depth > MAX_DEPTH) return untraced(UNKNOWN);
  if (operator?.endsWith('-')) return interpolate(text, depth + 1);
  return operator?.endsWith('+') ? EMPTY : untraced(UNKNOWN);
}

function closingBrace(text: string, start: number): number {
  let open = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text.charAt(at) === '{') open += 1;
    if (text.charAt(at) === '}') open -= 1;
    if (open === 0) return at;
  }
  return text.length;
}
