/**
 * A registry with configurable, usually faulty responses. It records all requests, so that a test can search them for content that
 * must never be sent.
 */
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reaction {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Delays the response until then. */
  readonly after?: Promise<void>;
  /**
   * `hang`: no response. `cut`: the connection ends instead. `cut-body`: it ends within the body. `drip`: single bytes without end.
   * `flood`: many bytes without end.
   */
  readonly how?: 'hang' | 'cut' | 'cut-body' | 'drip' | 'flood';
}

/** `before`: how many requests of the same method and URL came before. */
export type React = (received: Received, before: number) => Reaction;

export interface FaultServer {
  readonly port: number;
  readonly received: readonly Received[];
  /** Requests whose connection is waiting for an answer. */
  readonly waiting: number;
  /** The maximum number of simultaneous requests. */
  readonly mostAtOnce: number;
  /** Sets the responses, and discards the recorded requests. */
  reactWith(react: React): void;
  close(): Promise<void>;
}

/** Starts a server, with HTTPS if `tls` is set. */
export async function startFaultServer(tls?: ServerOptions): Promise<FaultServer> {
  let react: React = () => ({ status: 500 });
  let received: Received[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const sockets = new Set<Socket>();
  const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  server.on('request', (request, response: ServerResponse) => {
    void (async () => {
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      response.once('close', () => (atOnce -= 1));
      const { method = '', url = '', headers } = request;
      const got = { method, url, headers, body: await text(request) };
      const before = received.filter((one) => one.method === method && one.url === url).length;
      received.push(got);
      const reaction = react(got, before);
      await reaction.after;
      perform(reaction, response, method);
    })();
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get received() {
      return received;
    },
    get waiting() {
      return atOnce;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    reactWith(next) {
      react = next;
      received = [];
      mostAtOnce = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function perform(reaction: Reaction, response: ServerResponse, method: string): void {
  const { status = 200, headers = {}, body = '', how } = reaction;
  if (how === 'hang') return;
  if (how === 'cut') {
    response.socket?.destroy();
    return;
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (how === undefined) {
    const bytes = Buffer.from(body);
    response.writeHead(status, { 'content-length': bytes.length }).end(method === 'HEAD' ? undefined : bytes);
  } else {
    response.writeHead(status);
    misbehave(how, response);
  }
}

function misbehave(how: 'cut-body' | 'drip' | 'flood', response: ServerResponse): void {
  if (how === 'cut-body') {
    response.write('{', () => response.socket?.destroy());
    return;
  }
  const chunk = how === 'flood' ? Buffer.alloc(64 * 1024, ' ') : Buffer.from(' ');
  const timer = setInterval(() => response.write(chunk), how === 'flood' ? 1 : 50);
  response.once('close', () => clearInterval(timer));
}

/** A manifest as a registry serves it. */
export function serving(
  { bytes, digest, mediaType }: { readonly bytes: Buffer; readonly digest: string; readonly mediaType: string },
  headers: Readonly<Record<string, string>> = {},
): Reaction {
  return { headers: { 'content-type': mediaType, 'docker-content-digest': digest, ...headers }, body: bytes };
}
