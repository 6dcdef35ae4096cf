/** The two listeners, HTTPS for reviews and plain HTTP for operations: the only file that makes Fastify servers. */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { type FastifyInstance, LogController } from 'fastify';

export type GateServer = FastifyInstance<Server>;

/** An API request is limited to 3 MiB and an update carries two objects; controller-runtime takes 7 MiB. */
export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** The API server keeps idle connections for 90 s; a POST that meets our closing them is lost, not retried. */
const KEEP_ALIVE_MS = 120_000;
const REQUEST_MS = 60_000;
/** Longer than a review is on its way to us. A busy API server uses each of its connections many times a second. */
const LINGER_MS = 1000;

/** Bodies arrive as bytes: a review may hold keys (`__proto__`) that a body parser would refuse or drop. */
export function createGateServer({ cert, key }: { readonly cert: string; readonly key: string }): GateServer {
  const app = Fastify({
    https: { cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
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
  endConnectionsGently(app);
  return app;
}

interface Connection {
  readonly socket: Socket;
  asked: boolean;
}

/**
 * At the end no review is lost: each answer says that it is the last on its connection, and a connection between two
 * answers stays open for a moment. Node then waits for requests under way, but also for connections that never asked
 * anything, down to a TCP connection without a TLS handshake: those end here.
 */
function endConnectionsGently(app: GateServer): void {
  let closing = false;
  // By their other end, since the socket of a request is not the one below its TLS.
  const connections = new Map<string, Connection>();
  app.server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const connection = { socket, asked: false };
    connections.set(peer, connection);
    socket.once('close', () => connections.get(peer) === connection && connections.delete(peer));
  });
  app.server.on('request', ({ socket }) => {
    const connection = connections.get(peerOf(socket));
    if (connection !== undefined) connection.asked = true;
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    closing = true;
    const end = performance.now() + LINGER_MS;
    while (connections.size > 0 && performance.now() < end) await delay(20);
    for (const { socket, asked } of connections.values()) if (!asked) socket.destroy();
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

export function createOperationsServer(): FastifyInstance {
  return Fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
}
