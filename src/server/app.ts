/** HTTP in, HTTP out: routes and one error handler around the engine. Builds the server, never listens. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../admission/context.ts';
import { mutate } from '../admission/mutate.ts';
import {
  answerText,
  mutationReview,
  readReview,
  type Review,
  type ReviewAnswer,
  verdictReview,
} from '../admission/review.ts';
import { validate, type Verdict } from '../admission/validate.ts';
import { shownPointer } from '../pod/pointer.ts';
import { readBody } from './body.ts';
import { budgetMs } from './deadline.ts';
import { BODY_LIMIT_BYTES, createGateServer, type GateServer } from './http.ts';
import type { Endpoint } from './metrics.ts';
import { addHealth, type Operations } from './operations.ts';
import { statusBody } from './status.ts';

/** What happened to one review, for the log. */
export interface ReviewRecord {
  readonly endpoint: Endpoint;
  readonly review: Review;
  readonly verdict: Verdict | undefined;
  readonly durationMs: number;
}

export interface ServerLog {
  review(record: ReviewRecord): void;
  /** A body that is no review, or an object that cannot be read. */
  refused(code: number, message: string): void;
  /** A bug of ours. */
  failed(error: unknown, uid: string | undefined): void;
}

export interface ServerOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly operations: Operations;
  readonly log: ServerLog;
}

/** A request that gets an HTTP error: the client's fault, and `failurePolicy` decides about the object. */
class BadRequest extends Error {
  readonly statusCode = 400;
}

export function buildServer(context: Context, options: ServerOptions): GateServer {
  const { tls, operations, log } = options;
  const app = createGateServer(tls);
  addHealth(app, operations);
  addReviews(app, { context, ...options });
  app.setNotFoundHandler((request, reply) => refuse(reply, ...unknownRoute(request)));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const code = error.statusCode ?? 500;
    const message =
      code < 500 ? errorText(code, error) : 'internal error: tidewaiter could not decide; its log says why';
    if (code < 500) log.refused(code, message);
    else log.failed(error, uidOf(request));
    operations.metrics.refused(code);
    return refuse(reply, code, message);
  });
  return app;
}

function refuse(reply: FastifyReply, code: number, message: string): FastifyReply {
  if (code === 405) void reply.header('allow', 'POST');
  return reply.code(code).send(statusBody(code, message));
}

function unknownRoute({ method, url }: FastifyRequest): readonly [number, string] {
  const path = url.split('?', 1)[0];
  if (path === '/validate' || path === '/mutate')
    return [405, `${method} is not answered here: POST an AdmissionReview`];
  return [404, 'this port answers POST /validate and /mutate, GET /healthz and /readyz'];
}

function errorText(code: number, error: FastifyError): string {
  if (code === 413) return `the body is larger than ${BODY_LIMIT_BYTES} bytes`;
  if (code === 415) return 'expected content-type: application/json';
  return error.message;
}

/** Set by the handler as soon as the review is read, so that a later failure can be found in both logs. */
const uids = new WeakMap<FastifyRequest, string>();

function uidOf(request: FastifyRequest): string | undefined {
  return uids.get(request);
}

interface Reviewing extends ServerOptions {
  readonly context: Context;
}

function addReviews(app: GateServer, reviewing: Reviewing): void {
  for (const endpoint of ['validate', 'mutate'] as const) {
    app.post(`/${endpoint}`, async (request, reply) => {
      const text = await answer(endpoint, request, reviewing);
      return reply.type('application/json').send(text);
    });
  }
}

async function answer(
  endpoint: Endpoint,
  request: FastifyRequest,
  { context, log, operations }: Reviewing,
): Promise<string> {
  const start = performance.now();
  const review = reviewIn(request);
  uids.set(request, review.request.uid);
  const { verdict, reviewAnswer } = await decide(endpoint, review, { context, timeout: request.query });
  const text = answerText(reviewAnswer);
  const durationMs = performance.now() - start;
  const decision = reviewAnswer.response.allowed ? 'allow' : 'deny';
  operations.metrics.reviewed(endpoint, review.request.operation, decision, durationMs / 1000);
  if (verdict !== undefined) operations.metrics.found(verdict.findings);
  log.review({ endpoint, review, verdict, durationMs });
  return text;
}

function reviewIn(request: FastifyRequest): Review {
  const body = readBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  if (!body.ok) throw new BadRequest(body.problem);
  const read = readReview(body.value);
  if (!read.ok)
    throw new BadRequest(`not an AdmissionReview that can be answered: ${read.pointer || '/'}: ${read.problem}`);
  return read.review;
}

type Decided = {
  readonly verdict: Exclude<Verdict, { outcome: 'malformed' }> | undefined;
  readonly reviewAnswer: ReviewAnswer;
};

async function decide(
  endpoint: Endpoint,
  review: Review,
  { context, timeout }: { readonly context: Context; readonly timeout: unknown },
): Promise<Decided> {
  if (endpoint === 'mutate')
    return { verdict: undefined, reviewAnswer: mutationReview(review, mutate(review.request)) };
  const controller = new AbortController();
  const query = timeout as { readonly timeout?: unknown } | undefined;
  const timer = setTimeout(() => controller.abort(), budgetMs(query?.timeout));
  try {
    const verdict = await validate(review.request, context, controller.signal);
    if (verdict.outcome === 'malformed')
      throw new BadRequest(`${shownPointer(`/request/object${verdict.pointer}`)}: ${verdict.problem}`);
    return { verdict, reviewAnswer: verdictReview(review, verdict) };
  } finally {
    clearTimeout(timer);
  }
}
