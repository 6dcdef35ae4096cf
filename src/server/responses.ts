/**
 * Sends responses and limits the memory of unread responses: a client need not read, and the response to a small review can be
 * thirty times as large. Beyond a limit, the connection whose response has been unread for longest ends, which never affects a
 * client that reads, because its responses are soon in the buffers of the kernel. A connection also ends if it sends more and
 * more requests without reading, which never affects an API server, because it waits for each response.
 */
import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

const UNREAD_BYTES = 8 * 1024 * 1024;
/** Limits responses waiting on one connection: all requests in one chunk are handled before the first response is sent. */
const BEHIND_BYTES = 64 * 1024;
/** One response of up to this size per connection is not counted. Nearly all are smaller, and counting costs time. */
const SMALL_BYTES = 16 * 1024;

export interface Answer {
  readonly code: number;
  readonly text: string;
  /** True for the last response on its connection. */
  readonly isLast: boolean;
}

export type SendAnswer = (response: ServerResponse, connection: Connection, answer: Answer) => void;

interface UnreadResponse {
  bytes: number;
  readonly forget: () => void;
}

export function createAnswers(limitBytes = UNREAD_BYTES): SendAnswer {
  /** UnreadResponse responses, oldest first. */
  const unread = new Map<Connection, UnreadResponse>();
  let total = 0;

  function add(connection: Connection, bytes: number): void {
    total += bytes;
    const known = unread.get(connection);
    if (known !== undefined) {
      known.bytes += bytes;
      return;
    }
    const forget = (): void => {
      const { bytes: left } = unread.get(connection) ?? { bytes: 0 };
      unread.delete(connection);
      total -= left;
    };
    unread.set(connection, { bytes, forget });
    connection.socket.once('close', forget);
  }

  function read(connection: Connection, bytes: number): void {
    const known = unread.get(connection);
    if (known === undefined) return;
    total -= bytes;
    known.bytes -= bytes;
    if (known.bytes > 0) return;
    unread.delete(connection);
    connection.socket.off('close', known.forget);
  }

  /** Ends connections, oldest first, but not the last one, whose response may be larger than the limit. */
  function makeRoom(): void {
    for (const [connection, { forget }] of unread) {
      if (total <= limitBytes || unread.size === 1) return;
      forget();
      connection.socket.destroy();
    }
  }

  return (response, connection, answer) => {
    const bytes = Buffer.byteLength(answer.text);
    const isFirst = isNext(response, connection);
    if (bytes <= SMALL_BYTES && isFirst) return write(response, answer, bytes);
    if (!isFirst && (unread.get(connection)?.bytes ?? 0) > BEHIND_BYTES) return void connection.socket.destroy();
    add(connection, bytes);
    write(response, answer, bytes, () => read(connection, bytes));
    makeRoom();
  };
}

/** Reports whether no other response is in progress on the connection. */
function isNext({ socket }: ServerResponse, { top }: Connection): boolean {
  return socket !== null && top.writableLength === 0;
}

function write(response: ServerResponse, { code, text, isLast }: Answer, bytes: number, onRead?: () => void): void {
  const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(bytes)];
  if (isLast) headers.push('connection', 'close');
  // An API server then retries the review, up to ten times within its own time limit.
  if (code === 503) headers.push('retry-after', '1');
  response.writeHead(code, headers).end(text, onRead);
}
