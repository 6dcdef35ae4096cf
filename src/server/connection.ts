/** One connection of a server, and whether it is quiet or leaves responses unread. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Lease } from './pool.ts';

/** How long a response can be unread. */
const UNREAD_MS = 10_000;
/**
 * Time since the last response. An API server reuses its recent connections and rarely one that was idle for so long; a request
 * on a connection that is being closed is lost.
 */
const QUIET_MS = 5000;
/** Time without a first request; an API server sends it at once. */
const SILENT_MS = 1000;

export interface Connection {
  readonly address: string;
  /** The TCP socket, below TLS. */
  readonly socket: Socket;
  /** The socket for responses: the TLS socket once the handshake is complete. */
  top: Socket;
  /** The response to the last request; undefined: no request so far. */
  answer: Response | undefined;
  /** The number of earlier requests that had no complete response when the next request arrived. */
  behind: number;
  /** Time of the last request, or of the start of the connection (performance.now); moves on until the response is complete. */
  since: number;
  /** undefined: the client can send reviews. */
  rejection: ClientRejection | undefined;
  /** The place among the shared connections; undefined: it does not need one. */
  place: Lease | undefined;
  /** Memory for incoming bodies, released when the connection ends. */
  readonly leases: Lease[];
  /** An unread response; undefined: all are read. */
  unread: UnreadResponse | undefined;
}

interface UnreadResponse {
  /** Bytes of responses so far. */
  readonly written: number;
  readonly since: number;
}

export type Response = Pick<ServerResponse, 'writableFinished'>;

export interface ClientRejection {
  readonly code: 401 | 403;
  readonly problem: string;
}

/** Returns undefined for an accepted certificate; the connection then needs no shared place. */
export type Identify = (socket: TLSSocket) => ClientRejection | undefined;

const CONNECTION = Symbol('connection');
type MarkedSocket = Socket & { [CONNECTION]?: Connection };

/** Returns the connection of a request's socket. */
export function connectionOf(socket: MarkedSocket): Connection | undefined {
  return socket[CONNECTION];
}

export function createConnection(socket: Socket, place: Lease): Connection {
  const address = addressOf(socket);
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
    leases: [],
    unread: undefined,
  };
}

/** Stores the connection in a socket for `connectionOf`. */
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
  // On a busy connection, each check can find a different response in progress.
  else if (unread?.written !== written) connection.unread = { written, since: now };
  else if (now - unread.since > UNREAD_MS) connection.socket.destroy();
}

/** Returns '' if the client has already disconnected. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}

export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
