/** Counts of reviews until the metrics are read: the metrics library looks up a label set once for many reviews. */
import type { Endpoint } from '../endpoint.ts';
import type {
  AddedPullSecrets,
  Mutation,
  PinnedImage,
  RewrittenImage,
  SetPullPolicy,
} from '../../admission/mutation.ts';
import type { Finding } from '../../policy/finding.ts';

type Counts<L> = readonly (readonly [L, number])[];

type ReviewLabels = { readonly endpoint: string; readonly operation: string; readonly decision: string };
type FindingLabels = {
  readonly policy: string;
  readonly rule: string;
  readonly action: string;
  readonly outcome: string;
};
type UseLabels = { readonly exception: string };

type FailureLabels = { readonly rule: string; readonly reason: string };
/** Of an image that a policy changes. */
type ChangeLabels = { readonly policy: string; readonly outcome: string; readonly cause: string };
type PullSecretLabels = { readonly policy: string };
type PullPolicyLabels = { readonly policy: string; readonly pull_policy: string };

export interface Tally {
  /** Returns true if the tally is full and must be emptied. */
  countReview(endpoint: Endpoint, operation: string, decision: string, seconds: number): boolean;
  countFindings(findings: readonly Finding[]): void;
  countChanges(mutation: Pick<Mutation, 'images' | 'rewrites' | 'pullSecrets' | 'pullPolicies'>): void;
  takeDurations(): readonly (readonly [Endpoint, number])[];
  takeReviews(): Counts<ReviewLabels>;
  takeFindings(): Counts<FindingLabels>;
  /** Uses of exceptions. */
  takeUses(): Counts<UseLabels>;
  takeFailures(): Counts<FailureLabels>;
  takePins(): Counts<ChangeLabels>;
  takeRewrites(): Counts<ChangeLabels>;
  takePullSecrets(): Counts<PullSecretLabels>;
  takePullPolicies(): Counts<PullPolicyLabels>;
}

interface Count<L> {
  readonly labels: L;
  count: number;
}

const FULL = 512;
const ENDPOINTS: readonly Endpoint[] = ['validate', 'mutate'];

export function createTally(): Tally {
  const reviews = { validate: createReviewCounts(), mutate: createReviewCounts() };
  return {
    ...createFindingCounts(),
    ...createChangeCounts(),
    countReview: (endpoint, operation, decision, seconds) =>
      countReview(reviews[endpoint], operation, decision, seconds),
    takeDurations: () => ENDPOINTS.flatMap((endpoint) => takeDurations(endpoint, reviews[endpoint])),
    takeReviews: () => ENDPOINTS.flatMap((endpoint) => takeReviews(endpoint, reviews[endpoint])),
  };
}

type ChangeCounts = Pick<Tally, 'countChanges' | 'takePins' | 'takeRewrites' | 'takePullSecrets' | 'takePullPolicies'>;

function createChangeCounts(): ChangeCounts {
  const pins = new Map<string, Count<ChangeLabels>>();
  const rewrites = new Map<string, Count<ChangeLabels>>();
  const secrets = new Map<string, Count<PullSecretLabels>>();
  const policies = new Map<string, Count<PullPolicyLabels>>();
  return {
    countChanges({ images, rewrites: rewritten, pullSecrets, pullPolicies }) {
      countImages(pins, images);
      countImages(rewrites, rewritten);
      countPullSecrets(secrets, pullSecrets);
      countPullPolicies(policies, pullPolicies);
    },
    takePins: () => take(pins.values()),
    takeRewrites: () => take(rewrites.values()),
    takePullSecrets: () => take(secrets.values()),
    takePullPolicies: () => take(policies.values()),
  };
}

function countPullSecrets(
  counts: Map<string, Count<PullSecretLabels>>,
  pullSecrets: readonly AddedPullSecrets[],
): void {
  for (const { policy } of pullSecrets.flatMap(({ added }) => added)) count(counts, policy, () => ({ policy }));
}

function countPullPolicies(counts: Map<string, Count<PullPolicyLabels>>, pullPolicies: readonly SetPullPolicy[]): void {
  for (const { policy, to } of pullPolicies) {
    count(counts, `${policy} ${to}`, () => ({ policy, pull_policy: to }));
  }
}

function countImages(
  counts: Map<string, Count<ChangeLabels>>,
  images: readonly (PinnedImage | RewrittenImage)[],
): void {
  for (const { policy, outcome, cause = '' } of images) {
    count(counts, `${policy} ${outcome} ${cause}`, () => ({ policy, outcome, cause }));
  }
}

interface ReviewCounts {
  readonly durations: Float64Array;
  size: number;
  /** Reviews by operation and decision. */
  readonly decisions: Map<string, Map<string, number>>;
}

function createReviewCounts(): ReviewCounts {
  return { durations: new Float64Array(FULL), size: 0, decisions: new Map() };
}

function countReview(counts: ReviewCounts, operation: string, decision: string, seconds: number): boolean {
  // Nested maps, because concatenating strings to a key costs as much as everything else here.
  const decisions = mapIn(counts.decisions, operation);
  decisions.set(decision, (decisions.get(decision) ?? 0) + 1);
  counts.durations[counts.size] = seconds;
  counts.size += 1;
  return counts.size === FULL;
}

function takeDurations(endpoint: Endpoint, counts: ReviewCounts): readonly (readonly [Endpoint, number])[] {
  const taken = Array.from(counts.durations.subarray(0, counts.size), (seconds) => [endpoint, seconds] as const);
  counts.size = 0;
  return taken;
}

function takeReviews(endpoint: Endpoint, { decisions: all }: ReviewCounts): Counts<ReviewLabels> {
  const taken = [...all].flatMap(([operation, decisions]) =>
    [...decisions].map(([decision, number]) => [{ endpoint, operation, decision }, number] as const),
  );
  all.clear();
  return taken;
}

/** Findings by policy, rule, action, and outcome. */
type ByPolicy = Map<string, Map<string, Map<string, Map<string, Count<FindingLabels>>>>>;

function createFindingCounts(): Pick<Tally, 'countFindings' | 'takeFindings' | 'takeUses' | 'takeFailures'> {
  const findings: Count<FindingLabels>[] = [];
  const byPolicy: ByPolicy = new Map();
  const uses = new Map<string, Count<UseLabels>>();
  const failures = new Map<string, Count<FailureLabels>>();
  return {
    countFindings(list) {
      for (const { policy, rule, action, outcome, excuse, failure } of list) {
        // Strings are not concatenated, as in `countReview`.
        const outcomes = mapIn(mapIn(mapIn(byPolicy, policy), rule), action);
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
    takeFindings: () => take(findings),
    takeUses: () => take(uses.values()),
    takeFailures: () => take(failures.values()),
  };
}

function mapIn<K, V>(maps: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map()));
  return map;
}

function count<L>(counts: Map<string, Count<L>>, key: string, labels: () => L): void {
  const entry = counts.get(key);
  if (entry === undefined) counts.set(key, { labels: labels(), count: 1 });
  else entry.count += 1;
}

/** Resets the counts to 0 and keeps the labels. */
function take<L>(counts: Iterable<Count<L>>): Counts<L> {
  return [...counts].flatMap((entry) => {
    const taken = entry.count;
    entry.count = 0;
    return taken === 0 ? [] : [[entry.labels, taken] as const];
  });
}
