/** Optional values; `or`, `orValue`, `optMap` and `optFlatMap` evaluate their argument only when needed (macros.ts). */
import { type Budget, CelError } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { isTagged, itemsOf, type List, listOf, NONE, type Optional, some, type Value } from '../value.ts';

export const OPTIONALS: readonly Overload[] = [
  func('optional.of(A): optional<A>', ([value]: [Value]) => some(value)),
  func('optional.ofNonZeroValue(A): optional<A>', ([value]: [Value]) => (isZero(value) ? NONE : some(value))),
  func('optional.none(): optional<A>', () => NONE),
  func('optional.unwrap(list<optional<A>>): list<A>', ([list]: [List], budget) => unwrap(list, budget)),
  method('list<optional<A>>.unwrapOpt(): list<A>', ([list]: [List], budget) => unwrap(list, budget)),
  method('optional<A>.hasValue(): bool', ([{ value }]: [Optional]) => value !== undefined),
  method('optional<A>.value(): A', ([{ value }]: [Optional]) => {
    if (value === undefined) throw new CelError('the optional has no value');
    return value;
  }),
];

function unwrap(list: List, budget: Budget): List {
  return listOf(
    itemsOf(list, budget).flatMap((item) => {
      if (!isTagged(item, 'optional')) throw new CelError('the list contains a value that is not optional');
      return item.value === undefined ? [] : [item.value];
    }),
  );
}

function isZero(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return !value;
  if (value instanceof Uint8Array) return value.length === 0;
  switch (value.tag) {
    case 'list':
      return value.items.length === 0;
    case 'map':
      return value.json === undefined ? value.entries.size === 0 : Object.keys(value.json).length === 0;
    case 'optional':
      return value.value === undefined;
    case 'uint':
      return value.value === 0n;
    case 'duration':
      return value.nanos === 0n;
    default:
      return false;
  }
}
