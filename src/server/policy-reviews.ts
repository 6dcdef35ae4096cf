/** Counts the reviews that each policy covered. Most reviews of a namespace share one list of policies, which is counted as a whole. */
import type { Covered } from '../policy/plan.ts';

export interface PolicyReviews {
  count(covered: readonly Covered[]): void;
  /** The counts since the last call, by the name of the policy. */
  take(): ReadonlyMap<string, number>;
}

/** Keeps no list, because lists refer to the object of their review. */
interface ListCount {
  readonly names: readonly string[];
  count: number;
}

const MAX_LISTS = 256;

export function createPolicyReviews(): PolicyReviews {
  const byList = new WeakMap<readonly Covered[], ListCount>();
  const pending: ListCount[] = [];
  let names = new Map<string, number>();
  const settle = (): void => {
    for (const list of pending) {
      for (const name of list.names) names.set(name, (names.get(name) ?? 0) + list.count);
      list.count = 0;
    }
    pending.length = 0;
  };
  return {
    count(covered) {
      let list = byList.get(covered);
      if (list === undefined) {
        list = { names: covered.map(({ policy }) => policy.name), count: 0 };
        byList.set(covered, list);
      }
      list.count += 1;
      if (list.count > 1) return;
      pending.push(list);
      if (pending.length >= MAX_LISTS) settle();
    },
    take() {
      settle();
      const taken = names;
      names = new Map();
      return taken;
    },
  };
}
