/** An image name chooses the server, so no response may look like a bug, which would be HTTP 500. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RegistryError } from '../../src/registry/client.ts';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import { basic, loopback, target } from '../support/registry-settings.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const ok = (extra: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${INDEX}\r\nDocker-Content-Digest: sha256:${'a'.repeat(64)}\r\n${extra}\r\n`;
/** For GET only; HEAD is rejected. */
const got = (answer: string): string => `GET${answer}`;
const redirect = (to: string): string => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;
const realm = (url: string): string =>
  `HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm="${url}"\r\nContent-Length: 0\r\n\r\n`;

const ANSWERS: Readonly<Record<string, string>> = {
  nothing: '',
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'HTTP/2 in words': 'HTTP/2 200 OK\r\n\r\n',
  'an upgrade': 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'a status that is too small': 'HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n',
  'a status that is too large': 'HTTP/1.1 99999 X\r\n\r\n',
  'two lengths': ok('Content-Length: 2\r\nContent-Length: 3\r\n'),
  'a negative length': ok('Content-Length: -1\r\n'),
  'a length that is too large': ok('Content-Length: 99999999999999999999\r\n'),
  'NUL in a header': ok('X: a\0b\r\n'),
  'a header that is long': ok(`X: ${'a'.repeat(40_000)}\r\n`),
  'a body of HEAD': `${ok('Content-Length: 2\r\n')}{}`,
  'a redirect to nowhere': redirect('https:///'),
  'a redirect to a script': redirect('javascript:1'),
  'a redirect that is long': redirect(`https://x/${'a'.repeat(70_000)}`),
  'a redirect to port 0': redirect('https://a.b:0/'),
  'a realm that is not a URL': realm('x'),
  'a realm with a password': realm('https://user:p@x/'),
  'a chunk that is short': got(
    `HTTP/1.1 200 OK\r\nContent-Type: ${INDEX}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab`,
  ),
  'a chunk without a size': got(
    `HTTP/1.1 200 OK\r\nContent-Type: ${INDEX}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  ),
  'a body that is short': got(`HTTP/1.1 200 OK\r\nContent-Type: ${INDEX}\r\nContent-Length: 100\r\n\r\n{}`),
};

let server: Server;
let host: string;
let says = '';
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => {
      const isHead = request.toString('latin1').startsWith('HEAD');
      const refused = 'HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n';
      const answer = says.startsWith('GET') ? (isHead ? refused : says.slice(3)) : says;
      socket.end(Buffer.from(answer, 'latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => server.close());

test.each(Object.entries(ANSWERS))('%s is a RegistryError', async (_what, answer) => {
  says = answer;
  for (const question of ['manifest', 'details'] as const) {
    const client = createRegistryClient(loopback(host), { env: {} });
    const pending = client[question](target(`${host}/x:1`, basic('u', 'p')), AbortSignal.timeout(5000));
    const end: unknown = await pending.catch((error: unknown) => error);
    await client.close();
    expect(end instanceof Error && !(end instanceof RegistryError) ? end : undefined).toBeUndefined();
  }
});
