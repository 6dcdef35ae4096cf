/** Metrics in the Prometheus format. Label values come from fixed sets or from the loaded policies, never from an object. */
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { ImageException } from '../policy/exception.ts';
import { type CertificateMetrics, createCertificateMetrics } from './certificate-metrics.ts';
import type { Endpoint } from './endpoint.ts';
import { createRecordingMetrics } from './recording-metrics.ts';
import type { RecordingMetrics } from './recording/recorder.ts';
import { createTally, type Tally } from './fast/tally.ts';
import type { Mutation } from '../admission/mutation.ts';
import type { Finding } from '../policy/finding.ts';
import type { Covered } from '../policy/plan.ts';
import { createPolicyReviews, type PolicyReviews } from './policy-reviews.ts';

export interface Metrics {
  countReview(endpoint: Endpoint, operation: string, decision: 'allow' | 'deny', seconds: number): void;
  /** Counts a decision of `/validate` for each policy that covers it. */
  countPolicies(covered: readonly Covered[]): void;
  countFindings(findings: readonly Finding[]): void;
  countMutation(mutation: Mutation): void;
  /** Sets the loaded exceptions, so that an unused exception appears as well. */
  setExceptions(exceptions: readonly ImageException[]): void;
  readonly certificate: CertificateMetrics;
  readonly cluster: ClusterMetrics;
  /** Counts an HTTP error that was sent instead of a review; `code` is the HTTP status. */
  countRejection(code: number): void;
  readonly reloads: ReloadMetrics;
  readonly recording: RecordingMetrics;
  /** Returns the Prometheus text format and its content type. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Returns the same values as JSON: each metric has a name and values with labels. */
  json(): Promise<readonly object[]>;
}

export interface ClusterMetrics {
  countRequest(resource: string, result: string): void;
  /** Counts an object that was read minutes ago and is used in an outage of the API server. */
  countOld(resource: string): void;
  /** `seconds` returns the seconds since the last event of each watch, by resource. */
  setIdle(seconds: () => ReadonlyMap<string, number>): void;
}

/** Metrics of the files that a running server loads again. */
export interface ReloadMetrics {
  /** `atMs`: milliseconds since 1970. */
  loaded(generation: string, atMs: number): void;
  failed(): void;
}

/** From 0.5 ms, because the API server's own first bucket is 5 ms, to 30 s, the longest time that it waits. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5, 10, 30];

/** `now`: Unix time in milliseconds. */
export function createMetrics(version: string, now: () => number = Date.now): Metrics {
  const registry = new Registry();
  const setTime = createProcessMetrics([registry], { version, now });
  const instruments = createInstruments([registry]);
  const { rejections, uses, ends } = instruments;
  const certificate = createCertificateMetrics([registry]);
  const { settle: settleCluster, ...cluster } = createClusterMetrics([registry]);
  const tally = createTally();
  const policyReviews = createPolicyReviews();
  const settle = (): void => drain(tally, policyReviews, instruments);
  const settleAll = (): void => {
    settle();
    settleCluster();
    setTime();
  };
  return {
    countReview(endpoint, operation, decision, seconds) {
      if (tally.countReview(endpoint, operation, decision, seconds)) settle();
    },
    countPolicies: (covered) => policyReviews.count(covered),
    countFindings: (list) => tally.countFindings(list),
    countMutation(mutation) {
      tally.countFindings(mutation.findings);
      tally.countChanges(mutation);
    },
    setExceptions(exceptions) {
      ends.reset();
      for (const { name: exception, endsAt } of exceptions) {
        ends.set({ exception }, endsAt / 1000);
        uses.inc({ exception }, 0);
      }
    },
    certificate,
    cluster,
    reloads: createReloadMetrics([registry]),
    recording: createRecordingMetrics([registry]),
    countRejection: (code) => rejections.inc({ code: String(code) }),
    async exposition() {
      settleAll();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    async json() {
      settleAll();
      return registry.getMetricsAsJSON();
    },
  };
}

/** Returns a function that sets the time. */
function createProcessMetrics(
  registers: Registry[],
  { version, now }: { readonly version: string; readonly now: () => number },
): () => void {
  const build = new Gauge({ name: 'tidewaiter_build_info', help: 'Always 1.', labelNames: ['version'], registers });
  build.set({ version }, 1);
  const time = new Gauge({
    name: 'tidewaiter_time_seconds',
    help: 'The clock of the server when the metrics are read, in seconds since 1970.',
    registers,
  });
  return () => time.set(now() / 1000);
}

type Instruments = ReturnType<typeof createInstruments>;

function drain(tally: Tally, policyReviews: PolicyReviews, instruments: Instruments): void {
  for (const [endpoint, seconds] of tally.takeDurations()) instruments.duration.observe({ endpoint }, seconds);
  for (const [labels, count] of tally.takeReviews()) instruments.reviews.inc(labels, count);
  for (const [labels, count] of tally.takeFindings()) instruments.findings.inc(labels, count);
  for (const [labels, count] of tally.takeUses()) instruments.uses.inc(labels, count);
  for (const [labels, count] of tally.takeFailures()) instruments.failures.inc(labels, count);
  for (const [policy, count] of policyReviews.take()) instruments.policies.inc({ policy }, count);
  drainChanges(tally, instruments);
}

function drainChanges(tally: Tally, { pins, rewrites, pullSecrets, pullPolicies }: Instruments): void {
  for (const [labels, count] of tally.takePins()) pins.inc(labels, count);
  for (const [labels, count] of tally.takeRewrites()) rewrites.inc(labels, count);
  for (const [labels, count] of tally.takePullSecrets()) pullSecrets.inc(labels, count);
  for (const [labels, count] of tally.takePullPolicies()) pullPolicies.inc(labels, count);
}

function createInstruments(registers: Registry[]) {
  return {
    reviews: new Counter({
      name: 'tidewaiter_reviews_total',
      help: 'Admission reviews answered.',
      labelNames: ['endpoint', 'operation', 'decision'],
      registers,
    }),
    duration: new Histogram({
      name: 'tidewaiter_review_duration_seconds',
      help: 'Time from the complete request body to the response.',
      labelNames: ['endpoint'],
      buckets: BUCKETS_SECONDS,
      registers,
    }),
    findings: new Counter({
      name: 'tidewaiter_findings_total',
      help: 'Findings by policy, rule, action, and outcome.',
      labelNames: ['policy', 'rule', 'action', 'outcome'],
      registers,
    }),
    policies: new Counter({
      name: 'tidewaiter_policy_reviews_total',
      help: 'Reviews that a policy covered.',
      labelNames: ['policy'],
      registers,
    }),
    failures: new Counter({
      name: 'tidewaiter_rule_failures_total',
      help: 'Rules that failed: threw, bad-answer, timeout, suspended.',
      labelNames: ['rule', 'reason'],
      registers,
    }),
    ...createChangeInstruments(registers),
    rejections: new Counter({
      name: 'tidewaiter_rejected_requests_total',
      help: 'Requests that got an HTTP error instead of a review.',
      labelNames: ['code'],
      registers,
    }),
    ...createExceptionInstruments(registers),
  };
}

function createChangeInstruments(registers: Registry[]) {
  return {
    pins: new Counter({
      name: 'tidewaiter_pins_total',
      help: 'Images to pin, by outcome: pinned, sticky, stale, warned, failed; the cause of a failure, otherwise empty.',
      labelNames: ['policy', 'outcome', 'cause'],
      registers,
    }),
    rewrites: new Counter({
      name: 'tidewaiter_rewrites_total',
      help: 'Images that a rewrite matches, by outcome: rewritten, sticky, kept, warned, failed; the cause of a failure, otherwise empty.',
      labelNames: ['policy', 'outcome', 'cause'],
      registers,
    }),
    pullSecrets: new Counter({
      name: 'tidewaiter_pull_secrets_added_total',
      help: 'Pull secrets added to Pods and templates.',
      labelNames: ['policy'],
      registers,
    }),
    pullPolicies: new Counter({
      name: 'tidewaiter_pull_policies_set_total',
      help: 'Pull policies set, by value: Always, IfNotPresent, Never.',
      labelNames: ['policy', 'pull_policy'],
      registers,
    }),
  };
}

function createExceptionInstruments(registers: Registry[]) {
  return {
    uses: new Counter({
      name: 'tidewaiter_exceptions_used_total',
      help: 'Findings that an exception excused.',
      labelNames: ['exception'],
      registers,
    }),
    ends: new Gauge({
      name: 'tidewaiter_exception_expiry_timestamp_seconds',
      help: 'Expiry time of an exception, in seconds since 1970.',
      labelNames: ['exception'],
      registers,
    }),
  };
}

function createClusterMetrics(registers: Registry[]): ClusterMetrics & { readonly settle: () => void } {
  const requests = new Counter({
    name: 'tidewaiter_cluster_requests_total',
    help: 'Objects read from the API server, by result: found, notFound, forbidden, failed, unavailable.',
    labelNames: ['resource', 'result'],
    registers,
  });
  const old = new Counter({
    name: 'tidewaiter_cluster_old_objects_total',
    help: 'Objects from memory, read at most 5 minutes ago, that are used because the API server did not return them.',
    labelNames: ['resource'],
    registers,
  });
  const idle = new Gauge({
    name: 'tidewaiter_watch_idle_seconds',
    help: 'Time since the last event or bookmark of a watch; the API server sends bookmarks about once a minute.',
    labelNames: ['resource'],
    registers,
  });
  let idleSeconds = (): ReadonlyMap<string, number> => new Map();
  return {
    countRequest: (resource, result) => requests.inc({ resource, result }),
    countOld: (resource) => old.inc({ resource }),
    setIdle(seconds) {
      idleSeconds = seconds;
    },
    settle() {
      for (const [resource, seconds] of idleSeconds()) idle.set({ resource }, seconds);
    },
  };
}

function createReloadMetrics(registers: Registry[]): ReloadMetrics {
  const generations = new Gauge({
    name: 'tidewaiter_policy_generation',
    help: 'Always 1; the label is a hash of the policies, exceptions, lists, plugins, and kinds in use.',
    labelNames: ['generation'],
    registers,
  });
  const failures = new Counter({
    name: 'tidewaiter_reload_failures_total',
    help: 'Reloads that failed and changed nothing.',
    registers,
  });
  const failing = new Gauge({
    name: 'tidewaiter_reload_failed',
    help: '1 if the last reload failed, so that earlier files are in use.',
    registers,
  });
  const success = new Gauge({
    name: 'tidewaiter_reload_last_success_timestamp_seconds',
    help: 'Time of the last start or reload that succeeded, in seconds since 1970.',
    registers,
  });
  return {
    loaded(generation, atMs) {
      generations.reset();
      generations.set({ generation }, 1);
      failing.set(0);
      success.set(atMs / 1000);
    },
    failed() {
      failures.inc();
      failing.set(1);
    },
  };
}
