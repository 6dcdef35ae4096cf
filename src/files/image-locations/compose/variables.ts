/** Variables of Compose (compose-go, template/template.go). Only defaults and the values of `.env` are known, not the environment. */
import { EMPTY, joined, untraced, slice, type TracedText } from '../traced-text.ts';

/** By name. A value that contains UNKNOWN is not known. */
export type Values = ReadonlyMap<string, string>;

export const NO_VALUES: Values = new Map();

/** Placeholder for values that only the environment knows; no image contains this character. */
export const UNKNOWN = '\uFFFC';

const VARIABLE = /\$(?:\$|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(:?[-+?])?|)/gi;

/** The maximum depth of nested defaults; deeper defaults are unknown. */
const MAX_DEPTH = 100;

/** The maximum length of all values in one text; what follows is unknown. */
const MAX_INSERTED = 4096;

interface Setting {
  readonly values: Values;
  /** The number of characters that can still be inserted. */
  left: number;
}

export function interpolate(word: TracedText, values: Values): TracedText {
  return filledIn(word, { values, left: MAX_INSERTED }, 1);
}

function filledIn(word: TracedText, setting: Setting, depth: number): TracedText {
  const parts: TracedText[] = [];
  let at = 0;
  VARIABLE.lastIndex = 0;
  for (const found of word.text.matchAll(VARIABLE)) {
    if (found.index < at) continue;
    const { value, end } = valueOf({ word, setting, depth }, found);
    parts.push(slice(word, at, found.index), value);
    at = end;
  }
  return joined([...parts, slice(word, at)]);
}

interface Within {
  readonly word: TracedText;
  readonly setting: Setting;
  readonly depth: number;
}

interface Value {
  readonly value: TracedText;
  readonly end: number;
}

function valueOf(
  within: Within,
  { 0: whole, 1: bare, 2: braced, 3: operator, index }: RegExpMatchArray & { index: number },
): Value {
  const { word, setting } = within;
  const behind = index + whole.length;
  if (whole === '$$') return { value: slice(word, behind - 1, behind), end: behind };
  if (bare !== undefined) return { value: inserted(setting.values.get(bare), setting), end: behind };
  if (braced === undefined) return { value: untraced(UNKNOWN), end: behind };
  const end = closingBrace(word.text, behind);
  const value =
    end === word.text.length ? untraced(UNKNOWN) : operated(within, { name: braced, operator, behind, end });
  return { value, end: end + 1 };
}

interface Operation {
  readonly name: string;
  readonly operator: string | undefined;
  /** The text from the operator to the brace. */
  readonly behind: number;
  readonly end: number;
}

function operated({ word, setting, depth }: Within, { name, operator = '', behind, end }: Operation): TracedText {
  const value = setting.values.get(name);
  const isSet = !isUnset(value, operator);
  const usesText = operator.endsWith(isSet ? '+' : '-');
  if (usesText) return depth > MAX_DEPTH ? untraced(UNKNOWN) : filledIn(slice(word, behind, end), setting, depth + 1);
  if (operator === '') return end === behind ? inserted(value, setting) : untraced(UNKNOWN);
  if (operator.endsWith('+')) return EMPTY;
  return isSet ? inserted(value, setting) : untraced(UNKNOWN);
}

/** With a colon, an empty value counts as none. */
function isUnset(value: string | undefined, operator: string): boolean {
  return value === undefined || (value === '' && operator.startsWith(':'));
}

function inserted(value: string | undefined, setting: Setting): TracedText {
  if (value === undefined || value.length > setting.left) return untraced(UNKNOWN);
  setting.left -= value.length;
  return untraced(value);
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
