/** Evaluates a review and produces its response, its log line, and its metrics. */
import type { Context } from '../admission/context.ts';
import { type MaybePromise, whenKnown } from '../admission/maybe-promise.ts';
import { probeAnswer } from '../admission/probe.ts';
import { mutate } from '../admission/mutate.ts';
import type { Mutation } from '../admission/mutation.ts';
import { decideWithNewFacts } from '../admission/new-facts.ts';
import { answerText, mutationReview, type Review, type ReviewAnswer, decisionReview } from '../admission/review.ts';
import { validate, type Decision } from '../admission/validate.ts';
import { limitWait } from './deadline.ts';
import type { CurrentContext } from './current-context.ts';
import type { Endpoint } from './endpoint.ts';
import { holdSecrets } from './held-secrets.ts';
import { responseText } from './fast/response-text.ts';
import type { Metrics } from './metrics.ts';
import { type ReadBody, tooDeepReview } from './parse-review.ts';
import type { Lease } from './pool.ts';
import type { Recorder, Recording } from './recording/recorder.ts';
import { statusBody } from './status.ts';

/** The result of one review, for the log. */
export interface ReviewRecord {
  readonly endpoint: Endpoint;
  readonly review: Review;
  /** The decision of `/validate`. */
  readonly decision: Decision | undefined;
  /** The result of `/mutate`. */
  readonly mutation?: Mutation | undefined;
  readonly generation?: string | undefined;
  readonly durationMs: number;
}

export interface ReviewLog {
  review(record: ReviewRecord): void;
  /** Logs a body that is not a review. */
  rejected(code: number, message: string): void;
  /** Logs a bug in tidewaiter. */
  failed(error: unknown, uid: string | undefined): void;
}

export interface ReviewServices {
  readonly current: CurrentContext;
  readonly log: ReviewLog;
  readonly metrics: Metrics;
  /** undefined: reviews are not recorded. */
  readonly recorder?: Recorder | undefined;
}

export type Send = (code: number, text: string) => void;

/** Sends an HTTP error; `failurePolicy` then decides. */
export function reject(
  { log, metrics }: Omit<ReviewServices, 'current'>,
  code: number,
  message: string,
  send: Send,
): void {
  log.rejected(code, message);
  metrics.countRejection(code);
  send(code, JSON.stringify(statusBody(code, message)));
}

/** Responds to a bug with HTTP 500 without Retry-After: the API server does not retry, and `failurePolicy` decides. */
export function fail(
  { log, metrics }: Omit<ReviewServices, 'current'>,
  error: unknown,
  uid: string | undefined,
  send: Send,
): void {
  log.failed(error, uid);
  metrics.countRejection(500);
  send(500, JSON.stringify(statusBody(500, 'internal error: no decision; see the tidewaiter log')));
}

export interface ReviewExchange {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly send: Send;
  /**
   * Returns undefined if too many reviews of the namespace wait already. `turnOut` is called when that is so later. `secretBytes`:
   * the memory of the Secrets that the review keeps; it is called again for later ones.
   */
  readonly mayWait: (namespace: string | undefined, turnOut: () => void, secretBytes: number) => Lease | undefined;
}

/**
 * Responds in the same turn of the event loop if the decision does not have to wait (fast/README.md). `body`: for a recording;
 * undefined if it was too large to be kept.
 */
export function answer(
  read: ReadBody,
  exchange: ReviewExchange,
  services: ReviewServices,
  body: Buffer | undefined,
): void {
  const start = performance.now();
  const { send } = exchange;
  if ('problem' in read) return reject(services, read.code, read.problem, send);
  const { review } = read;
  const probe = review.request.dryRun ? probeAnswer(review, exchange.endpoint) : undefined;
  if (probe !== undefined) return send(200, answerText(probe));
  const failed = (error: unknown): void => fail(services, error, review.request.uid, send);
  const { context } = services.current;
  const { namespace } = review.request;
  const recording = services.recorder?.begin({ endpoint: exchange.endpoint, namespace, body, context });
  const shared: Attempt = { exchange, services, context, start };
  attempt(review, { ...shared, recording }, (error) => {
    recording?.drop();
    const flat = tooDeepReview(error, review);
    if (flat === undefined) failed(error);
    else attempt(flat, shared, failed);
  });
}

interface Attempt {
  readonly exchange: ReviewExchange;
  readonly services: ReviewServices;
  readonly context: Context;
  readonly recording?: Recording | undefined;
  /** A value of performance.now(). */
  readonly start: number;
}

function attempt(
  review: Review,
  { exchange, services, context, recording, start }: Attempt,
  onError: (error: unknown) => void,
): void {
  const finish = (decision: ReviewDecision): void => {
    const { answer: body, mutation, decision: decided } = decision;
    const text = responseText(body);
    const durationMs = performance.now() - start;
    record(
      { endpoint: exchange.endpoint, review, decision: decided, mutation, generation: context.generation, durationMs },
      body.response.allowed,
      services,
    );
    exchange.send(200, text);
    recording?.end(text, durationMs);
  };
  try {
    const decision = decide(review, exchange, recording?.context ?? context);
    if (!(decision instanceof Promise)) return finish(decision);
    recording?.wait();
    void decision.then(finish).catch(onError).finally(services.current.wait(context));
  } catch (error) {
    onError(error);
  }
}

interface ReviewDecision extends Pick<ReviewRecord, 'decision' | 'mutation'> {
  readonly answer: ReviewAnswer;
}

function decide(review: Review, exchange: ReviewExchange, context: Context): MaybePromise<ReviewDecision> {
  // Nothing is looked up, so nothing waits.
  if (context.world === undefined) return decideOnce(review, exchange, { context, signal: NEVER });
  const controller = new AbortController();
  const { signal } = controller;
  const { url, mayWait } = exchange;
  const secrets = holdSecrets(context.world);
  const result = decideWithNewFacts(
    { ...context, world: secrets.world },
    (known) => decideOnce(review, exchange, { context: known, signal }),
    isFinal,
  );
  const enter = (turnOut: () => void): Lease | undefined =>
    secrets.wait((bytes) => mayWait(review.request.namespace, turnOut, bytes), turnOut);
  return limitWait(result, controller, { url, enter });
}

const NEVER = new AbortController().signal;

/** New facts cannot improve the decision. */
function isFinal({ decision, mutation }: ReviewDecision): boolean {
  return decision === undefined ? mutation?.findings.length === 0 : decision.allowed;
}

interface Facts {
  readonly context: Context;
  readonly signal: AbortSignal;
}

function decideOnce(
  review: Review,
  { endpoint }: ReviewExchange,
  { context, signal }: Facts,
): MaybePromise<ReviewDecision> {
  const { request } = review;
  const { generation } = context;
  if (endpoint === 'mutate') {
    return whenKnown(mutate(request, context, signal), (mutation) => ({
      decision: undefined,
      mutation,
      answer: mutationReview(review, mutation, generation),
    }));
  }
  return whenKnown(validate(request, context, signal), (decision) => ({
    decision,
    mutation: undefined,
    answer: decisionReview(review, decision, generation),
  }));
}

function record(done: ReviewRecord, allowed: boolean, { log, metrics }: ReviewServices): void {
  const { endpoint, review, decision, mutation, durationMs } = done;
  metrics.countReview(endpoint, review.request.operation, allowed ? 'allow' : 'deny', durationMs / 1000);
  if (decision !== undefined) metrics.countFindings(decision.findings);
  if (decision?.outcome === 'evaluated') metrics.countPolicies(decision.covered);
  if (mutation !== undefined) metrics.countMutation(mutation);
  log.review(done);
}
