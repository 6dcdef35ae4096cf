/** Health, readiness, metrics, and version over plain HTTP, on a separate port. */
import type { FastifyInstance } from 'fastify';
import { createOperationsServer } from './http.ts';
import type { Metrics } from './metrics.ts';
import { statusBody } from './status.ts';

export interface Operations {
  readonly version: string;
  readonly metrics: Metrics;
  /** Returns why the server is not ready; undefined: it is ready. */
  notReady(): string | undefined;
  /** Lines about what does not work although the server is ready; undefined: everything works. */
  degraded?(): readonly string[] | undefined;
}

/** The methods that routes need, of Fastify servers with and without TLS. */
interface Routes {
  get: FastifyInstance['get'];
}

export function addHealth(app: Routes, operations: Operations): void {
  app.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const reason = operations.notReady();
    return reply
      .code(reason === undefined ? 200 : 503)
      .type('text/plain')
      .send(`${reason ?? ['ok', ...(operations.degraded?.() ?? [])].join('\n')}\n`);
  });
}

export function buildOperations(operations: Operations): FastifyInstance {
  const app = createOperationsServer();
  addHealth(app, operations);
  app.get('/version', () => ({ version: operations.version }));
  app.get('/metrics', async (request, reply) => {
    // doctor reads the metrics through the API server.
    if (request.headers.accept === 'application/json') return { metrics: await operations.metrics.json() };
    const { contentType, text } = await operations.metrics.exposition();
    return reply.type(contentType).send(text);
  });
  app.setNotFoundHandler((_request, reply) => {
    return reply
      .code(404)
      .send(statusBody(404, 'not found; this port serves GET /healthz, /readyz, /metrics, and /version'));
  });
  return app;
}
