/** List functions: those of Kubernetes, cel-go's list extension (version 3), and sets. */
import { type Budget, CelError, spend } from '../budget.ts';
import { compare, equal } from '../equal.ts';
import { func, method, type Overload } from '../overload.ts';
import {
  isTagged,
  itemAt,
  itemsOf,
  type List,
  listOf,
  NONE,
  some,
  type Tagged,
  typeName,
  type Value,
} from '../value.ts';
import { add } from './operators.ts';
import { duration } from './times.ts';
import { uint } from './numbers.ts';

const COMPARABLE = [
  'int',
  'uint',
  'double',
  'bool',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
  'string',
  'bytes',
];

/** One signature for each type that has an order, so that a list of maps is rejected at load. */
const ordered = (rest: (type: string) => string, run: (args: [List], budget: Budget) => Value): readonly Overload[] =>
  COMPARABLE.map((type) => method(`list<${type}>.${rest(type)}`, run));

const ZEROS: Readonly<Record<string, Value>> = {
  int: 0n,
  uint: uint(0n),
  double: 0,
  'google.protobuf.Duration': duration(0n),
};

export const LISTS: readonly Overload[] = [
  ...ordered(
    () => 'isSorted(): bool',
    ([list], budget) =>
      itemsOf(list, budget).every((item, at, all) => at === 0 || compare(all[at - 1] ?? null, item, budget) <= 0),
  ),
  ...ordered(
    (type) => `min(): ${type}`,
    ([list], budget) => best(list, 'min', (order) => order < 0, budget),
  ),
  ...ordered(
    (type) => `max(): ${type}`,
    ([list], budget) => best(list, 'max', (order) => order > 0, budget),
  ),
  ...ordered(
    (type) => `sort(): list<${type}>`,
    ([list], budget) => sorted(list, itemsOf(list, budget), budget),
  ),
  ...Object.entries(ZEROS).map(([type, zero]) =>
    method(`list<${type}>.sum(): ${type}`, ([list]: [List], budget) => sum(list, zero, budget)),
  ),
  method('list<A>.indexOf(A): int', ([list, wanted]: [List, Value], budget) =>
    BigInt(itemsOf(list, budget).findIndex((item) => equal(item, wanted, budget))),
  ),
  method('list<A>.lastIndexOf(A): int', ([list, wanted]: [List, Value], budget) =>
    BigInt(itemsOf(list, budget).findLastIndex((item) => equal(item, wanted, budget))),
  ),
  method('dyn.includes(dyn): bool', ([target, wanted]: [Value, Value], budget) =>
    isTagged(target, 'list') ? has(itemsOf(target, budget), wanted, budget) : equal(target, wanted, budget),
  ),
  method('list<A>.distinct(): list<A>', ([list]: [List], budget) => distinct(list, budget)),
  method('list<A>.reverse(): list<A>', ([list]: [List], budget) => listOf(itemsOf(list, budget).toReversed())),
  method('list<A>.slice(int, int): list<A>', ([list, from, to]: [List, bigint, bigint], budget) => {
    if (from < 0n || to < from || to > BigInt(list.items.length)) {
      throw new CelError(`${from} to ${to} is not a valid range in a list of ${list.items.length}`);
    }
    return listOf(itemsOf(list, budget).slice(Number(from), Number(to)));
  }),
  method('list.flatten(): list', ([list]: [List], budget) => flatten(list, 1n, budget)),
  method('list.flatten(int): list', ([list, depth]: [List, bigint], budget) => flatten(list, depth, budget)),
  method('list<A>.first(): optional<A>', ([list]: [List]) => end(list, 0)),
  method('list<A>.last(): optional<A>', ([list]: [List]) => end(list, list.items.length - 1)),
  func('lists.range(int): list<int>', ([size]: [bigint], budget) => {
    if (size < 0n) throw new CelError('the size of a range must not be negative');
    spend(budget, Number(size));
    return listOf(Array.from({ length: Number(size) }, (_, index) => BigInt(index)));
  }),
  func('sets.contains(list<A>, list<A>): bool', ([all, parts]: [List, List], budget) =>
    covers(itemsOf(all, budget), itemsOf(parts, budget), budget),
  ),
  func('sets.equivalent(list<A>, list<A>): bool', ([one, other]: [List, List], budget) => {
    const [left, right] = [itemsOf(one, budget), itemsOf(other, budget)];
    return covers(left, right, budget) && covers(right, left, budget);
  }),
  func('sets.intersects(list<A>, list<A>): bool', ([one, other]: [List, List], budget) => {
    const items = itemsOf(other, budget);
    return itemsOf(one, budget).some((item) => has(items, item, budget));
  }),
];

function has(items: readonly Value[], wanted: Value, budget: Budget): boolean {
  return items.some((item) => equal(item, wanted, budget));
}

function covers(all: readonly Value[], parts: readonly Value[], budget: Budget): boolean {
  return parts.every((part) => has(all, part, budget));
}

function best(list: List, name: string, better: (order: number) => boolean, budget: Budget): Value {
  const [first, ...rest] = itemsOf(list, budget);
  if (first === undefined) throw new CelError(`an empty list has no ${name}`);
  return rest.reduce((before, item) => (better(compare(item, before, budget)) ? item : before), first);
}

function sum(list: List, zero: Value, budget: Budget): Value {
  const [first] = itemsOf(list, budget);
  if (first === undefined) return zero;
  const start = Object.values(ZEROS).find((value) => typeName(value) === typeName(first));
  if (start === undefined) throw new CelError(`values of type ${typeName(first)} have no sum`);
  return itemsOf(list, budget).reduce((before, item) => {
    spend(budget, 1);
    return add(before, item);
  }, start);
}

/** Sorts the items of `list` by `keys`, which has one key for each item. */
export function sorted(list: List, keys: readonly Value[], budget: Budget): List {
  const [first] = keys;
  if (keys.some((key) => typeName(key) !== typeName(first ?? null))) {
    throw new CelError('a list of mixed types has no order');
  }
  const order = keys
    .map((_key, index) => index)
    .sort((left, right) => {
      return compare(keys[left] ?? null, keys[right] ?? null, budget) || left - right;
    });
  return listOf(order.map((index) => itemAt(list, index)));
}

function distinct(list: List, budget: Budget): List {
  const found: Value[] = [];
  for (const item of itemsOf(list, budget)) if (!has(found, item, budget)) found.push(item);
  return listOf(found);
}

function flatten(list: List, depth: bigint, budget: Budget): List {
  if (depth < 0n) throw new CelError('the depth must not be negative');
  let items = itemsOf(list, budget);
  for (let left = depth; left > 0n && items.some(isList); left -= 1n) {
    items = items.flatMap((item) => (isList(item) ? itemsOf(item, budget) : [item]));
    spend(budget, items.length);
  }
  return listOf(items);
}

function isList(value: Value): value is Extract<Tagged, { readonly tag: 'list' }> {
  return isTagged(value, 'list');
}

function end(list: List, index: number): Value {
  return list.items.length === 0 ? NONE : some(itemAt(list, index));
}
