import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { startAdmissionServer, type TestServer } from '../support/admission-server.ts';

const start = async (): Promise<TestServer> =>
  startAdmissionServer((await compose({ kinds: kindTable(), policies: [] })).context);

interface Health {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly reused: boolean;
}

/** Requests /healthz on a connection of the agent; rejects if the connection closes without a response. */
async function health({ url }: TestServer, agent: Agent): Promise<Health> {
  const sent = request(`${url}/healthz`, { agent }).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  await text(response);
  return { status: response.statusCode, connection: response.headers.connection, reused: sent.reusedSocket };
}

test('a request that comes on an idle connection after the stop has begun is answered, and is the last there', async () => {
  const server = await start();
  const agent = new Agent({ keepAlive: true, ca: server.certificate.ca });
  expect(await health(server, agent)).toEqual({ status: 200, connection: 'keep-alive', reused: false });
  const stopped = server.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await health(server, agent)).toEqual({ status: 200, connection: 'close', reused: true });
  await stopped;
});

const port = ({ url }: TestServer): number => Number(new URL(url).port);

test.each([
  { what: 'has no TLS handshake', open: (server: TestServer) => connect(port(server), '127.0.0.1'), event: 'connect' },
  {
    what: 'has one',
    open: (server: TestServer) => connectTls({ port: port(server), host: '127.0.0.1', ca: server.certificate.ca }),
    event: 'secureConnect',
  },
])('a connection that never asks anything and $what does not hold up the stop', async ({ open, event }) => {
  const server = await start();
  const silent = open(server).on('error', () => undefined);
  await once(silent, event);
  const closed = once(silent, 'close');
  await server.stop();
  expect(await closed).toBeDefined();
});
