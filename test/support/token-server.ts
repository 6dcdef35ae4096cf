/** A token server for registries of the distribution project (docs/content/spec/auth): JWT, ES256, with its certificate. */
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../cluster/certificates.ts';

export interface TokenServer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** The certificate that the registry trusts. */
  readonly rootCert: string;
  /** One line for each request: `GET anonymous repository:a:pull`. */
  readonly requests: readonly string[];
  /** Issues a token for any actions, for pushes. */
  tokenFor(repository: string, actions: readonly string[]): string;
  close(): Promise<void>;
}

export interface TokenUser {
  readonly username: string;
  readonly password: string;
  /** The `identitytoken` of the same user. */
  readonly refreshToken: string;
  /** Prefix of the repositories that only this user can pull. */
  readonly privatePrefix: string;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const SERVICE = 'registry, of "tests"';
const ISSUER = 'tidewaiter tests';

export async function startTokenServer(user: TokenUser, lifeS = 300): Promise<TokenServer> {
  const authority = await createAuthority();
  const pair = await authority.serverCertificate(['token.test']);
  const requests: string[] = [];
  const der = /-----BEGIN CERTIFICATE-----([^-]*)/.exec(pair.cert)?.[1]?.replaceAll(/\s/g, '') ?? '';
  const kid = keyId(pair.key);

  const issue = (access: readonly object[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: ISSUER,
      sub: '',
      aud: SERVICE,
      exp: now + lifeS,
      nbf: now - 10,
      iat: now - 10,
      jti: randomUUID(),
      access,
    };
    const head = `${base64(JSON.stringify({ typ: 'JWT', alg: 'ES256', kid, x5c: [der] }))}.${base64(JSON.stringify(claims))}`;
    const signature = sign('sha256', Buffer.from(head), { key: pair.key, dsaEncoding: 'ieee-p1363' });
    return `${head}.${signature.toString('base64url')}`;
  };

  /** `isUser`: true for the user, false for invalid credentials; undefined: anonymous. */
  const answer = (method: string, query: URLSearchParams, isUser: boolean | undefined): Answer => {
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '));
    const name = isUser === undefined ? 'anonymous' : isUser ? user.username : 'nobody';
    requests.push(`${method} ${name} ${scopes.join(' ')}`);
    if (isUser === false) return { status: 401, body: { details: 'incorrect username or password' } };
    const token = issue(scopes.map((scope) => accessOf(scope, isUser === true)));
    return { status: 200, body: method === 'POST' ? { access_token: token } : { token, expires_in: lifeS } };
  };
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', headers } = request;
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const isForm = method === 'POST';
      const query = isForm ? new URLSearchParams(await text(request)) : url.searchParams;
      const isUser = isForm ? query.get('refresh_token') === user.refreshToken : basicUser(headers.authorization);
      // The client must keep the realm's own query parameters.
      const isKept = url.searchParams.get('keep') === 'this' && query.get('service') === SERVICE;
      const { status, body } = isKept ? answer(method, query, isUser) : { status: 400, body: {} };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    realm: `http://127.0.0.1:${port}/token?keep=this`,
    service: SERVICE,
    issuer: ISSUER,
    rootCert: authority.cert,
    requests,
    tokenFor: (name, actions) => issue([{ type: 'repository', name, actions }]),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  /** Returns undefined for an anonymous request. */
  function basicUser(header: string | undefined): boolean | undefined {
    if (header === undefined) return undefined;
    const sent = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString();
    return sent === `${user.username}:${user.password}` || sent === `:${user.refreshToken}`;
  }

  /** Grants fewer actions than requested, without an error, as in the specification. */
  function accessOf(scope: string, isUser: boolean): object {
    const [type = '', name = '', actions = ''] = scope.split(':');
    const isAllowed = isUser || !name.startsWith(user.privatePrefix);
    return { type, name, actions: isAllowed ? actions.split(',') : [] };
  }
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64url');
}

/** Returns the libtrust fingerprint for older registries: base32 of the beginning of a SHA-256, in groups of four. */
function keyId(privateKey: string): string {
  const der = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'der' });
  const bits = [...createHash('sha256').update(der).digest().subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const letters = (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
  return (letters.match(/.{4}/g) ?? []).join(':');
}
