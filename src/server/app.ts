/** The HTTPS server of the webhook: reviews, health, and errors for all other requests. Does not listen. */
import type { FastifyError, FastifyReply } from 'fastify';
import type { CurrentContext } from './current-context.ts';
import type { CurrentTls } from './current-tls.ts';
import { createAdmissionServer, type AdmissionServer } from './http.ts';
import { addHealth, type Operations } from './operations.ts';
import { fail, reject, type ReviewLog } from './answer.ts';
import type { Recorder } from './recording/recorder.ts';
import { reviewListener } from './reviews.ts';

export interface ServerOptions {
  readonly tls: CurrentTls;
  readonly operations: Operations;
  readonly log: ReviewLog;
  /** undefined: reviews are not recorded. */
  readonly recorder?: Recorder | undefined;
}

export function buildServer(
  current: CurrentContext,
  { tls, operations, log, recorder }: ServerOptions,
): AdmissionServer {
  const { metrics } = operations;
  const services = { log, metrics };
  const answerError = (error: FastifyError, reply: FastifyReply): void => {
    const { statusCode = 500 } = error;
    if (statusCode < 500) reject(services, statusCode, error.message, sendBy(reply));
    else fail(services, error, undefined, sendBy(reply));
  };
  const app = createAdmissionServer(tls, {
    reviews: reviewListener({ current, log, metrics, recorder }),
    onBadUrl: answerError,
  });
  addHealth(app, operations);
  app.setNotFoundHandler(({ method, url }, reply) => {
    const [code, message] = unknownRoute(method, url);
    reject(services, code, message, sendBy(reply));
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply));
  return app;
}

function sendBy(reply: FastifyReply): (code: number, text: string) => void {
  return (code, text) => {
    if (code === 405) void reply.header('allow', 'POST');
    void reply.code(code).type('application/json').send(text);
  };
}

function unknownRoute(method: string, url: string): readonly [number, string] {
  const path = url.split('?', 1)[0];
  if (path === '/validate' || path === '/mutate') {
    return [405, `method ${method} is not allowed; POST an AdmissionReview`];
  }
  return [404, 'not found; this port serves POST /validate and /mutate, GET /healthz and /readyz'];
}
