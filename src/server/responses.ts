/**
 * How answers go out, and how much memory those take that are not read: nothing makes a client read, and the answer to a small
 * review can be thirty times as large. Beyond a limit the connections end that have left an answer unread for longest; a
 * client that reads is never among them, since what it gets is soon in the buffers of the kernel. Nor is an API server ever
 * among those that end because they send more and more requests without reading: it waits for each answer.
 */
import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

const UNREAD_BYTES = 8 * 1024 * 1024;
/** Answers that may wait behind each other on one connection: all that come with one piece of it are made before any is sent. */
const BEHIND_BYTES = 64 * 1024;
/** On each connection one answer of this size is not counted. Nearly all are smaller, and to count costs. */
const SMALL_BYTES = 16 * 1024;

export interface Answer {
  readonly code: number;
  readonly text: string;
  /** On its connection. */
  readonly isLast: boolean;
}

export type SendAnswer = (response: ServerResponse, connection: Connection, answer: Answer) => void;

interface Unread {
  bytes: number;
  readonly forget: () => void;
}

export function createAnswers(limitBytes = UNREAD_BYTES): SendAnswer {
  /** In the order in which they began to be unread. */
  const unread = new Map<Connection, Unread>();
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

  /** All but the last one, whose answer may be larger than all that there is room for. */
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

/** No other answer is on its way there. */
function isNext({ socket }: ServerResponse, { top }: Connection): boolean {
  return socket !== null && top.writableLength === 0;
}

function write(response: ServerResponse, { code, text, isLast }: Answer, bytes: number, onRead?: () => void): void {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes,
    ...(isLast ? { connection: 'close' } : {}),
    // An API server then sends the review again, up to ten times within its own time limit.
    ...(code === 503 ? { 'retry-after': '1' } : {}),
  };
  response.writeHead(code, headers).end(text, onRead);
}
