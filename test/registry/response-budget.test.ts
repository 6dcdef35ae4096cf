/** Memory stays bounded whatever registries send, and other registries are not delayed. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createResponseBudget, type Lease, SMALL_BYTES } from '../../src/registry/response-budget.ts';
import { createBodyBuffer } from '../../src/registry/body-buffer.ts';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { hasTooManyValues } from '../../src/registry/response-json.ts';
import { MAX_MANIFEST_BYTES } from '../../src/registry/manifest.ts';
import { loopback, target } from '../support/registry-settings.ts';
import { failureOf } from './test-hosts.ts';
import { IMAGE } from './fault-reactions.ts';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;
const { bytes, mediaType, digest } = IMAGE.manifest;

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of close.splice(0).toReversed()) await one();
});

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** One server that is a different registry at each of its addresses: 127.0.0.1, 127.0.0.2, … */
async function serverOf(serve: Serve): Promise<(which: number) => string> {
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    if (request.method === 'HEAD') response.writeHead(405).end();
    else serve(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  close.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (which) => `127.0.0.${which + 1}:${port}`;
}

function clientOf(...hosts: readonly string[]): HttpRegistryClient {
  const client = createRegistryClient(loopback(...hosts), { env: {} });
  close.push(() => client.close());
  return client;
}

/** Shared by all responses, because the server runs in the measured process. */
const ALMOST = Buffer.alloc(4 * MIB - 1, ' ');
const PIECE = Buffer.alloc(64 * 1024, ' ');
/** Six bytes on the wire, one in the response. */
const CRUMBS = Buffer.from('1\r\n \r\n'.repeat(2000));

/** Sends endlessly, as fast as the client reads. */
function endless(response: ServerResponse, piece: Buffer): void {
  const go = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', go);
  };
  go();
}

/** The same at the socket: each byte is its own chunk. */
function crumbs(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) return;
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${mediaType}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const go = (): void => {
    while (!socket.destroyed && socket.write(CRUMBS));
    if (!socket.destroyed) socket.once('drain', go);
  };
  go();
}

const ATTACKS: Readonly<Record<string, Serve>> = {
  'endless manifests': (_request, response) => {
    response.writeHead(200, { 'content-type': mediaType });
    endless(response, PIECE);
  },
  'manifests with a length, and without a body': (_request, response) => {
    response.writeHead(200, { 'content-type': mediaType, 'content-length': 4 * MIB });
    response.write(ALMOST);
  },
  'manifests in chunks of one byte': (_request, response) => crumbs(response),
  'endless errors': (_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    endless(response, PIECE);
  },
  'endless tokens': (request, response) => {
    if (request.url?.startsWith('/token') === true) {
      response.writeHead(200);
      endless(response, PIECE);
    } else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` }).end();
  },
};

/** The maximum growth of the process's memory. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, used())), 5);
  await work();
  clearInterval(timer);
  return peak - before;
}

describe('sixty registries send', () => {
  test.each(Object.entries(ATTACKS))('%s: memory is bounded, and another registry responds', async (_what, serve) => {
    const evil = await serverOf(serve);
    const good = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': digest }).end(bytes);
    });
    const hosts = Array.from({ length: 60 }, (_, which) => evil(which));
    const client = clientOf(...hosts, good(0));
    const end = new AbortController();
    const peak = await peakOf(async () => {
      const pending = hosts.flatMap((host, which) =>
        [1, 2, 3].map((tag) => {
          const question = { ...target(`${host}/x:${tag}`), tenant: `evil-${which % 3}` };
          return client.manifest(question, end.signal).catch(() => undefined);
        }),
      );
      await new Promise((resolve) => void setTimeout(resolve, 300));
      const found = await client.manifest({ ...target(`${good(0)}/web:1`), tenant: 'shop' }, NEVER);
      expect(found.digest).toBe(digest);
      end.abort();
      await Promise.all(pending);
    });
    expect(peak).toBeLessThan(150 * MIB);
  });
});

describe('a large response', () => {
  /** 200 KiB. */
  const large = Buffer.from(bytes.toString().replace('{', `{${' '.repeat(200_000)}`));

  test('of one namespace is received while stalled responses of others use all places', async () => {
    const evil = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-type': mediaType, 'content-length': 4 * MIB });
      response.write('{');
    });
    const good = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-type': mediaType }).end(large);
    });
    const hosts = Array.from({ length: 12 }, (_, which) => evil(which));
    const client = clientOf(...hosts, good(0));
    const ended = hosts.map((host, which) =>
      failureOf(client.manifest({ ...target(`${host}/x:1`), tenant: `evil-${which % 6}` }, AbortSignal.timeout(3000))),
    );
    await new Promise((resolve) => void setTimeout(resolve, 100));
    const found = await client.manifest({ ...target(`${good(0)}/web:1`), tenant: 'shop' }, NEVER);
    expect(found.mediaType).toBe(mediaType);
    const words = new Set((await Promise.all(ended)).map(({ failure }) => failure.message.replace(/^\S+ /, '')));
    expect(words).toContain('sent its response slowly while responses for other namespaces waited');
  });

  test.each([
    ['is read to the last byte that registries take', MAX_MANIFEST_BYTES, undefined],
    [
      'is not read when it says that it has more',
      MAX_MANIFEST_BYTES + 1,
      `returned more than ${MAX_MANIFEST_BYTES} bytes`,
    ],
  ])('%s', async (_what, length, words) => {
    for (const says of [true, false]) {
      const body = Buffer.from(bytes.toString().replace('{', `{${' '.repeat(length - bytes.length)}`));
      const host = await serverOf((_request, response) => {
        response.writeHead(200, { 'content-type': mediaType, ...(says ? { 'content-length': length } : {}) });
        response.write(body.subarray(0, 10));
        response.end(body.subarray(10));
      });
      const pending = clientOf(host(0)).manifest(target(`${host(0)}/web:1`), NEVER);
      if (words === undefined) expect((await pending).mediaType).toBe(mediaType);
      else expect((await failureOf(pending)).failure.message).toBe(`${host(0)} ${words}`);
    }
  });

  test.each<[string, string]>([
    ['objects', `{"x":[${'{},'.repeat(300_000)}{}]}`],
    ['lists', `{"x":[${'[],'.repeat(300_000)}[]]}`],
    ['lists in lists', `{"x":${'['.repeat(300_000)}${']'.repeat(300_000)}}`],
    ['numbers', `{"x":[${'1,'.repeat(300_000)}1]}`],
    ['keys', `{${Array.from({ length: 300_000 }, (_, at) => `"${at}":1`).join()}}`],
  ])('of too many %s is not parsed', async (_what, text) => {
    const host = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-type': mediaType }).end(text);
    });
    const { failure } = await failureOf(clientOf(host(0)).manifest(target(`${host(0)}/web:1`), NEVER));
    expect(failure).toMatchObject({
      cause: 'protocol',
      message: `${host(0)} returned a manifest that has more than 250000 values`,
    });
  });

  test.each([
    ['texts that only look like values', `{"x":"${',:[{'.repeat(100_000)}"}`],
    ['escaped quotes', `{"x":"${'\\",'.repeat(100_000)}"}`],
    ['nothing', ''],
  ])('has not too many values because of %s', (_what, text) => {
    expect(hasTooManyValues(Buffer.from(text))).toBe(false);
  });
});

describe('a host with many callers', () => {
  test('is not reported as slow by callers that wait for a turn, and serves another namespace', async () => {
    const hung: ServerResponse[] = [];
    const host = await serverOf((request, response) => {
      if (request.url?.includes('/web/') === true) response.writeHead(200, { 'content-type': mediaType }).end(bytes);
      else hung.push(response);
    });
    const client = clientOf(host(0));
    const lookUp = (image: string, tenant: string, signal: AbortSignal): Promise<unknown> =>
      client.manifest({ ...target(`${host(0)}/${image}`), tenant }, signal);
    const end = new AbortController();
    const ended = Array.from({ length: 24 }, (_, at) => failureOf(lookUp(`x${at}:1`, 'evil', end.signal)));
    await vi.waitFor(() => expect(hung).toHaveLength(8), 5000);
    expect(await lookUp('web:1', 'shop', NEVER)).toMatchObject({ digest });
    end.abort();
    const failures = (await Promise.all(ended)).map(({ failure: { cause, message } }) => `${cause}: ${message}`);
    expect(new Set(failures)).toEqual(
      new Set([
        `tooMany: ${host(0)} did not respond while requests of other namespaces waited`,
        `timeout: ${host(0)} did not respond in time`,
        `tooMany: ${host(0)} was not contacted: too many requests to it are in progress`,
      ]),
    );
  });
});

describe('the budget', () => {
  const open = (budget: ReturnType<typeof createResponseBudget>, tenant: string, group = tenant): Lease =>
    budget.open({ tenant, group, signal: NEVER });

  test('has no more than two large places for one namespace, or for one host', async () => {
    for (const [tenants, groups] of [
      [
        ['a', 'a', 'a'],
        ['x', 'y', 'z'],
      ],
      [
        ['a', 'b', 'c'],
        ['x', 'x', 'x'],
      ],
    ] as const) {
      const budget = createResponseBudget(MAX_MANIFEST_BYTES);
      const leases = tenants.map((tenant, at) => open(budget, tenant, groups[at]));
      const granted: number[] = [];
      leases.forEach((lease, at) => void lease.grow(SMALL_BYTES + 1).then(() => granted.push(at)));
      await new Promise((resolve) => void setImmediate(resolve));
      expect(granted).toEqual([0, 1]);
      leases[0]?.close();
      await new Promise((resolve) => void setImmediate(resolve));
      expect(granted).toEqual([0, 1, 2]);
      for (const lease of leases) lease.close();
    }
  });

  test('ends the wait at the deadline of the caller, with a message', async () => {
    const budget = createResponseBudget(MAX_MANIFEST_BYTES);
    for (const tenant of ['a', 'b', 'c', 'd']) await open(budget, tenant).grow(SMALL_BYTES + 1);
    const late = budget.open({ tenant: 'shop', group: 'reg.io', signal: AbortSignal.timeout(20) });
    await expect(late.grow(SMALL_BYTES + 1)).rejects.toThrow(
      'responded, but was not read: too many responses are being read',
    );
  });

  test('lends each memory to one response at a time, with one memory for each large place', async () => {
    const budget = createResponseBudget(MAX_MANIFEST_BYTES);
    const seen = new Set<Buffer>();
    for (let round = 0; round < 3; round += 1) {
      const leases = ['a', 'a', 'b', 'b'].map((tenant, at) => open(budget, tenant, `${at}`));
      await Promise.all(leases.map((lease) => lease.grow(SMALL_BYTES)));
      expect(leases.map(({ memory }) => memory)).toEqual([undefined, undefined, undefined, undefined]);
      await Promise.all(leases.map((lease) => lease.grow(SMALL_BYTES + 1)));
      const lent = leases.map(({ memory }) => memory ?? expect.fail('none is lent'));
      expect(new Set(lent).size).toBe(4);
      for (const memory of lent) seen.add(memory);
      for (const lease of leases) {
        lease.close();
        lease.close();
      }
    }
    expect([seen.size, [...seen].every(({ length }) => length === MAX_MANIFEST_BYTES)]).toEqual([4, true]);
  });

  test('takes back a place that a response gets after its end', async () => {
    const budget = createResponseBudget(MAX_MANIFEST_BYTES);
    const first = ['a', 'a', 'b', 'b'].map((tenant, at) => open(budget, tenant, `${at}`));
    await Promise.all(first.map((lease) => lease.grow(SMALL_BYTES + 1)));
    const gone = open(budget, 'c');
    const late = gone.grow(SMALL_BYTES + 1);
    gone.close();
    for (const lease of first) lease.close();
    await late;
    expect(gone.memory).toBe(undefined);
    const next = ['a', 'a', 'b', 'b'].map((tenant, at) => open(budget, tenant, `${at}`));
    await Promise.all(next.map((lease) => lease.grow(SMALL_BYTES + 1)));
  });

  test('keeps all bytes, whatever the chunks are', () => {
    const whole = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 251));
    for (const size of [1, 7, 4096, 9999, 10_000]) {
      for (const length of [undefined, 10, 10_000]) {
        const body = createBodyBuffer(10_000, length);
        const memory = Buffer.alloc(10_000);
        for (let at = 0; at < whole.length; at += size) {
          body.offer(whole.subarray(at, at + size));
          // Lent after half of the bytes.
          expect(body.keep(at < 5000 ? undefined : memory)).toBe(true);
        }
        const read = body.read();
        body.offer(Buffer.from('x'));
        expect([body.keep(memory), body.read().length]).toEqual([false, 10_000]);
        memory.fill(0);
        expect(read.equals(whole)).toBe(true);
      }
    }
  });
});
