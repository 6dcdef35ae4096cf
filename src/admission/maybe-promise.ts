/** Values that are available now, or later. test/bench/README.md has the cost of a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `use` synchronously if the value is available. */
export function whenKnown<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Returns the values in order, synchronously if all are available. */
export function whenAllKnown<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return allKnown(values) ? values : Promise.all(values);
}

function allKnown<T>(values: readonly MaybePromise<T>[]): values is readonly T[] {
  return values.every((value) => !(value instanceof Promise));
}
