/** cel-go's math extension. Bit operations use 64 bits; shifts to the right insert zeros. */
import { type Budget, CelError } from '../budget.ts';
import { compare } from '../equal.ts';
import { func, type Overload } from '../overload.ts';
import { isTagged, itemsOf, typeName, type Uint, type Value } from '../value.ts';
import { int } from './numbers.ts';

const ROUNDING: Readonly<Record<string, (value: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  round: (value) => Math.sign(value) * Math.round(Math.abs(value)),
  sign: Math.sign,
  abs: Math.abs,
  sqrt: Math.sqrt,
};

const TESTS: Readonly<Record<string, (value: number) => boolean>> = {
  isNaN: Number.isNaN,
  isFinite: Number.isFinite,
  isInf: (value) => value === Infinity || value === -Infinity,
};

const BITS: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  bitAnd: (left, right) => left & right,
  bitOr: (left, right) => left | right,
  bitXor: (left, right) => left ^ right,
};

const SHIFTS: Readonly<Record<string, (value: bigint, by: bigint) => bigint>> = {
  bitShiftLeft: (value, by) => value << by,
  bitShiftRight: (value, by) => BigInt.asUintN(64, value) >> by,
};

const wrapped = (value: bigint): Uint => ({ tag: 'uint', value: BigInt.asUintN(64, value) });

export const MATH: readonly Overload[] = [
  ...Object.entries(ROUNDING).map(([name, run]) =>
    func(`math.${name}(double): double`, ([value]: [number]) => run(value)),
  ),
  ...Object.entries(TESTS).map(([name, run]) => func(`math.${name}(double): bool`, ([value]: [number]) => run(value))),
  ...Object.entries(BITS).flatMap(([name, run]) => [
    func(`math.${name}(int, int): int`, ([left, right]: [bigint, bigint]) => run(left, right)),
    func(`math.${name}(uint, uint): uint`, ([left, right]: [Uint, Uint]) => wrapped(run(left.value, right.value))),
  ]),
  ...Object.entries(SHIFTS).flatMap(([name, run]) => [
    func(`math.${name}(int, int): int`, ([value, by]: [bigint, bigint]) => BigInt.asIntN(64, run(value, shift(by)))),
    func(`math.${name}(uint, int): uint`, ([value, by]: [Uint, bigint]) => wrapped(run(value.value, shift(by)))),
  ]),
  func('math.bitNot(int): int', ([value]: [bigint]) => ~value),
  func('math.bitNot(uint): uint', ([value]: [Uint]) => wrapped(~value.value)),
  func('math.abs(int): int', ([value]: [bigint]) => int(value < 0n ? -value : value)),
  func('math.abs(uint): uint', ([value]: [Uint]) => value),
  func('math.sign(int): int', ([value]: [bigint]) => (value > 0n ? 1n : value < 0n ? -1n : 0n)),
  func('math.sign(uint): uint', ([value]: [Uint]) => wrapped(value.value > 0n ? 1n : 0n)),
  func('math.sqrt(int): double', ([value]: [bigint]) => Math.sqrt(Number(value))),
  func('math.sqrt(uint): double', ([value]: [Uint]) => Math.sqrt(Number(value.value))),
];

function shift(by: bigint): bigint {
  if (by < 0n) throw new CelError('the shift must not be negative');
  return by > 64n ? 64n : by;
}

/** `math.greatest` and `math.least` take any number of numbers, or one list of numbers. */
export function extreme(values: readonly Value[], sign: 1 | -1, budget: Budget): Value {
  const [only] = values;
  const numbers = values.length === 1 && only !== undefined && isTagged(only, 'list') ? itemsOf(only, budget) : values;
  const odd = numbers.find((value) => !['int', 'uint', 'double'].includes(typeName(value)));
  if (odd !== undefined) throw new CelError(`${typeName(odd)} is not a number`);
  const [first, ...rest] = numbers;
  if (first === undefined) throw new CelError('an empty list has no greatest or least number');
  return rest.reduce((before, value) => (compare(value, before, budget) * sign > 0 ? value : before), first);
}
