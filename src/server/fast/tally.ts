/** Counts between two looks at the metrics: a label set is worked out once for many reviews, not once for each. */
import type { Endpoint } from '../endpoint.ts';
import type { PinnedImage } from '../../admission/mutation.ts';
import type { Finding } from '../../policy/finding.ts';

type Counted<L> = readonly (readonly [L, number])[];

type ReviewLabels = { readonly endpoint: string; readonly operation: string; readonly decision: string };
type FindingLabels = {
  readonly policy: string;
  readonly rule: string;
  readonly action: string;
  readonly outcome: string;
};
type UseLabels = { readonly exception: string };

type FailureLabels = { readonly rule: string; readonly reason: string };
type PinLabels = { readonly policy: string; readonly outcome: string; readonly cause: string };

export interface Tally {
  /** True when it is full, so that somebody must take what is in it. */
  review(endpoint: Endpoint, operation: string, decision: string, seconds: number): boolean;
  found(findings: readonly Finding[]): void;
  pinned(images: readonly PinnedImage[]): void;
  takeDurations(): readonly (readonly [Endpoint, number])[];
  takeReviews(): Counted<ReviewLabels>;
  takeFindings(): Counted<FindingLabels>;
  /** Uses of exceptions. */
  takeUses(): Counted<UseLabels>;
  takeFailures(): Counted<FailureLabels>;
  takePins(): Counted<PinLabels>;
}

interface FindingCount {
  readonly labels: FindingLabels;
  count: number;
}

/** Policy, rule, action, outcome. */
type ByPolicy = Map<string, Map<string, Map<string, Map<string, FindingCount>>>>;

const FULL = 512;

export function createTally(): Tally {
  const durations = { validate: new Float64Array(FULL), mutate: new Float64Array(FULL) };
  const sizes = { validate: 0, mutate: 0 };
  const reviews = { validate: new Map<string, Map<string, number>>(), mutate: new Map<string, Map<string, number>>() };
  const findings: FindingCount[] = [];
  const byPolicy: ByPolicy = new Map();
  const uses = new Map<string, { readonly labels: UseLabels; count: number }>();
  const failures = new Map<string, { readonly labels: FailureLabels; count: number }>();
  const pins = new Map<string, { readonly labels: PinLabels; count: number }>();
  return {
    review(endpoint, operation, decision, seconds) {
      // Strings that are there already: to put a key together from them would cost as much as all the rest.
      let decisions = reviews[endpoint].get(operation);
      if (decisions === undefined) reviews[endpoint].set(operation, (decisions = new Map()));
      decisions.set(decision, (decisions.get(decision) ?? 0) + 1);
      durations[endpoint][sizes[endpoint]] = seconds;
      sizes[endpoint] += 1;
      return sizes[endpoint] === FULL;
    },
    found(list) {
      for (const { policy, rule, action, outcome, excuse, failure } of list) {
        // As in `review`, no key is put together.
        const actions = mapIn(mapIn(byPolicy, policy), rule);
        const outcomes = mapIn(actions, action);
        let counted = outcomes.get(outcome);
        if (counted === undefined) {
          counted = { labels: { policy, rule, action, outcome }, count: 0 };
          outcomes.set(outcome, counted);
          findings.push(counted);
        }
        counted.count += 1;
        const exception = excuse?.exception.name;
        if (exception !== undefined) count(uses, exception, () => ({ exception }));
        const reason = failure?.reason;
        if (reason !== undefined) count(failures, `${rule} ${reason}`, () => ({ rule, reason }));
      }
    },
    pinned(images) {
      for (const { policy, outcome, cause = '' } of images) {
        count(pins, `${policy} ${outcome} ${cause}`, () => ({ policy, outcome, cause }));
      }
    },
    takeDurations: () =>
      (['validate', 'mutate'] as const).flatMap((endpoint) => {
        const taken = durations[endpoint].subarray(0, sizes[endpoint]);
        sizes[endpoint] = 0;
        return Array.from(taken, (seconds) => [endpoint, seconds] as const);
      }),
    takeReviews: () =>
      (['validate', 'mutate'] as const).flatMap((endpoint) => {
        const taken = [...reviews[endpoint]].flatMap(([operation, decisions]) =>
          [...decisions].map(([decision, number]) => [{ endpoint, operation, decision }, number] as const),
        );
        reviews[endpoint].clear();
        return taken;
      }),
    takeFindings: () => take(findings),
    takeUses: () => take(uses.values()),
    takeFailures: () => take(failures.values()),
    takePins: () => take(pins.values()),
  };
}

function mapIn<K, V>(maps: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map()));
  return map;
}

function count<L>(counts: Map<string, { readonly labels: L; count: number }>, key: string, labels: () => L): void {
  const entry = counts.get(key);
  if (entry === undefined) counts.set(key, { labels: labels(), count: 1 });
  else entry.count += 1;
}

/** Labels stay, counts begin anew. */
function take<L>(counts: Iterable<{ readonly labels: L; count: number }>): Counted<L> {
  return [...counts].flatMap((entry) => {
    const taken = entry.count;
    entry.count = 0;
    return taken === 0 ? [] : [[entry.labels, taken] as const];
  });
}
