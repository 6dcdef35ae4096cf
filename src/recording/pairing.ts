/** Pairs expected findings with actual findings. */

export interface Leftover<Wanted, Found> {
  /** Expected findings without an actual finding. */
  readonly missing: readonly Wanted[];
  /** Actual findings that are not expected. */
  readonly unexpected: readonly Found[];
}

export function leftover<Wanted, Found>(
  wanted: readonly Wanted[],
  found: readonly Found[],
  fits: (wanted: Wanted, found: Found) => boolean,
): Leftover<Wanted, Found> {
  const takenBy = pairs(wanted.map((one) => found.flatMap((other, index) => (fits(one, other) ? [index] : []))));
  const paired = new Set(takenBy.values());
  return {
    missing: wanted.filter((_, index) => !paired.has(index)),
    unexpected: found.filter((_, index) => !takenBy.has(index)),
  };
}

/**
 * Returns the largest possible pairing, from the index of a finding to the index of an expectation. `fitting` lists, for each
 * expectation, the findings that match it. An expectation can match several findings, so earlier pairs change if a later
 * expectation has no other finding (augmenting paths, Kuhn 1955).
 */
function pairs(fitting: readonly (readonly number[])[]): ReadonlyMap<number, number> {
  const takenBy = new Map<number, number>();
  const find = (wanted: number, tried: Set<number>): boolean => {
    const own = fitting[wanted] ?? [];
    const free = own.find((index) => !takenBy.has(index));
    if (free !== undefined) {
      takenBy.set(free, wanted);
      return true;
    }
    for (const index of own) {
      if (tried.has(index)) continue;
      tried.add(index);
      const holder = takenBy.get(index);
      if (holder === undefined || !find(holder, tried)) continue;
      takenBy.set(index, wanted);
      return true;
    }
    return false;
  };
  for (const wanted of fitting.keys()) find(wanted, new Set());
  return takenBy;
}
