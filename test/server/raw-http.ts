/** HTTP by hand over one TLS connection: what a client library would refuse to send, and what it would hide. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { TestServer } from '../support/admission-server.ts';

export interface RawReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface Connection {
  readonly socket: TLSSocket;
  write(bytes: string | Buffer): void;
  /** The next whole answer; rejects when the connection ends before. */
  reply(): Promise<RawReply>;
  /** Until the server has closed. */
  readonly closed: Promise<void>;
  end(): void;
}

export async function open(
  server: Pick<TestServer, 'url' | 'certificate'>,
  options: ConnectionOptions = {},
): Promise<Connection> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), ca: server.certificate.ca, ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  let received = Buffer.alloc(0);
  let waiting: (() => void) | undefined;
  let ended = false;
  const wake = (): void => waiting?.();
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      ended = true;
      wake();
      resolve();
    });
  });
  // A server that closes while we still send is part of the tests.
  socket.on('error', wake);
  return {
    socket,
    closed,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.destroy(),
    async reply() {
      for (;;) {
        const parsed = parseReply(received);
        if (parsed !== undefined) {
          received = received.subarray(parsed.length);
          return parsed.reply;
        }
        if (ended) throw new Error(`the connection ended after ${JSON.stringify(received.toString())}`);
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
  };
}

function parseReply(bytes: Buffer): { readonly reply: RawReply; readonly length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const length = headEnd + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < length) return undefined;
  return {
    length,
    reply: { status: Number(first.split(' ')[1]), headers, text: bytes.subarray(headEnd + 4, length).toString() },
  };
}

/** The head of a request with a body of `length` bytes. */
export function head(target: string, length: number, extra: readonly string[] = []): string {
  return [
    `POST ${target} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${length}`,
    ...extra,
    '',
    '',
  ].join('\r\n');
}
