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

/** Asks for the health on a connection of the agent; rejects when the connection is closed without an answer. */
async function health({ url }: TestServer, agent: Agent): Promise<Health> {
  const sent = request(`${url}/healthz`, { agent }).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  await text(response);
  return { status: response.statusCode, connection: response.headers.connection, reused: sent.reusedSocket };
}

test('a request that comes on an idle connection after the stop has begun is answered, and is the last there', async () => {
  const gate = await start();
  const agent = new Agent({ keepAlive: true, ca: gate.certificate.ca });
  expect(await health(gate, agent)).toEqual({ status: 200, connection: 'keep-alive', reused: false });
  const stopped = gate.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await health(gate, agent)).toEqual({ status: 200, connection: 'close', reused: true });
  await stopped;
});

const port = ({ url }: TestServer): number => Number(new URL(url).port);

test.each([
  { what: 'has no TLS handshake', open: (gate: TestServer) => connect(port(gate), '127.0.0.1'), event: 'connect' },
  {
    what: 'has one',
    open: (gate: TestServer) => connectTls({ port: port(gate), host: '127.0.0.1', ca: gate.certificate.ca }),
    event: 'secureConnect',
  },
])('a connection that never asks anything and $what does not hold up the stop', async ({ open, event }) => {
  const gate = await start();
  const silent = open(gate).on('error', () => undefined);
  await once(silent, event);
  const closed = once(silent, 'close');
  await gate.stop();
  expect(await closed).toBeDefined();
});
