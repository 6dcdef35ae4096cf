/** Arithmetic. An int or uint that exceeds 64 bits is an error; values do not wrap around. */
import { type Budget, CelError, spend } from '../budget.ts';
import { func, type Overload } from '../overload.ts';
import {
  type Duration,
  isTagged,
  itemsOf,
  type List,
  listOf,
  type Timestamp,
  typeName,
  type Uint,
  type Value,
} from '../value.ts';
import { int, uint } from './numbers.ts';
import { duration, timestamp } from './times.ts';

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

const INTS: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / nonZero(right),
  '%': (left, right) => left % nonZero(right),
};

const DOUBLES: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new CelError('division by zero');
  return value;
}

export const OPERATORS: readonly Overload[] = [
  ...Object.entries(INTS).flatMap(([operator, run]) => [
    func(`${operator}(int, int): int`, ([left, right]: [bigint, bigint]) => int(run(left, right))),
    func(`${operator}(uint, uint): uint`, ([left, right]: [Uint, Uint]) => uint(run(left.value, right.value))),
  ]),
  ...Object.entries(DOUBLES).map(([operator, run]) =>
    func(`${operator}(double, double): double`, ([left, right]: [number, number]) => run(left, right)),
  ),
  func('+(string, string): string', ([left, right]: [string, string]) => left + right),
  func('+(bytes, bytes): bytes', ([left, right]: [Uint8Array, Uint8Array]) => joined(left, right)),
  func('+(list<A>, list<A>): list<A>', ([left, right]: [List, List], budget) => both(left, right, budget)),
  func(`+(${TIMESTAMP}, ${DURATION}): ${TIMESTAMP}`, ([time, length]: [Timestamp, Duration]) =>
    timestamp(time.nanos + length.nanos),
  ),
  func(`+(${DURATION}, ${TIMESTAMP}): ${TIMESTAMP}`, ([length, time]: [Duration, Timestamp]) =>
    timestamp(time.nanos + length.nanos),
  ),
  func(`-(${TIMESTAMP}, ${DURATION}): ${TIMESTAMP}`, ([time, length]: [Timestamp, Duration]) =>
    timestamp(time.nanos - length.nanos),
  ),
  func(`+(${DURATION}, ${DURATION}): ${DURATION}`, ([left, right]: [Duration, Duration]) =>
    duration(left.nanos + right.nanos),
  ),
  func(`-(${DURATION}, ${DURATION}): ${DURATION}`, ([left, right]: [Duration, Duration]) =>
    duration(left.nanos - right.nanos),
  ),
  func(`-(${TIMESTAMP}, ${TIMESTAMP}): ${DURATION}`, ([left, right]: [Timestamp, Timestamp]) =>
    duration(left.nanos - right.nanos),
  ),
  func('-(int): int', ([value]: [bigint]) => int(-value)),
  func('-(double): double', ([value]: [number]) => -value),
  func('!(bool): bool', ([value]: [boolean]) => !value),
];

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}

function both(left: List, right: List, budget: Budget): List {
  spend(budget, (left.items.length + right.items.length) >> 2);
  return listOf([...itemsOf(left, budget), ...itemsOf(right, budget)]);
}

/** Adds two values of the same type. */
export function add(left: Value, right: Value): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return int(left + right);
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (isTagged(left, 'uint') && isTagged(right, 'uint')) return uint(left.value + right.value);
  if (isTagged(left, 'duration') && isTagged(right, 'duration')) return duration(left.nanos + right.nanos);
  throw new CelError(`${typeName(left)} and ${typeName(right)} have no sum`);
}
