/** A function of CEL: its signature, and what it does with arguments of those types. */
import type { Budget } from './budget.ts';
import { isTagged, typeName, type Value } from './value.ts';
import { parseType, splitTypes, type Type } from './type.ts';

export type Run = (args: readonly Value[], budget: Budget) => Value;

export interface Overload {
  /** With its namespace: `math.abs`. */
  readonly name: string;
  /** Called on its first argument: `list.sum()`. */
  readonly method: boolean;
  readonly params: readonly Type[];
  readonly result: Type;
  readonly run: Run;
  /** As it is written in messages. */
  readonly signature: string;
  /** What can be made once when a constant argument is known; throws a CelError when it makes no sense. */
  readonly specialize: Specialize | undefined;
}

/** `constants` has one element for each argument; `undefined`: not a constant. */
export type Specialize = (constants: readonly (Value | undefined)[]) => Run | undefined;

/** Its parameters are typed as the signature says: calls are resolved by type, at load or by the values. */
type Typed = (args: never, budget: Budget) => Value;

/** `string.charAt(int): string`: a method of its receiver. */
export function method(signature: string, run: Typed, specialize?: Specialize): Overload {
  const { before, params, result } = partsOf(signature);
  const dot = before.lastIndexOf('.');
  return {
    name: before.slice(dot + 1),
    method: true,
    params: [parseType(before.slice(0, dot)), ...params],
    result,
    run: run as Run,
    signature,
    specialize,
  };
}

/** `math.abs(int): int`: a function, its namespace is part of its name. */
export function func(signature: string, run: Typed, specialize?: Specialize): Overload {
  const { before, params, result } = partsOf(signature);
  return { name: before, method: false, params, result, run: run as Run, signature, specialize };
}

function partsOf(signature: string): {
  readonly before: string;
  readonly params: readonly Type[];
  readonly result: Type;
} {
  const open = signature.indexOf('(');
  const close = signature.lastIndexOf('): ');
  return {
    before: signature.slice(0, open),
    params: splitTypes(signature.slice(open + 1, close)).map(parseType),
    result: parseType(signature.slice(close + 3)),
  };
}

/** Whether a value is of a parameter's type; what is inside of lists, maps and optionals shows when it is used. */
export function isOf(type: Type, value: Value): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'plain':
      return typeName(value) === type.name;
    case 'object':
      return value === null || isTagged(value, 'map');
    default:
      return isTagged(value, type.kind);
  }
}
