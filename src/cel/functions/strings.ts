/** Strings: the standard functions, and cel-go's string extension (version 2, as Kubernetes has it). Indexes count code points. */
import { CelError, spend, spendText, type Budget } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { itemsOf, type List, listOf } from '../value.ts';
import { format } from './format.ts';
import { indexFrom, indexOf, lastIndexUntil, lengthOf, offsetOf, pieces } from './search.ts';

export const STRINGS: readonly Overload[] = [
  method('string.contains(string): bool', ([text, part]: [string, string], budget) => {
    spendText(budget, text);
    return indexFrom(text, part, 0) >= 0;
  }),
  method('string.startsWith(string): bool', ([text, part]: [string, string]) => text.startsWith(part)),
  method('string.endsWith(string): bool', ([text, part]: [string, string]) => text.endsWith(part)),
  method('string.charAt(int): string', ([text, index]: [string, bigint], budget) => {
    spendText(budget, text);
    const at = rangeIndex(text, index);
    return String.fromCodePoint(...(at < text.length ? [text.codePointAt(at) ?? 0] : []));
  }),
  method('string.indexOf(string): int', ([text, part]: [string, string], budget) => find(text, part, 0n, budget)),
  method('string.indexOf(string, int): int', ([text, part, from]: [string, string, bigint], budget) =>
    find(text, part, from, budget),
  ),
  method('string.lastIndexOf(string): int', ([text, part]: [string, string], budget) => {
    spendText(budget, text);
    return BigInt(indexOf(text, lastIndexUntil(text, part, text.length)));
  }),
  method('string.lastIndexOf(string, int): int', ([text, part, until]: [string, string, bigint], budget) =>
    findLast(text, part, until, budget),
  ),
  method('list<string>.join(): string', ([list]: [List], budget) => join(list, '', budget)),
  method('list<string>.join(string): string', ([list, between]: [List, string], budget) => join(list, between, budget)),
  method('string.lowerAscii(): string', ([text]: [string], budget) => {
    spendText(budget, text);
    return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }),
  method('string.upperAscii(): string', ([text]: [string], budget) => {
    spendText(budget, text);
    return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  }),
  method('string.replace(string, string): string', ([text, old, by]: [string, string, string], budget) =>
    replace(text, [old, by], Infinity, budget),
  ),
  method(
    'string.replace(string, string, int): string',
    ([text, old, by, limit]: [string, string, string, bigint], budget) =>
      replace(text, [old, by], limitOf(limit), budget),
  ),
  method('string.split(string): list<string>', ([text, separator]: [string, string], budget) =>
    split(text, separator, Infinity, budget),
  ),
  method('string.split(string, int): list<string>', ([text, separator, limit]: [string, string, bigint], budget) =>
    split(text, separator, limitOf(limit), budget),
  ),
  method('string.substring(int): string', ([text, from]: [string, bigint], budget) => {
    spendText(budget, text);
    return text.slice(rangeIndex(text, from));
  }),
  method('string.substring(int, int): string', ([text, from, to]: [string, bigint, bigint], budget) => {
    spendText(budget, text);
    if (from > to) throw new CelError(`${from} to ${to} is not a valid range of characters`);
    return text.slice(rangeIndex(text, from), rangeIndex(text, to));
  }),
  method('string.trim(): string', ([text]: [string], budget) => {
    spendText(budget, text);
    return trim(text);
  }),
  method('string.reverse(): string', ([text]: [string], budget) => {
    spend(budget, text.length);
    return Array.from(text).toReversed().join('');
  }),
  method('string.format(list): string', ([text, list]: [string, List], budget) =>
    format(text, itemsOf(list, budget), budget),
  ),
  func('strings.quote(string): string', ([text]: [string], budget) => {
    spend(budget, text.length);
    return quote(text);
  }),
];

/** Returns the offset of the character with this index; the length is a valid index. */
function rangeIndex(text: string, index: bigint): number {
  if (index < 0n || index > BigInt(lengthOf(text))) throw outOfRange(index);
  return offsetOf(text, Number(index));
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index ${index} is out of range`);
}

/** A negative limit means no limit. */
function limitOf(limit: bigint): number {
  return limit < 0n ? Infinity : Number(limit);
}

function find(text: string, part: string, from: bigint, budget: Budget): bigint {
  spendText(budget, text);
  if (from < 0n) throw outOfRange(from);
  return BigInt(indexOf(text, indexFrom(text, part, offsetOf(text, Number(from)))));
}

function findLast(text: string, part: string, until: bigint, budget: Budget): bigint {
  spendText(budget, text);
  if (until < 0n) throw outOfRange(until);
  const length = BigInt(lengthOf(text));
  if (part !== '' && until >= length) return -1n;
  return BigInt(indexOf(text, lastIndexUntil(text, part, offsetOf(text, Number(until)))));
}

function join(list: List, between: string, budget: Budget): string {
  const parts = itemsOf(list, budget);
  const texts = parts.map((part) => {
    if (typeof part !== 'string') throw new CelError('join takes a list of strings');
    spend(budget, 1 + ((part.length + between.length) >> 5));
    return part;
  });
  return texts.join(between);
}

function split(text: string, separator: string, limit: number, budget: Budget): List {
  spendText(budget, text);
  if (limit === 0 || (separator === '' && text === '')) return listOf([]);
  return listOf(pieces(text, separator, limit, budget));
}

function replace(text: string, [old, by]: readonly [string, string], limit: number, budget: Budget): string {
  spendText(budget, text);
  if (limit === 0) return text;
  const parts = old === '' ? boundaries(text, limit, budget) : pieces(text, old, limit + 1, budget);
  spend(budget, Math.ceil((parts.length * by.length) / 32));
  return parts.join(by);
}

/** The empty string occurs before each character and at the end. */
function boundaries(text: string, limit: number, budget: Budget): readonly string[] {
  const parts = ['', ...pieces(text, '', limit, budget)];
  return parts.length <= limit ? [...parts, ''] : parts;
}

/** Unicode White_Space, as in Go: includes U+0085, but no zero-width characters. */
function isSpace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 9 && unit <= 13);
  if (unit === 0x85 || unit === 0xa0 || unit === 0x1680) return true;
  return (unit >= 0x2000 && unit <= 0x200a) || [0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(unit);
}

function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from += 1;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  const escaped = text.toWellFormed().replace(/[\u0007-\r"\\]/g, (character) => ESCAPES[character] ?? character);
  return `"${escaped}"`;
}
