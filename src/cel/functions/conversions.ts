/** Sizes, and conversions between the basic types. */
import { type Budget, CelError, spend, spendText } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { type CelMap, type List, mapKeys, type TypeValue, typeName, type Uint, type Value } from '../value.ts';
import { int, parseDouble, parseInt, parseUint, showDouble, truncate, uint } from './numbers.ts';
import { lengthOf } from './search.ts';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

const SIZES: readonly (readonly [string, (args: never, budget: Budget) => Value])[] = [
  [
    'string',
    ([text]: [string], budget) => {
      spendText(budget, text);
      return BigInt(lengthOf(text));
    },
  ],
  ['bytes', ([bytes]: [Uint8Array]) => BigInt(bytes.length)],
  ['list', ([list]: [List]) => BigInt(list.items.length)],
  ['map', ([map]: [CelMap], budget) => BigInt(mapKeys(map, budget).length)],
];

export const CONVERSIONS: readonly Overload[] = [
  ...SIZES.flatMap(([type, run]) => [func(`size(${type}): int`, run), method(`${type}.size(): int`, run)]),
  func('dyn(dyn): dyn', ([value]: [Value]) => value),
  func('type(dyn): type', ([value]: [Value]): TypeValue => ({ tag: 'type', name: typeName(value) })),
  ...['bool', 'int', 'uint', 'double', 'string', 'bytes'].map((type) =>
    func(`${type}(${type}): ${type}`, ([value]: [Value]) => value),
  ),
  func('bool(string): bool', ([text]: [string]) => {
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    throw new CelError('the text is neither true nor false');
  }),
  func('int(string): int', ([text]: [string]) => parseInt(text)),
  func('int(uint): int', ([value]: [Uint]) => int(value.value)),
  func('int(double): int', ([value]: [number]) => fromDouble(value)),
  func('uint(string): uint', ([text]: [string]) => parseUint(text)),
  func('uint(int): uint', ([value]: [bigint]) => uint(value)),
  func('uint(double): uint', ([value]: [number]) => {
    if (value < 0) throw new CelError('the number does not fit into a uint');
    return uint(truncate(value));
  }),
  func('double(string): double', ([text]: [string]) => parseDouble(text)),
  func('double(int): double', ([value]: [bigint]) => Number(value)),
  func('double(uint): double', ([value]: [Uint]) => Number(value.value)),
  func('string(bool): string', ([value]: [boolean]) => String(value)),
  func('string(int): string', ([value]: [bigint]) => String(value)),
  func('string(uint): string', ([value]: [Uint]) => String(value.value)),
  func('string(double): string', ([value]: [number]) => showDouble(value)),
  func('string(bytes): string', ([bytes]: [Uint8Array], budget) => {
    spend(budget, bytes.length >> 3);
    return decode(bytes);
  }),
  func('bytes(string): bytes', ([text]: [string], budget) => {
    spendText(budget, text);
    return new TextEncoder().encode(text);
  }),
];

/** A double cannot distinguish the ends of the range from values beyond them, so they are out of range. */
function fromDouble(value: number): bigint {
  if (!(Math.abs(value) < 2 ** 63)) throw new CelError('the number does not fit into an int');
  return truncate(value);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new CelError('the bytes are not UTF-8');
    throw error;
  }
}
