/** The two listeners, HTTPS for reviews and plain HTTP for operations: the only file that makes Fastify servers. */
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { GateRequest } from './body.ts';
import type { ReviewListener } from './reviews.ts';

export type GateServer = FastifyInstance<Server>;

/** The API server keeps idle connections for 90 s; a POST that meets our closing them is lost, not retried. */
const KEEP_ALIVE_MS = 120_000;
const REQUEST_MS = 60_000;
/** Longer than a review is on its way to us. A busy API server uses each of its connections many times a second. */
const LINGER_MS = 1000;

export interface GateHandlers {
  /** Asked first about every request. `isLast`: its connection ends with the answer. */
  readonly reviews: (isLast: () => boolean) => ReviewListener;
  readonly onBadUrl: (error: FastifyError, reply: FastifyReply) => void;
}

export function createGateServer(
  { cert, key }: { readonly cert: string; readonly key: string },
  { reviews, onBadUrl }: GateHandlers,
): GateServer {
  const state: Lifetime = { closing: false, asked: () => undefined };
  const answerReview = reviews(() => state.closing);
  const app = Fastify({
    // Of a server that is made here, Fastify sets no option itself.
    serverFactory: (handle) => {
      const options = { cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;
      const timeouts = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS };
      return createServer<typeof GateRequest>(
        { ...options, ...timeouts, IncomingMessage: GateRequest },
        (request, response) => {
          state.asked(request.socket);
          if (!answerReview(request, response)) handle(request, response);
        },
      );
    },
    frameworkErrors: (error, _request, reply) => onBadUrl(error, reply),
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  // No other route takes a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  endConnectionsGently(app, state);
  return app;
}

interface Lifetime {
  closing: boolean;
  /** Called for each request, so it must cost nothing. */
  asked: (socket: AskingSocket) => void;
}

const ASKED = Symbol('asked');
type AskingSocket = Socket & { [ASKED]?: true };

interface Connection {
  readonly socket: Socket;
  asked: boolean;
}

/**
 * At the end no review is lost: each answer says that it is the last on its connection, and a connection between two
 * answers stays open for a moment. Node then waits for requests under way, but also for connections that never asked
 * anything, down to a TCP connection without a TLS handshake: those end here.
 */
function endConnectionsGently(app: GateServer, state: Lifetime): void {
  // By their other end, since the socket of a request is not the one below its TLS.
  const connections = new Map<string, Connection>();
  app.server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const connection = { socket, asked: false };
    connections.set(peer, connection);
    socket.once('close', () => connections.get(peer) === connection && connections.delete(peer));
  });
  state.asked = (socket) => {
    if (socket[ASKED]) return;
    socket[ASKED] = true;
    const connection = connections.get(peerOf(socket));
    if (connection !== undefined) connection.asked = true;
  };
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (state.closing) void reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    state.closing = true;
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
