/**
 * The two endpoints of the webhook, below the framework: what it does for each request costs more than a review. It serves all
 * other routes.
 */
import type { ServerResponse } from 'node:http';
import { type MaybePromise, whenKnown } from '../admission/at-once.ts';
import type { Context } from '../admission/context.ts';
import { mutate, type Mutation } from '../admission/mutate.ts';
import {
  answerText,
  mutationReview,
  readReview,
  type Review,
  type ReviewAnswer,
  verdictReview,
} from '../admission/review.ts';
import { validate, type Verdict } from '../admission/validate.ts';
import { type GateRequest, parseBody, receiveBody } from './body.ts';
import { withDeadline } from './deadline.ts';
import type { Endpoint, Metrics } from './metrics.ts';
import { statusBody } from './status.ts';

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

export interface ServerLog {
  review(record: ReviewRecord): void;
  /** A body that is no review. */
  refused(code: number, message: string): void;
  /** A bug of ours. */
  failed(error: unknown, uid: string | undefined): void;
}

export interface Reviewing {
  readonly context: Context;
  readonly log: ServerLog;
  readonly metrics: Metrics;
}

/** False: the request is not for us, and nothing of it was touched. */
export type ReviewListener = (request: GateRequest, response: ServerResponse) => boolean;

/** `isLast`: the connection ends with the answer that is sent now. */
export function reviewListener(reviewing: Reviewing, isLast: () => boolean): ReviewListener {
  return (request, response) => {
    const endpoint = request.method === 'POST' ? endpointOf(request.url ?? '') : undefined;
    if (endpoint === undefined) return false;
    receiveBody(request, (received) => {
      const send: Send = (code, text) => sendJson(response, { code, text, isLast: isLast() || code === 413 });
      if ('body' in received) answer({ endpoint, url: request.url ?? '', body: received.body }, reviewing, send);
      else refuse(reviewing, received.code, received.problem, send);
    });
    return true;
  };
}

interface Reply {
  readonly code: number;
  readonly text: string;
  readonly isLast: boolean;
}

/** Headers as a list of names and values: Node writes them sooner than those of an object. */
function sendJson(response: ServerResponse, { code, text, isLast }: Reply): void {
  const length = String(Buffer.byteLength(text));
  const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', length];
  if (isLast) headers.push('connection', 'close');
  response.writeHead(code, headers).end(text);
}

type Send = (code: number, text: string) => void;

function endpointOf(url: string): Endpoint | undefined {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (path === '/validate') return 'validate';
  return path === '/mutate' ? 'mutate' : undefined;
}

/** `failurePolicy` decides about the object. */
export function refuse({ log, metrics }: Omit<Reviewing, 'context'>, code: number, message: string, send: Send): void {
  log.refused(code, message);
  metrics.refused(code);
  send(code, JSON.stringify(statusBody(code, message)));
}

/** A bug is HTTP 500 without Retry-After, so that nobody asks again and `failurePolicy` decides. */
export function fail(
  { log, metrics }: Omit<Reviewing, 'context'>,
  error: unknown,
  uid: string | undefined,
  send: Send,
): void {
  log.failed(error, uid);
  metrics.refused(500);
  send(500, JSON.stringify(statusBody(500, 'internal error: tidewaiter could not decide; its log says why')));
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly body: Buffer;
}

/** Without waiting where nothing has to be waited for: an answer in the same turn costs a fifth less. */
function answer({ endpoint, url, body }: Asked, reviewing: Reviewing, send: Send): void {
  const start = performance.now();
  let uid: string | undefined;
  const failed = (error: unknown): void => fail(reviewing, error, uid, send);
  try {
    const read = reviewIn(body);
    if ('problem' in read) return refuse(reviewing, 400, read.problem, send);
    const { review } = read;
    uid = review.request.uid;
    const finish = (decided: Decided): void => {
      const text = answerText(decided.answer);
      const { verdict, mutation } = decided;
      const done = { endpoint, review, verdict, mutation, durationMs: performance.now() - start };
      record(done, decided.answer.response.allowed, reviewing);
      return send(200, text);
    };
    const decided = decide(endpoint, review, { context: reviewing.context, url });
    if (decided instanceof Promise) decided.then(finish).catch(failed);
    else finish(decided);
  } catch (error) {
    failed(error);
  }
}

function record(done: ReviewRecord, allowed: boolean, { log, metrics }: Reviewing): void {
  const { endpoint, review, verdict, mutation, durationMs } = done;
  metrics.reviewed(endpoint, review.request.operation, allowed ? 'allow' : 'deny', durationMs / 1000);
  if (verdict !== undefined) metrics.found(verdict.findings);
  if (mutation !== undefined) metrics.mutated(mutation);
  log.review(done);
}

interface Refused {
  readonly problem: string;
}

function reviewIn(body: Buffer): { readonly review: Review } | Refused {
  const parsed = parseBody(body);
  if (!parsed.ok) return { problem: parsed.problem };
  const read = readReview(parsed.value);
  if (read.ok) return { review: read.review };
  return { problem: `not an AdmissionReview that can be answered: ${read.pointer || '/'}: ${read.problem}` };
}

interface Decided extends Pick<ReviewRecord, 'verdict' | 'mutation'> {
  readonly answer: ReviewAnswer;
}

function decide(
  endpoint: Endpoint,
  review: Review,
  { context, url }: { readonly context: Context; readonly url: string },
): MaybePromise<Decided> {
  const { request } = review;
  if (endpoint === 'mutate') {
    const mutation = withDeadline(context, url, (signal) => mutate(request, context, signal));
    return whenKnown(mutation, (known) => mutationDecided(review, known));
  }
  const verdict = withDeadline(context, url, (signal) => validate(request, context, signal));
  return whenKnown(verdict, (known) => verdictDecided(review, known));
}

function verdictDecided(review: Review, verdict: Verdict): Decided {
  return { verdict, mutation: undefined, answer: verdictReview(review, verdict) };
}

function mutationDecided(review: Review, mutation: Mutation): Decided {
  return { verdict: undefined, mutation, answer: mutationReview(review, mutation) };
}
