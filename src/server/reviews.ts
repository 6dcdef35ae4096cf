/**
 * The two endpoints of the webhook, below the framework: what it does for each request costs more than a review. It serves all
 * other routes.
 */
import type { ServerResponse } from 'node:http';
import { type MaybePromise, whenKnown } from '../admission/maybe-promise.ts';
import type { Context } from '../admission/context.ts';
import { mutate } from '../admission/mutate.ts';
import { answerText, mutationReview, type Review, type ReviewAnswer, verdictReview } from '../admission/review.ts';
import { validate, type Verdict } from '../admission/validate.ts';
import { createAnswers } from './responses.ts';
import { createArrivals } from './body-admission.ts';
import { HARMLESS_BYTES, waitingBytes } from './parse-body.ts';
import { type Budget, createBudget } from './budget.ts';
import type { Connection } from './connections.ts';
import { withDeadline } from './deadline.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import type { Metrics } from './metrics.ts';
import type { Lease } from './pool.ts';
import { type ReadBody, reviewIn, tooDeepReview, unreadReview } from './parse-review.ts';
import { type ReviewRequest, receiveBody, TOO_LARGE } from './receive-body.ts';
import { statusBody } from './status.ts';
import { createTurns } from './large-reviews.ts';
import type { Mutation } from '../admission/mutation.ts';

/** What happened to one review, for the log. */
export interface ReviewRecord {
  readonly endpoint: Endpoint;
  readonly review: Review;
  /** Of `/validate`. */
  readonly verdict: Verdict | undefined;
  /** Of `/mutate`. */
  readonly mutation?: Mutation | undefined;
  readonly durationMs: number;
}

export interface ReviewLog {
  review(record: ReviewRecord): void;
  /** A body that is no review. */
  rejected(code: number, message: string): void;
  /** A bug of ours. */
  failed(error: unknown, uid: string | undefined): void;
}

export interface ReviewServices {
  readonly context: Context;
  readonly log: ReviewLog;
  readonly metrics: Metrics;
}

/** What a request came on. */
export interface Arrival {
  readonly connection: Connection;
  /** Whether the connection ends with an answer that is sent now. */
  readonly isLast: () => boolean;
}

/** False: the request is not for us, and nothing of it was touched. */
export type ReviewListener = (request: ReviewRequest, response: ServerResponse, arrival: Arrival) => boolean;

export function reviewListener(reviewing: ReviewServices): ReviewListener {
  const budget = createBudget();
  const arrivals = createArrivals(budget);
  const inTurn = createTurns();
  const sendAnswer = createAnswers();
  return (request, response, { connection, isLast }) => {
    const url = request.url ?? '';
    const endpoint = request.method === 'POST' ? endpointOf(url) : undefined;
    if (endpoint === undefined) return false;
    const send: Send = (code, text) =>
      sendAnswer(response, connection, { code, text, isLast: isLast() || ENDING.has(code) });
    const { rejection } = connection;
    if (rejection !== undefined) {
      reject(reviewing, rejection.code, rejection.problem, send);
      return true;
    }
    receiveBody(request, arrivals.begin(connection), (received) => {
      // If it is whole, it counts as long as it waits for its turn, also when its connection ends.
      arrivals.end(connection);
      if ('code' in received) return reject(reviewing, received.code, received.problem, send);
      const taken = { bytes: 'head' in received ? received.head : received.body };
      const mayWait = roomToWait(budget, connection, taken);
      const work = (): void => {
        try {
          // Its client has not waited for its turn.
          if (connection.socket.destroyed) return;
          const read = 'head' in received ? unreadReview(received.head, TOO_LARGE) : reviewIn(received.body);
          answer({ endpoint, url, read, mayWait }, reviewing, send);
        } catch (error) {
          // Called by Node's parser or by a timer: what is thrown further would end the process.
          fail(reviewing, error, undefined, send);
        } finally {
          // A review that waits keeps `mayWait`, and must not keep its body.
          taken.bytes = NOTHING;
          if ('release' in received) received.release();
        }
      };
      if (taken.bytes.length > HARMLESS_BYTES) inTurn(work);
      else work();
    });
    return true;
  };
}

const NOTHING = Buffer.alloc(0);

/** A function of its own, so that it keeps nothing else of a request. */
function roomToWait(budget: Budget, connection: Connection, taken: { readonly bytes: Buffer }): MayWait {
  return (namespace) => budget.waitingRoom(connection, namespace, waitingBytes(taken.bytes));
}

/** Room for a review of this namespace that has to wait, or none. */
type MayWait = (namespace: string | undefined) => Lease | undefined;

/** A client that is told so has nothing more to ask on its connection. */
const ENDING: ReadonlySet<number> = new Set([401, 403, 413]);

type Send = (code: number, text: string) => void;

/** `failurePolicy` decides about the object. */
export function reject(
  { log, metrics }: Omit<ReviewServices, 'context'>,
  code: number,
  message: string,
  send: Send,
): void {
  log.rejected(code, message);
  metrics.countRejection(code);
  send(code, JSON.stringify(statusBody(code, message)));
}

/** A bug is HTTP 500 without Retry-After, so that nobody asks again and `failurePolicy` decides. */
export function fail(
  { log, metrics }: Omit<ReviewServices, 'context'>,
  error: unknown,
  uid: string | undefined,
  send: Send,
): void {
  log.failed(error, uid);
  metrics.countRejection(500);
  send(500, JSON.stringify(statusBody(500, 'internal error: tidewaiter could not decide; its log says why')));
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly read: ReadBody;
  readonly mayWait: MayWait;
}

/** Without waiting where nothing has to be waited for: an answer in the same turn costs a fifth less. */
function answer({ endpoint, url, read, mayWait }: Asked, reviewing: ReviewServices, send: Send): void {
  const start = performance.now();
  if ('problem' in read) return reject(reviewing, read.code, read.problem, send);
  const { uid } = read.review.request;
  const failed = (error: unknown): void => fail(reviewing, error, uid, send);
  const answerTo = (review: Review, onError: (error: unknown) => void): void => {
    const finish = (decided: Decided): void => {
      const text = answerText(decided.answer);
      const { verdict, mutation } = decided;
      const done = { endpoint, review, verdict, mutation, durationMs: performance.now() - start };
      record(done, decided.answer.response.allowed, reviewing);
      return send(200, text);
    };
    try {
      const decided = decide(endpoint, review, { context: reviewing.context, url, mayWait });
      if (decided instanceof Promise) decided.then(finish).catch(onError);
      else finish(decided);
    } catch (error) {
      onError(error);
    }
  };
  answerTo(read.review, (error) => {
    const flat = tooDeepReview(error, read.review);
    if (flat === undefined) failed(error);
    else answerTo(flat, failed);
  });
}

function record(done: ReviewRecord, allowed: boolean, { log, metrics }: ReviewServices): void {
  const { endpoint, review, verdict, mutation, durationMs } = done;
  metrics.countReview(endpoint, review.request.operation, allowed ? 'allow' : 'deny', durationMs / 1000);
  if (verdict !== undefined) metrics.countFindings(verdict.findings);
  if (mutation !== undefined) metrics.countMutation(mutation);
  log.review(done);
}

interface Decided extends Pick<ReviewRecord, 'verdict' | 'mutation'> {
  readonly answer: ReviewAnswer;
}

interface Deciding {
  readonly context: Context;
  readonly url: string;
  readonly mayWait: MayWait;
}

function decide(endpoint: Endpoint, review: Review, { context, url, mayWait }: Deciding): MaybePromise<Decided> {
  const { request } = review;
  const within = { context, url, mayWait: () => mayWait(request.namespace) };
  if (endpoint === 'mutate') {
    const mutation = withDeadline(within, (signal) => mutate(request, context, signal));
    return whenKnown(mutation, (known) => mutationDecided(review, known));
  }
  const verdict = withDeadline(within, (signal) => validate(request, context, signal));
  return whenKnown(verdict, (known) => verdictDecided(review, known));
}

function verdictDecided(review: Review, verdict: Verdict): Decided {
  return { verdict, mutation: undefined, answer: verdictReview(review, verdict) };
}

function mutationDecided(review: Review, mutation: Mutation): Decided {
  return { verdict: undefined, mutation, answer: mutationReview(review, mutation) };
}
