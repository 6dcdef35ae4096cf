/** An HTTPS server on loopback that stands for an API server, and a client of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeEach } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { openClusterApi } from '../../src/cluster/client.ts';
import { type Authority, createAuthority } from '../cluster/certificates.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TlsApiServer {
  readonly url: string;
  readonly port: number;
  readonly authority: Authority;
  /** The common names of the clients of all handshakes; empty without a client certificate. */
  readonly handshakes: string[];
  readonly requests: IncomingMessage[];
  handler: Handler;
  /** Closes the connections that are open. */
  cut(): void;
  close(): Promise<void>;
}

export const respond =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_request, response) =>
    void response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

export async function startTlsApiServer(options: ServerOptions = {}): Promise<TlsApiServer> {
  const authority = await createAuthority();
  const pair = await authority.serverCertificate(['127.0.0.1', 'api.test']);
  const settings = { ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: false, ...options };
  const state: { handler: Handler } = { handler: respond(200, { kind: 'Pod' }) };
  const [handshakes, requests]: [string[], IncomingMessage[]] = [[], []];
  const server = createServer(settings, (request, response) => {
    requests.push(request);
    request.resume();
    state.handler(request, response);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    handshakes.push(String(socket.getPeerCertificate().subject?.CN ?? ''));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `https://127.0.0.1:${port}`,
    port,
    authority,
    handshakes,
    requests,
    cut: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  });
}

/** One server for all tests of a file. Each test starts without requests, and with `body` as the response. */
export async function serverForTests(body: object): Promise<TlsApiServer> {
  const server = await startTlsApiServer();
  beforeEach(() => {
    server.handler = respond(200, body);
    server.requests.length = 0;
    server.handshakes.length = 0;
  });
  afterAll(async () => server.close());
  return server;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export interface KubeconfigParts {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

export function kubeconfigText({ cluster, user = {} }: KubeconfigParts): string {
  return JSON.stringify({
    clusters: [{ name: 'prod', cluster }],
    users: [{ name: 'ann', user }],
    contexts: [{ name: 'x', context: { cluster: 'prod', user: 'ann', namespace: 'shop' } }],
    'current-context': 'x',
  });
}

export function openKubeconfig(
  file: string,
  env: Readonly<Record<string, string>> = {},
  now?: () => number,
): ClusterApi {
  const settings = { mode: 'on', from: '--cluster', kubeconfig: file, context: undefined } as const;
  return openClusterApi(settings, { env, originOf: () => '', ...(now && { now }) });
}
