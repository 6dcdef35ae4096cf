/**
 * The connections of a server: how many there may be at once, shared by address, and the end of those whose other end does not do
 * its part. One beyond its share waits, before its TLS handshake costs anything, until others have ended: to turn it away
 * would be a failed call of an API server, and an open gate under `failurePolicy: Ignore`.
 */
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createBeginnings } from './beginnings.ts';
import { createPool, type Lease } from './pool.ts';
import { createWaitingLine } from './waiting-line.ts';

/** For a turn, and for an answer to be read. */
const PATIENCE_MS = 10_000;
const SWEEP_MS = 1000;

export interface Connection {
  readonly address: string;
  /** The one below TLS. */
  readonly socket: Socket;
  /** The one that answers are written to: above TLS, once the handshake is done. */
  top: Socket;
  /** A request has come. */
  asked: boolean;
  /** Why its client may not ask for a review, if so. */
  refusal: ClientRefusal | undefined;
  /** Its place among all. */
  readonly place: Lease;
  /** Of bodies under way; given back when it ends. */
  readonly leases: Set<Lease>;
  /** An answer that is not read; `undefined`: there is none. */
  unread: Unread | undefined;
}

interface Unread {
  /** Bytes of answers so far. */
  readonly written: number;
  readonly since: number;
}

export interface ClientRefusal {
  readonly code: 401 | 403;
  readonly problem: string;
}

/** `undefined`: its certificate is accepted, and from then on it does not count among those that share. */
export type Identify = (socket: TLSSocket) => ClientRefusal | undefined;

export interface ConnectionLimits {
  readonly open: number;
  readonly waiting: number;
}

export interface Connections {
  readonly all: ReadonlySet<Connection>;
  /** Of a request's socket. */
  of(socket: Socket): Connection | undefined;
  /** To be called with each server, before it listens. `identify` is not given where any client may ask. */
  guard(server: Server, identify?: Identify): void;
  endWaiting(): void;
  /** Ends those that have not asked anything, and all that come from now on. */
  close(): void;
  /** Another one of its address waits for a place. */
  isNeeded(connection: Connection): boolean;
}

const CONNECTION = Symbol('connection');
type Marked = Socket & { [CONNECTION]?: Connection };

export function createConnections(limits: ConnectionLimits): Connections {
  // By their other end, since the socket of a request is not the one below its TLS.
  const byPeer = new Map<string, Connection>();
  const all = new Set<Connection>();
  const places = createPool(limits.open);
  const beginInTurn = createBeginnings();
  const line = createWaitingLine(createPool(limits.waiting));

  let isClosed = false;
  const endWaiting = (): void => line.endThoseBefore(Number.POSITIVE_INFINITY);

  const admit = (socket: Socket, begin: () => void): boolean => {
    const place = places.lease(addressOf(socket), 1);
    if (place === undefined) return false;
    const connection = connectionOn(socket, place);
    const peer = peerOf(socket);
    byPeer.set(peer, connection);
    all.add(connection);
    socket.once('close', () => {
      if (byPeer.get(peer) === connection) byPeer.delete(peer);
      all.delete(connection);
      for (const give of connection.leases) give();
      place();
      line.next(admit);
    });
    beginInTurn(socket, begin);
    return true;
  };

  return {
    all,
    of: (socket: Marked) => socket[CONNECTION],
    isNeeded: ({ address }) => line.hasOneOf(address),
    endWaiting,
    close() {
      isClosed = true;
      endWaiting();
      for (const { socket, asked } of all) if (!asked) socket.destroy();
    },
    guard(server, identify) {
      takeOver(server, (socket, begin) => {
        if (isClosed || (!admit(socket, begin) && !line.add(socket, begin))) socket.destroy();
      });
      server.on('secureConnection', (socket: TLSSocket & Marked) => {
        const connection = byPeer.get(peerOf(socket));
        if (connection === undefined) return;
        socket[CONNECTION] = connection;
        connection.top = socket;
        if (identify === undefined) return;
        connection.refusal = identify(socket);
        if (connection.refusal === undefined) connection.place();
      });
      const sweep = setInterval(() => {
        const now = performance.now();
        line.endThoseBefore(now - PATIENCE_MS);
        for (const connection of all) endIfStuck(connection, now);
      }, SWEEP_MS).unref();
      server.once('close', () => clearInterval(sweep));
    },
  };
}

function connectionOn(socket: Socket, place: Lease): Connection {
  const address = addressOf(socket);
  const leases = new Set<Lease>();
  return { address, socket, top: socket, asked: false, refusal: undefined, place, leases, unread: undefined };
}

/** What the server does itself with a connection that comes is done when `begin` is called. */
function takeOver(server: Server, onConnection: (socket: Socket, begin: () => void) => void): void {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    onConnection(socket, () => {
      for (const listener of listeners) listener.call(server, socket);
    });
  });
}

function endIfStuck(connection: Connection, now: number): void {
  const { top, unread } = connection;
  const written = top.bytesWritten;
  if (top.writableLength === 0) connection.unread = undefined;
  // On a busy connection there is an answer on its way at every look, each time another one.
  else if (unread?.written !== written) connection.unread = { written, since: now };
  else if (now - unread.since > PATIENCE_MS) connection.socket.destroy();
}

/** `''` when the other end has gone already. */
function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
