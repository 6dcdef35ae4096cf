/** A CEL function: its signature, and its implementation for arguments of these types. */
import type { Budget } from './budget.ts';
import { isTagged, typeName, type Value } from './value.ts';
import { parseType, splitTypes, type Type } from './type.ts';

export type Run = (args: readonly Value[], budget: Budget) => Value;

export interface Overload {
  /** Includes the namespace: `math.abs`. */
  readonly name: string;
  /** True for methods of the first argument: `list.sum()`. */
  readonly method: boolean;
  readonly params: readonly Type[];
  readonly result: Type;
  readonly run: Run;
  /** The signature, for messages. */
  readonly signature: string;
  /** Prepares constant arguments when the policy loads. Throws a CelError if they are invalid. */
  readonly specialize: Specialize | undefined;
}

/** `constants` has one element for each argument; `undefined`: not a constant. */
export type Specialize = (constants: readonly (Value | undefined)[]) => Run | undefined;

/** Receives arguments of the types in the signature, because calls are resolved by type, at load or by value. */
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

/** `math.abs(int): int`: a function, whose name includes the namespace. */
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

/** Reports whether a value has the type of a parameter. The contents of lists, maps, and optionals are checked when they are used. */
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
