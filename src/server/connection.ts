/** One connection of a server, and when it is quiet or does not read its answers. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Lease } from './pool.ts';

/** For an answer to be read. */
const UNREAD_MS = 10_000;
/**
 * Since its last answer. An API server uses the same of its connections again and again, and those that it has not used for
 * so long hardly ever; a request that meets the end of its connection is lost.
 */
const QUIET_MS = 5000;
/** Without any request so far: an API server sends one at once. */
const SILENT_MS = 1000;

export interface Connection {
  readonly address: string;
  /** The one below TLS. */
  readonly socket: Socket;
  /** The one that answers are written to: above TLS, once the handshake is done. */
  top: Socket;
  /** To the last request; `undefined`: none has come. */
  answer: Response | undefined;
  /** Requests before that one whose answer was not on its way when the next one came. */
  behind: number;
  /** When that began, or the connection. Until the answer is there it goes on. */
  since: number;
  /** undefined: its client can send reviews. */
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

export type Response = Pick<ServerResponse, 'writableFinished'>;

export interface ClientRejection {
  readonly code: 401 | 403;
  readonly problem: string;
}

/** `undefined`: its certificate is accepted, and from then on it does not count among those that share. */
export type Identify = (socket: TLSSocket) => ClientRejection | undefined;

const CONNECTION = Symbol('connection');
type MarkedSocket = Socket & { [CONNECTION]?: Connection };

/** Returns the connection of a request's socket. */
export function connectionOf(socket: MarkedSocket): Connection | undefined {
  return socket[CONNECTION];
}

export function createConnection(socket: Socket, place: Lease): Connection {
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

/** For `connectionOf`. */
export function mark(socket: MarkedSocket, connection: Connection): void {
  socket[CONNECTION] = connection;
}

export function isQuiet({ answer, since }: Connection, now: number): boolean {
  if (answer === undefined) return now - since >= SILENT_MS;
  return answer.writableFinished && now - since >= QUIET_MS;
}

/** Ends a connection whose client does not read. */
export function endIfUnread(connection: Connection, now: number): void {
  const { top, unread } = connection;
  const written = top.bytesWritten;
  if (top.writableLength === 0) connection.unread = undefined;
  // On a busy connection there is an answer on its way at every look, each time another one.
  else if (unread?.written !== written) connection.unread = { written, since: now };
  else if (now - unread.since > UNREAD_MS) connection.socket.destroy();
}

/** `''` when the other end has gone already. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}

export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
