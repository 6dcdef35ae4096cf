/** What is known at once is answered at once: a promise costs a review as much as its verdict. */
export type MaybePromise<T> = T | Promise<T>;

/** `use` of the value, in this turn when it is there. */
export function whenKnown<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Of all, in their order; in this turn when none has to be waited for. */
export function whenAllKnown<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return allKnown(values) ? values : Promise.all(values);
}

function allKnown<T>(values: readonly MaybePromise<T>[]): values is readonly T[] {
  return values.every((value) => !(value instanceof Promise));
}
