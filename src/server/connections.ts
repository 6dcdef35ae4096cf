/**
 * The connections of a server: how many there may be at once, shared by address, and the end of those whose other end does not do
 * its part. One beyond its share waits, before its TLS handshake costs anything, until others have ended: to turn it away
 * would be a failed call of an API server, which `failurePolicy: Ignore` lets through. While it waits, those of addresses that
 * hold more end with their next answer, or as soon as they are quiet.
 */
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  addressOf,
  type Connection,
  connectionOf,
  createConnection,
  endIfUnread,
  type Identify,
  isQuiet,
  mark,
  peerOf,
  type Response,
} from './connection.ts';
import { createPool, type Lease, type Pool } from './pool.ts';
import { type Beginnings, createBeginnings } from './tls-handshakes.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** For a place among the open connections. */
const WAITING_MS = 10_000;
const SWEEP_MS = 1000;
/**
 * Requests that may come while an earlier one has no answer. An API server sends one at a time, and all that come with one piece
 * are answered in one turn of the event loop, so a client that sends many delays the others.
 */
const MAX_BEHIND = 8;

export interface ConnectionLimits {
  readonly open: number;
  readonly waiting: number;
}

export interface Connections {
  readonly all: ReadonlySet<Connection>;
  /** Of a request's socket. */
  of(socket: Socket): Connection | undefined;
  /** A request has come. The connection ends if there are too many without an answer. */
  begin(connection: Connection, response: Response): void;
  /** To be called with each server, before it listens. `identify` is not given where any client may send reviews. */
  guard(server: Server, identify?: Identify): void;
  endWaiting(): void;
  /** Ends those that have sent no request, and all that come from now on. */
  close(): void;
  /** Another connection waits for its place, of its address or of one that has fewer. */
  isNeeded(connection: Connection): boolean;
}

interface State {
  /** By their other end, since the socket of a request is not the one below its TLS. */
  readonly byPeer: Map<string, Connection>;
  readonly all: Set<Connection>;
  readonly places: Pool;
  readonly beginInTurn: Beginnings;
  readonly line: WaitingLine;
  isClosed: boolean;
}

export function createConnections(limits: ConnectionLimits): Connections {
  const state: State = {
    byPeer: new Map(),
    all: new Set(),
    places: createPool(limits.open),
    beginInTurn: createBeginnings(),
    line: createWaitingLine(createPool(limits.waiting)),
    isClosed: false,
  };
  const { all, line } = state;
  const endWaiting = (): void => line.endThoseBefore(Number.POSITIVE_INFINITY);
  return {
    all,
    of: connectionOf,
    begin(connection, response) {
      connection.behind = connection.answer?.writableFinished === false ? connection.behind + 1 : 0;
      if (connection.behind > MAX_BEHIND) connection.socket.destroy();
      connection.answer = response;
      connection.since = performance.now();
    },
    isNeeded: (connection) => isNeeded(state, connection),
    endWaiting,
    close() {
      state.isClosed = true;
      endWaiting();
      for (const { socket, answer } of all) if (answer === undefined) socket.destroy();
    },
    guard: (server, identify) => guard(state, server, identify),
  };
}

function isNeeded({ places, line }: State, { address, place }: Connection): boolean {
  if (place === undefined) return false;
  const count = places.heldBy(address);
  return line.addresses().some((waiting) => waiting === address || count >= leastToGive(places, waiting));
}

/** How many places an address must have before one of them is given to another address. */
function leastToGive(places: Pool, other: string): number {
  return places.heldBy(other) + 2;
}

function guard(state: State, server: Server, identify: Identify | undefined): void {
  const { line, all, byPeer } = state;
  takeOver(server, (socket, begin) => {
    if (state.isClosed || (!admit(state, socket, begin) && !line.add(socket, begin))) socket.destroy();
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const connection = byPeer.get(peerOf(socket));
    if (connection !== undefined) secure(connection, socket, identify);
  });
  const sweep = setInterval(() => {
    const now = performance.now();
    line.endThoseBefore(now - WAITING_MS);
    for (const connection of all) {
      endIfUnread(connection, now);
      if (connection.answer?.writableFinished === false) connection.since = now;
    }
    line.next((socket, begin) => admit(state, socket, begin));
  }, SWEEP_MS).unref();
  server.once('close', () => clearInterval(sweep));
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

function secure(connection: Connection, socket: TLSSocket, identify: Identify | undefined): void {
  mark(socket, connection);
  connection.top = socket;
  if (identify === undefined) return;
  connection.rejection = identify(socket);
  if (connection.rejection !== undefined) return;
  connection.place?.();
  connection.place = undefined;
}

/** Gives a new connection a place, if need be that of a quiet connection. */
function admit(state: State, socket: Socket, begin: () => void): boolean {
  const address = addressOf(socket);
  let place = state.places.lease(address, 1);
  while (place === undefined && endQuietOne(state, address)) place = state.places.lease(address, 1);
  return place !== undefined && start(state, socket, { place, begin });
}

/** Only a free place: looking for a quiet connection costs too much for each connection that ends. */
function admitToFreePlace(state: State, socket: Socket, begin: () => void): boolean {
  const place = state.places.lease(addressOf(socket), 1);
  return place !== undefined && start(state, socket, { place, begin });
}

interface Admission {
  readonly place: Lease;
  readonly begin: () => void;
}

function start(state: State, socket: Socket, { place, begin }: Admission): true {
  const { byPeer, all, line, beginInTurn } = state;
  const connection = createConnection(socket, place);
  mark(socket, connection);
  const peer = peerOf(socket);
  byPeer.set(peer, connection);
  all.add(connection);
  socket.once('close', () => {
    if (byPeer.get(peer) === connection) byPeer.delete(peer);
    all.delete(connection);
    for (const release of connection.leases) release();
    connection.place?.();
    line.next((next, beginNext) => admitToFreePlace(state, next, beginNext));
  });
  beginInTurn(socket, () => {
    connection.since = performance.now();
    begin();
  });
  return true;
}

/** Of the address with the most places, the connection that has been quiet for longest. Returns false if there is none. */
function endQuietOne({ all, places }: State, address: string): boolean {
  const now = performance.now();
  const least = leastToGive(places, address);
  const placesOf = ({ address: other }: Connection): number => places.heldBy(other);
  const [worst] = [...all]
    .filter((one) => isQuiet(one, now) && one.place !== undefined && placesOf(one) >= least)
    .sort((one, other) => placesOf(other) - placesOf(one) || one.since - other.since);
  if (worst === undefined) return false;
  worst.socket.destroy();
  worst.place?.();
  worst.place = undefined;
  return true;
}
