/** Pairs expected findings with actual findings. */

export interface Leftover<Expected, Actual> {
  /** Expected findings without an actual finding. */
  readonly missing: readonly Expected[];
  /** Actual findings that are not expected. */
  readonly unexpected: readonly Actual[];
}

export function leftover<Expected, Actual>(
  expected: readonly Expected[],
  actual: readonly Actual[],
  fits: (expected: Expected, actual: Actual) => boolean,
): Leftover<Expected, Actual> {
  const takenBy = pairs(expected.map((one) => actual.flatMap((other, index) => (fits(one, other) ? [index] : []))));
  const paired = new Set(takenBy.values());
  return {
    missing: expected.filter((_, index) => !paired.has(index)),
    unexpected: actual.filter((_, index) => !takenBy.has(index)),
  };
}

/**
 * Returns the largest possible pairing, from the index of a finding to the index of an expectation. `fitting` lists, for each
 * expectation, the findings that match it. An expectation can match several findings, so earlier pairs change if a later
 * expectation has no other finding (augmenting paths, Kuhn 1955).
 */
function pairs(fitting: readonly (readonly number[])[]): ReadonlyMap<number, number> {
  const takenBy = new Map<number, number>();
  const find = (expectation: number, tried: Set<number>): boolean => {
    const own = fitting[expectation] ?? [];
    const free = own.find((index) => !takenBy.has(index));
    if (free !== undefined) {
      takenBy.set(free, expectation);
      return true;
    }
    for (const index of own) {
      if (tried.has(index)) continue;
      tried.add(index);
      const holder = takenBy.get(index);
      if (holder === undefined || !find(holder, tried)) continue;
      takenBy.set(index, expectation);
      return true;
    }
    return false;
  };
  for (const expectation of fitting.keys()) find(expectation, new Set());
  return takenBy;
}
