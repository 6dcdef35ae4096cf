/** The two listeners, HTTPS for reviews and plain HTTP for operations: the only file that creates Fastify servers. */
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { type ConnectionLimits, type Connections, createConnections } from './connections.ts';
import type { ClientAuthority } from './client-authority.ts';
import type { Connection } from './connection.ts';
import { type CurrentTls, secureOptions } from './current-tls.ts';
import { ReviewRequest } from './fast/review-request.ts';
import type { ReviewListener } from './reviews.ts';

export type AdmissionServer = FastifyInstance<Server>;

/** The API server keeps idle connections for 90 s and does not retry a POST on a connection that the server closes. */
const KEEP_ALIVE_MS = 120_000;
/** Time limit for a whole request; an API server sends it at once and waits at most 30 s for the response. */
const REQUEST_MS = 10_000;
const HANDSHAKE_MS = 5000;
/** Longer than a review takes to arrive. A busy API server uses each of its connections many times a second. */
const LINGER_MS = 1000;

/** Time limits for clients; Node.js checks them once a second. */
const TIMEOUTS = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: REQUEST_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: 1000,
};

/** A TLS connection takes about 60 KB: 24 MB of the 256 MiB that a Pod gets. */
const REVIEW_CONNECTIONS: ConnectionLimits = { open: 400, waiting: 1200 };
const OPERATIONS_CONNECTIONS: ConnectionLimits = { open: 100, waiting: 100 };

export interface RequestHandlers {
  /** Receives every request before Fastify. */
  readonly reviews: ReviewListener;
  readonly onBadUrl: (error: FastifyError, reply: FastifyReply) => void;
}

export function createAdmissionServer(currentTls: CurrentTls, { reviews, onBadUrl }: RequestHandlers): AdmissionServer {
  const connections = createConnections(REVIEW_CONNECTIONS);
  const state = { closing: false };
  const app = Fastify({
    // Fastify sets options only on servers that it creates.
    serverFactory: (handle) => {
      const { settings, identify } = currentTls;
      const tls: ServerOptions = {
        ...secureOptions(settings),
        ALPNProtocols: ['http/1.1'],
        requestCert: settings.clients !== undefined,
      };
      const patience = { ...TIMEOUTS, handshakeTimeout: HANDSHAKE_MS, pauseOnConnect: true };
      // A client without an accepted certificate gets an HTTP error with the reason; kubelet probes have no certificate.
      const options = { ...tls, ...patience, rejectUnauthorized: false, IncomingMessage: ReviewRequest };
      const server = createServer<typeof ReviewRequest>(options, (request, response) => {
        const connection = connections.of(request.socket);
        if (connection === undefined) {
          // The connection has ended meanwhile.
          request.socket.destroy();
          return;
        }
        connections.begin(connection, response);
        // The connection ended during an earlier request in the same chunk.
        if (connection.socket.destroyed) return;
        const isLast = (): boolean => state.closing || connections.isNeeded(connection) || isOutdated(connection);
        if (!reviews(request, response, { connection, isLast })) handle(request, response);
      });
      currentTls.attach(server);
      connections.guard(server, identify);
      const isOutdated = settings.clients === undefined ? () => false : watchAuthority(server, connections, currentTls);
      return server;
    },
    frameworkErrors: (error, _request, reply) => onBadUrl(error, reply),
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  // No other route accepts a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  endConnectionsGently(app, connections, state);
  return app;
}

/** Reports whether a connection was verified with a client CA, or names, that are no longer in use. */
function watchAuthority(
  server: Server,
  connections: Connections,
  currentTls: CurrentTls,
): (connection: Connection) => boolean {
  const verifiedBy = new WeakMap<Connection, ClientAuthority | undefined>();
  server.on('secureConnection', (socket) => {
    const connection = connections.of(socket);
    if (connection !== undefined) verifiedBy.set(connection, currentTls.settings.clients);
  });
  return (connection) => verifiedBy.get(connection) !== currentTls.settings.clients;
}

/**
 * Closes without losing a review: each response announces the end of its connection, and an idle connection stays open for a
 * moment. Node.js then waits for requests in progress, but also for connections that sent no request, even without a TLS
 * handshake; this function ends those.
 */
function endConnectionsGently(app: AdmissionServer, connections: Connections, state: { closing: boolean }): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (state.closing) void reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    state.closing = true;
    connections.endWaiting();
    const end = performance.now() + LINGER_MS;
    while (connections.all.size > 0 && performance.now() < end) await delay(20);
    connections.close();
  });
}

export function createOperationsServer(): FastifyInstance {
  const connections = createConnections(OPERATIONS_CONNECTIONS);
  const app = Fastify({
    serverFactory: (handle) => {
      const server = createPlainServer(TIMEOUTS, (request, response) => handle(request, response));
      // One request per connection, because responses to a client that does not read would stay in memory.
      server.maxRequestsPerSocket = 1;
      connections.guard(server);
      return server;
    },
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  app.addHook('preClose', async () => connections.close());
  return app;
}
