/**
 * The connections of a server: how many there may be at once, shared by address, and the end of those whose other end does not do
 * its part. One beyond its share waits, before its TLS handshake costs anything, until others have ended: to turn it away
 * would be a failed call of an API server, and an open gate under `failurePolicy: Ignore`. While it waits, those of addresses that
 * hold more end with their next answer, or as soon as they are quiet.
 */
import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createBeginnings } from './tls-handshakes.ts';
import { createPool, type Lease } from './pool.ts';
import { createWaitingLine } from './waiting-line.ts';

/** For a turn, and for an answer to be read. */
const PATIENCE_MS = 10_000;
const SWEEP_MS = 1000;
/**
 * Since its last answer. An API server uses the same of its connections again and again, and those that it has not used for
 * so long hardly ever; a request that meets the end of its connection is lost.
 */
const QUIET_MS = 5000;
/** Without any request so far: an API server sends one at once. */
const SILENT_MS = 1000;
/**
 * Requests that may come while an earlier one has no answer. An API server sends one at a time, and all that come with one piece
 * have their turn at once: who sends many takes it from the others.
 */
const MAX_BEHIND = 8;

export interface Connection {
  readonly address: string;
  /** The one below TLS. */
  readonly socket: Socket;
  /** The one that answers are written to: above TLS, once the handshake is done. */
  top: Socket;
  /** To the last request; `undefined`: none has come. */
  answer: Answering | undefined;
  /** Requests before that one whose answer was not on its way when the next one came. */
  behind: number;
  /** When that began, or the connection. Until the answer is there it goes on. */
  since: number;
  /** Why its client may not ask for a review, if so. */
  rejection: ClientRejection | undefined;
  /** Its place among all; `undefined`: it does not share them. */
  place: Lease | undefined;
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

type Answering = Pick<ServerResponse, 'writableFinished'>;

export interface ClientRejection {
  readonly code: 401 | 403;
  readonly problem: string;
}

/** `undefined`: its certificate is accepted, and from then on it does not count among those that share. */
export type Identify = (socket: TLSSocket) => ClientRejection | undefined;

export interface ConnectionLimits {
  readonly open: number;
  readonly waiting: number;
}

export interface Connections {
  readonly all: ReadonlySet<Connection>;
  /** Of a request's socket. */
  of(socket: Socket): Connection | undefined;
  /** A request has come. The connection ends if there are too many without an answer. */
  asked(connection: Connection, response: Answering): void;
  /** To be called with each server, before it listens. `identify` is not given where any client may ask. */
  guard(server: Server, identify?: Identify): void;
  endWaiting(): void;
  /** Ends those that have not asked anything, and all that come from now on. */
  close(): void;
  /** Another one waits for its place, of its address or of one that holds fewer. */
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

  /** The fewest places that an address has to hold for it to be asked for one of them. */
  const spare = (address: string): number => places.heldBy(address) + 2;

  /** Of the address that holds most, the one that has been quiet for longest. False: nobody who holds more is quiet. */
  function endQuietOne(address: string): boolean {
    const now = performance.now();
    const least = spare(address);
    const held = ({ address: other }: Connection): number => places.heldBy(other);
    const [worst] = [...all]
      .filter((one) => isQuiet(one, now) && one.place !== undefined && held(one) >= least)
      .sort((one, other) => held(other) - held(one) || one.since - other.since);
    if (worst === undefined) return false;
    worst.socket.destroy();
    worst.place?.();
    worst.place = undefined;
    return true;
  }

  const freePlace = (address: string): Lease | undefined => places.lease(address, 1);

  /** Dearer to ask for than a free one, so not each time that a connection ends. */
  const anyPlace = (address: string): Lease | undefined => {
    let place = freePlace(address);
    while (place === undefined && endQuietOne(address)) place = freePlace(address);
    return place;
  };

  const admitTo = (placeFor: typeof freePlace, socket: Socket, begin: () => void): boolean => {
    const place = placeFor(addressOf(socket));
    if (place === undefined) return false;
    const connection = connectionOn(socket, place);
    mark(socket, connection);
    const peer = peerOf(socket);
    byPeer.set(peer, connection);
    all.add(connection);
    socket.once('close', () => {
      if (byPeer.get(peer) === connection) byPeer.delete(peer);
      all.delete(connection);
      for (const give of connection.leases) give();
      connection.place?.();
      line.next((next, beginNext) => admitTo(freePlace, next, beginNext));
    });
    beginInTurn(socket, () => {
      connection.since = performance.now();
      begin();
    });
    return true;
  };
  const admit = (socket: Socket, begin: () => void): boolean => admitTo(anyPlace, socket, begin);

  return {
    all,
    of: (socket: Marked) => socket[CONNECTION],
    asked(connection, response) {
      connection.behind = connection.answer?.writableFinished === false ? connection.behind + 1 : 0;
      if (connection.behind > MAX_BEHIND) connection.socket.destroy();
      connection.answer = response;
      connection.since = performance.now();
    },
    isNeeded({ address, place }) {
      if (place === undefined) return false;
      const held = places.heldBy(address);
      return line.addresses().some((waiting) => waiting === address || held >= spare(waiting));
    },
    endWaiting,
    close() {
      isClosed = true;
      endWaiting();
      for (const { socket, answer } of all) if (answer === undefined) socket.destroy();
    },
    guard(server, identify) {
      takeOver(server, (socket, begin) => {
        if (isClosed || (!admit(socket, begin) && !line.add(socket, begin))) socket.destroy();
      });
      server.on('secureConnection', (socket: TLSSocket) => {
        const connection = byPeer.get(peerOf(socket));
        if (connection === undefined) return;
        mark(socket, connection);
        connection.top = socket;
        if (identify === undefined) return;
        connection.rejection = identify(socket);
        if (connection.rejection !== undefined) return;
        connection.place?.();
        connection.place = undefined;
      });
      const sweep = setInterval(() => {
        const now = performance.now();
        line.endThoseBefore(now - PATIENCE_MS);
        for (const connection of all) {
          endIfStuck(connection, now);
          if (connection.answer?.writableFinished === false) connection.since = now;
        }
        line.next(admit);
      }, SWEEP_MS).unref();
      server.once('close', () => clearInterval(sweep));
    },
  };
}

function connectionOn(socket: Socket, place: Lease): Connection {
  const address = addressOf(socket);
  const leases = new Set<Lease>();
  const since = performance.now();
  return {
    address,
    socket,
    top: socket,
    answer: undefined,
    behind: 0,
    since,
    rejection: undefined,
    place,
    leases,
    unread: undefined,
  };
}

function mark(socket: Marked, connection: Connection): void {
  socket[CONNECTION] = connection;
}

function isQuiet({ answer, since }: Connection, now: number): boolean {
  if (answer === undefined) return now - since >= SILENT_MS;
  return answer.writableFinished && now - since >= QUIET_MS;
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
