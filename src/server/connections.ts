/**
 * Limits the connections of a server, shared by address, and ends connections of unresponsive clients. A connection beyond its
 * share waits before its TLS handshake, because closing it would fail a call of an API server, which `failurePolicy: Ignore`
 * then allows. While it waits, connections of addresses with more connections end with their next response, or when quiet.
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

/** How long a connection waits for a place. */
const WAITING_MS = 10_000;
const SWEEP_MS = 1000;
/**
 * The number of requests that can wait for an earlier response. An API server sends one request at a time. All requests in one
 * chunk are handled in one turn of the event loop, so a client that sends many delays the others.
 */
const MAX_BEHIND = 8;

export interface ConnectionLimits {
  readonly open: number;
  readonly waiting: number;
}

export interface Connections {
  readonly all: ReadonlySet<Connection>;
  /** Returns the connection of a request's socket. */
  of(socket: Socket): Connection | undefined;
  /** Counts a request. The connection ends if too many requests have no response. */
  begin(connection: Connection, response: Response): void;
  /** Must be called for each server before it listens. Without `identify`, any client can send reviews. */
  guard(server: Server, identify?: Identify): void;
  endWaiting(): void;
  /** Ends connections without a request, and all new connections. */
  close(): void;
  /** Reports whether a connection of the same address, or of an address with fewer connections, waits for this place. */
  isNeeded(connection: Connection): boolean;
}

interface State {
  /** By remote address and port, because a request has the TLS socket and not the TCP socket. */
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

/** Returns how many places an address must have before it loses a place to another address. */
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

/** Postpones the server's own handling of a new connection until `begin` is called. */
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

/** Gives a new connection a free place, or the place of a quiet connection. */
function admit(state: State, socket: Socket, begin: () => void): boolean {
  const address = addressOf(socket);
  let place = state.places.lease(address, 1);
  while (place === undefined && endQuietOne(state, address)) place = state.places.lease(address, 1);
  return place !== undefined && start(state, socket, { place, begin });
}

/** Gives a connection a free place only, because a search for quiet connections at the end of each connection costs too much. */
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
    for (const release of connection.leases.splice(0)) release();
    connection.place?.();
    line.next((next, beginNext) => admitToFreePlace(state, next, beginNext));
  });
  beginInTurn(socket, () => {
    connection.since = performance.now();
    begin();
  });
  return true;
}

/** Ends the longest quiet connection of the address with the most places. Returns false if no connection is quiet. */
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
