/** Connections through proxies that behave well and badly. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openTunnel } from '../../src/cluster/tunnel.ts';

const TARGET = { host: 'api.test', port: 6443 };

/** Sends each answer after what the client sent; `received` has what came before each of them. */
async function through(
  protocol: string,
  user: string,
  answers: readonly Uint8Array[],
): Promise<{ readonly result: string; readonly received: readonly string[] }> {
  const received: string[] = [];
  const server = createServer((socket: Socket) => {
    let next = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received.push(bytes.toString('latin1'));
      const answer = answers[next];
      next += 1;
      if (answer === undefined) return;
      // One byte at a time.
      for (const byte of answer) socket.write(Buffer.of(byte));
      if (next === answers.length) socket.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy = new URL(`${protocol}//${user}127.0.0.1:${port}`);
  const result = await openTunnel(proxy, TARGET, 300).then(
    async (socket) => `connected: ${await text(socket)}`,
    (error: Error) => `${error.name}: ${error.message.replace(`:${port}`, ':PORT')}`,
  );
  server.close();
  return { result, received };
}

const CONNECT = '\x05\x01\x00\x03\x08api.test\x19\x2b';
const ACCEPTED = Buffer.from('\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00', 'latin1');
const NAMED = Buffer.from('\x05\x00\x00\x03\x04host\x00\x00', 'latin1');
const AT = 'ProxyError: the proxy socks5://127.0.0.1:PORT';

test.each<readonly [string, string, readonly Uint8Array[], string]>([
  ['connects', '', [Buffer.of(5, 0), ACCEPTED], 'connected: '],
  ['reads an address that is a name', '', [Buffer.of(5, 0), NAMED], 'connected: '],
  ['takes a password', 'u:p%40s%@', [Buffer.of(5, 2), Buffer.of(1, 0), ACCEPTED], 'connected: '],
  [
    'rejects a password',
    'u:s3cret@',
    [Buffer.of(5, 2), Buffer.of(1, 1)],
    `${AT} did not connect: Socks5 Authentication failed`,
  ],
  [
    'wants a password',
    '',
    [Buffer.of(5, 255)],
    `${AT} did not connect: Received invalid Socks5 initial handshake (no accepted authentication type)`,
  ],
  [
    'cannot connect',
    '',
    [Buffer.of(5, 0), Buffer.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)],
    `${AT} did not connect: Socks5 proxy rejected connection - ConnectionRefused`,
  ],
  ['ends early', '', [Buffer.of(5)], `${AT} did not connect: Socket closed`],
  ['says nothing', '', [], `${AT} did not connect: Proxy connection timed out`],
])('a SOCKS 5 proxy %s', async (_what, user, answers, expected) => {
  const { result, received } = await through('socks5:', user, answers);
  expect(result).toBe(expected);
  if (expected.startsWith('connected')) expect(received.at(-1)).toBe(CONNECT);
  if (user !== '') expect(received.slice(0, 2)).toEqual(expect.arrayContaining(['\x05\x02\x00\x02']));
  if (user.startsWith('u:p')) expect(received[1]).toBe('\x01\x01u\x06p%40s%');
});

const HTTP = 'ProxyError: the proxy http://127.0.0.1:PORT';

test.each<readonly [string, readonly string[], string]>([
  ['connects', ['HTTP/1.1 200 OK\r\n\r\n'], 'connected: '],
  ['rejects', ['HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n'], `${HTTP} rejected the connection (HTTP 403)`],
  ['is not one', ['SSH-2.0\r\n'], `${HTTP} cannot be reached: HPE_INVALID_CONSTANT`],
  ['ends early', [''], `${HTTP} cannot be reached: ECONNRESET`],
  ['says nothing', [], `${HTTP} cannot be reached: did not respond within 0.3 s`],
])('an HTTP proxy %s', async (_what, answers, expected) => {
  const { result, received } = await through(
    'http:',
    'u:p@',
    answers.map((answer) => Buffer.from(answer)),
  );
  expect(result).toBe(expected);
  expect(received[0]).toMatch(
    /^CONNECT api\.test:6443 HTTP\/1\.1\r\nhost: api\.test:6443\r\nproxy-authorization: Basic dTpw\r\n/,
  );
});
