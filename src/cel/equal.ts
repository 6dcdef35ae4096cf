/** Equality and order of CEL values. Numbers of different types compare by value; other values of different types are never equal. */
import { type Budget, CelError, spend } from './budget.ts';
import {
  type CelMap,
  isTagged,
  itemAt,
  type List,
  mapGet,
  mapKeys,
  type Quantity,
  type Semver,
  type Tagged,
  typeName,
  type Value,
} from './value.ts';

/** Limits recursion; deeper than real objects. */
const MAX_DEPTH = 200;

export function equal(left: Value, right: Value, budget: Budget, depth = 0): boolean {
  spend(budget, 1);
  const number = numberOf(left);
  if (number !== undefined) return compareNumbers(number, numberOf(right) ?? NaN) === 0;
  if (typeof left === 'string') return typeof right === 'string' && sameText(left, right, budget);
  if (!isObject(left) || !isObject(right)) return left === right;
  if (depth > MAX_DEPTH) throw new CelError(`values nested more than ${MAX_DEPTH} levels deep cannot be compared`);
  return sameObjects(left, right, { budget, depth });
}

function sameObjects(left: Tagged | Uint8Array, right: Tagged | Uint8Array, at: At): boolean {
  const leftBytes = left instanceof Uint8Array;
  if (leftBytes || right instanceof Uint8Array) {
    return leftBytes && right instanceof Uint8Array && compareBytes(left, right, at.budget) === 0;
  }
  return sameTagged(left, right, at);
}

function isObject(value: Value): value is Tagged | Uint8Array {
  return typeof value === 'object' && value !== null;
}

function sameText(left: string, right: string, budget: Budget): boolean {
  if (left.length !== right.length) return false;
  spend(budget, left.length >> 5);
  return left === right;
}

interface At {
  readonly budget: Budget;
  readonly depth: number;
}

function sameTagged(left: Tagged, right: Tagged, at: At): boolean {
  switch (left.tag) {
    case 'list':
      return right.tag === 'list' && sameLists(left, right, at);
    case 'map':
      return right.tag === 'map' && sameMaps(left, right, at);
    case 'optional':
      return right.tag === 'optional' && sameOptionals(left.value, right.value, at);
    default:
      return left.tag === right.tag && identity(left) === identity(right);
  }
}

function sameOptionals(left: Value | undefined, right: Value | undefined, { budget, depth }: At): boolean {
  if (left === undefined || right === undefined) return left === right;
  return equal(left, right, budget, depth + 1);
}

type Flat = Exclude<Tagged, { readonly tag: 'list' | 'map' | 'optional' }>;

/** Returns the same key for equal values of one type. */
function identity(value: Flat): string | bigint {
  switch (value.tag) {
    case 'type':
    case 'format':
      return value.name;
    case 'url':
      return value.text;
    case 'ip':
      return `${value.family} ${value.bits}`;
    case 'cidr':
      return `${identity(value.ip)}/${value.length}`;
    case 'semver':
      return `${value.numbers.join('.')}-${value.pre.join('.')}`;
    case 'uint':
      return value.value;
    default:
      return value.nanos;
  }
}

function sameLists(left: List, right: List, { budget, depth }: At): boolean {
  if (left.items.length !== right.items.length) return false;
  return left.items.every((_item, index) => equal(itemAt(left, index), itemAt(right, index), budget, depth + 1));
}

function sameMaps(left: CelMap, right: CelMap, { budget, depth }: At): boolean {
  const keys = mapKeys(left, budget);
  if (keys.length !== mapKeys(right, budget).length) return false;
  return keys.every((key) => {
    const other = mapGet(right, key);
    return other !== undefined && equal(mapGet(left, key) ?? null, other, budget, depth + 1);
  });
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return isTagged(value, 'uint') ? value.value : undefined;
}

/** Compares exactly, also bigint with number. `undefined`: one of them is NaN. */
function compareNumbers(left: bigint | number, right: bigint | number): number | undefined {
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? undefined : 0;
}

/** Returns a negative number, zero, or a positive number; a CelError if the values have no order. */
export function compare(left: Value, right: Value, budget: Budget): number {
  spend(budget, 1);
  const [one, other] = [numberOf(left), numberOf(right)];
  if (one !== undefined && other !== undefined) return ordered(compareNumbers(one, other), left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right, budget);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right, budget);
  return ordered(compareOthers(left, right), left, right);
}

function ordered(order: number | undefined, left: Value, right: Value): number {
  if (order !== undefined) return order;
  if (typeof left === 'number' && Number.isNaN(left)) throw new CelError('NaN has no order');
  throw new CelError(`${typeName(left)} and ${typeName(right)} have no order`);
}

type Time = Extract<Tagged, { readonly tag: 'timestamp' | 'duration' }>;

function compareOthers(left: Value, right: Value): number | undefined {
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (!isTime(left) || !isTime(right)) return undefined;
  return left.tag === right.tag ? orderOf(left.nanos, right.nanos) : undefined;
}

function isTime(value: Value): value is Time {
  return isTagged(value, 'timestamp') || isTagged(value, 'duration');
}

function orderOf<T extends bigint | number | string>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compares code points, which is the order of UTF-8 bytes. JavaScript sorts characters beyond U+FFFF before U+E000. */
function compareText(left: string, right: string, budget: Budget): number {
  const length = Math.min(left.length, right.length);
  spend(budget, length >> 3);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at === length) return left.length - right.length;
  const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
  const beyond = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? 1 : 0);
  return beyond(one) === beyond(other) ? one - other : beyond(one) - beyond(other);
}

function compareBytes(left: Uint8Array, right: Uint8Array, budget: Budget): number {
  const length = Math.min(left.length, right.length);
  spend(budget, length >> 3);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Compares quantities by value, and versions by semver.org without build metadata. */
export function compareVersions<T extends Quantity | Semver>(left: T, right: T): number {
  if (left.tag === 'quantity') return orderOf(left.nanos, (right as Quantity).nanos);
  const other = right as Semver;
  for (const [index, number] of left.numbers.entries()) {
    const difference = orderOf(number, other.numbers[index] ?? 0n);
    if (difference !== 0) return difference;
  }
  return comparePre(left.pre, other.pre);
}

function comparePre(left: Semver['pre'], right: Semver['pre']): number {
  if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (typeof one !== typeof other) return typeof one === 'bigint' ? -1 : 1;
    const difference = orderOf(one, other);
    if (difference !== 0) return difference;
  }
  return Math.sign(left.length - right.length);
}
