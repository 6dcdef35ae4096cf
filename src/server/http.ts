/** The two listeners, HTTPS for reviews and plain HTTP for operations: the only file that makes Fastify servers. */
import type { Server } from 'node:https';
import Fastify, { type FastifyInstance, LogController } from 'fastify';

export type GateServer = FastifyInstance<Server>;

/** An API request is limited to 3 MiB and an update carries two objects; controller-runtime takes 7 MiB. */
export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** The API server keeps idle connections for 90 s; a POST that meets our closing them is lost, not retried. */
const KEEP_ALIVE_MS = 120_000;
const REQUEST_MS = 60_000;

/** Bodies arrive as bytes: a review may hold keys (`__proto__`) that a body parser would refuse or drop. */
export function createGateServer(tls: { readonly cert: string; readonly key: string }): GateServer {
  const app = Fastify({
    https: { ...tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  closeConnectionsAtTheEnd(app);
  return app;
}

/** While closing, each answer says that it is the last on its connection; then nothing keeps the process alive. */
function closeConnectionsAtTheEnd(app: GateServer): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done();
  });
}

export function createOperationsServer(): FastifyInstance {
  return Fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
}
