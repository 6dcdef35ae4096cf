/** An OpenID Connect issuer on loopback: discovery and the refresh_token grant. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../cluster/certificates.ts';

export interface IssuerRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

export type Answer = (request: IssuerRequest, response: ServerResponse) => void;

export interface OidcIssuer {
  readonly url: string;
  readonly ca: string;
  readonly requests: IssuerRequest[];
  /** Overrides the answer to the path. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

export const DISCOVERY = '/idp/.well-known/openid-configuration';
export const TOKEN = '/idp/token';

export async function startOidcIssuer({ isSecure = true } = {}): Promise<OidcIssuer> {
  const authority = await createAuthority();
  const requests: IssuerRequest[] = [];
  const answers = new Map<string, Answer>();
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url: path = '', headers } = message;
    const form = Object.fromEntries(new URLSearchParams(await text(message)));
    const request = { path, authorization: headers.authorization, form };
    requests.push(request);
    const answer = answers.get(path) ?? (path === DISCOVERY ? discovery : json(404, {}));
    answer(request, response);
  };
  const listener = (message: IncomingMessage, response: ServerResponse): void => void handle(message, response);
  const server = isSecure
    ? createSecureServer(await authority.serverCertificate(['127.0.0.1']), listener)
    : createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const discovery = json(200, { issuer: `${url}/idp`, token_endpoint: `${url}${TOKEN}` });
  return {
    url: `${url}/idp`,
    ca: authority.cert,
    requests,
    answers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

export const json =
  (status: number, body: unknown): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** `id`: tells tokens apart. */
export function idToken(expiresMs: number, id = 'x'): string {
  const parts = [{ alg: 'none' }, { exp: Math.floor(expiresMs / 1000), id }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2ln`;
}
