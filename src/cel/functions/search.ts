/**
 * Searches for a text in another text in linear time. The search of JavaScript takes the product of both lengths for texts such
 * as `aaaa…` and `baaa…`, and the author of an object can choose both.
 */

import { type Budget, spend } from '../budget.ts';

/** Up to this product, the search of JavaScript takes a few milliseconds at most. */
const NATIVE = 100_000;

/** Returns the offset of the first `needle` in `text` at or after `from`, or -1. */
export function indexFrom(text: string, needle: string, from: number): number {
  if (text.length * needle.length <= NATIVE) return text.indexOf(needle, from);
  return scan(text, needle, from, (at) => at) ?? -1;
}

/** Returns the offset of the last `needle` that begins at or before `until`, or -1. */
export function lastIndexUntil(text: string, needle: string, until: number): number {
  if (text.length * needle.length <= NATIVE) return until < 0 ? -1 : text.lastIndexOf(needle, until);
  let last = -1;
  scan(text, needle, 0, (at) => {
    if (at > until) return true;
    last = at;
    return undefined;
  });
  return last;
}

/** The Knuth-Morris-Pratt algorithm. Continues while `found` returns undefined. */
function scan<T>(text: string, needle: string, from: number, found: (at: number) => T | undefined): T | undefined {
  const borders = bordersOf(needle);
  let matched = 0;
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && needle.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0;
    if (needle.charCodeAt(matched) === unit) matched += 1;
    if (matched < needle.length) continue;
    const position = found(at - matched + 1);
    if (position !== undefined) return position;
    matched = borders[matched - 1] ?? 0;
  }
  return undefined;
}

/** Returns, for each prefix, the length of its longest proper prefix that is also a suffix. */
function bordersOf(needle: string): Uint32Array {
  const borders = new Uint32Array(needle.length);
  let length = 0;
  for (let at = 1; at < needle.length; at += 1) {
    while (length > 0 && needle.charCodeAt(at) !== needle.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (needle.charCodeAt(at) === needle.charCodeAt(length)) length += 1;
    borders[at] = length;
  }
  return borders;
}

/** Splits `text` into at most `limit` parts, the last with the rest. The separator `''` splits between characters. */
export function pieces(text: string, separator: string, limit: number, budget: Budget): readonly string[] {
  const found: string[] = [];
  let from = 0;
  while (found.length < limit - 1) {
    const at = separator === '' ? nextCharacter(text, from) : indexFrom(text, separator, from);
    if (at < 0) break;
    spend(budget, 1);
    found.push(text.slice(from, at));
    from = at + separator.length;
  }
  return separator === '' && from === text.length ? found : [...found, text.slice(from)];
}

/** Returns the end of the character at this offset, or -1. */
function nextCharacter(text: string, from: number): number {
  return from < text.length ? from + widthAt(text, from) : -1;
}

/** Reports whether offsets equal the indexes of characters (Unicode code points). */
function isPlain(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

export function lengthOf(text: string): number {
  if (isPlain(text)) return text.length;
  let length = 0;
  for (const _character of text) length += 1;
  return length;
}

/** Returns the offset of the character with this index; the length of the text for larger indexes. */
export function offsetOf(text: string, index: number): number {
  if (isPlain(text)) return Math.min(index, text.length);
  let offset = 0;
  for (let left = index; left > 0 && offset < text.length; left -= 1) offset += widthAt(text, offset);
  return offset;
}

/** Returns the index of the character that begins at this offset. */
export function indexOf(text: string, offset: number): number {
  return offset < 0 ? offset : isPlain(text) ? offset : lengthOf(text.slice(0, offset));
}

function widthAt(text: string, offset: number): number {
  return (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
}
