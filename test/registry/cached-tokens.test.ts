/** A cached token saves a request and changes no result: a rejected request is repeated with a new token. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import { type FaultServer, type React, type Reaction, serving, startFaultServer } from '../support/fault-registry.ts';
import { loopback } from '../support/registry-settings.ts';
import { CACHE, clockAt, imageLookupOf } from '../lookup/fake-client.ts';
import { challenge, IMAGE } from './fault-reactions.ts';
import type { RegistrySources } from '../../src/admission/context.ts';

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.close());

const host = (): string => `127.0.0.1:${server.port}`;
const wants = (scope: string): Reaction =>
  challenge(`Bearer realm="http://${host()}/token",service="s",scope="${scope}"`);

interface Sent {
  /** The number of the token, from 1; 0 without one. */
  readonly token: number;
  readonly scope: string;
  /** How often it was sent before. */
  readonly uses: number;
}

interface World {
  /** It has changed between two questions. */
  isLater: boolean;
}

/** Numbered tokens that name their scope. `judge` returns the rejection; `undefined`: the pull is allowed. */
function registry(judge: (sent: Sent, world: World) => Reaction | undefined, world: World): React {
  let last = 0;
  const uses = new Map<string, number>();
  return ({ url, headers }) => {
    const scope = new URL(url, 'http://x').searchParams.get('scope');
    if (scope !== null) return { body: JSON.stringify({ token: `${(last += 1)}~${scope}`, expires_in: 3600 }) };
    const text = headers.authorization?.replace('Bearer ', '') ?? '';
    const [number = '', granted = ''] = text.split('~');
    const before = uses.get(text) ?? 0;
    uses.set(text, before + 1);
    return judge({ token: Number(number), scope: granted, uses: before }, world) ?? serving(IMAGE.manifest);
  };
}

const own = 'repository:team/app:pull';
const forbidden: Reaction = { status: 403 };
const absent: Reaction = { status: 404 };

const ROWS: Readonly<Record<string, (sent: Sent, world: World) => Reaction | undefined>> = {
  'a token that expires early': ({ token }, { isLater }) =>
    token === 0 || (isLater && token === 1) ? wants(own) : undefined,
  'a token that expires early, with 403': ({ token }, { isLater }) => {
    if (token === 0) return wants(own);
    return isLater && token === 1 ? forbidden : undefined;
  },
  'a token that is valid for one request': ({ token, uses }) => (token === 0 || uses > 0 ? wants(own) : undefined),
  'a token that is valid for one request, then 403': ({ token, uses }) => {
    if (token === 0) return wants(own);
    return uses > 0 ? forbidden : undefined;
  },
  'a token of a user who has got access since, to a hidden image': ({ token }, { isLater }) => {
    if (token === 0) return wants(own);
    return isLater && token > 1 ? undefined : absent;
  },
  'a token of a user who has got access since, after 403': ({ token }, { isLater }) => {
    if (token === 0) return wants(own);
    return isLater && token > 1 ? undefined : forbidden;
  },
  'a registry that requests one scope after the other': ({ token, scope }) => {
    if (token === 0) return wants('registry:catalog:*');
    return scope === own ? undefined : wants(own);
  },
  'one scope after the other, and the second token expires': ({ token, scope }, { isLater }) => {
    if (token === 0) return wants('registry:catalog:*');
    return scope === own && !(isLater && token < 3) ? undefined : wants(own);
  },
};

test.each(Object.entries(ROWS))('%s: the second lookup has the result of a first one', async (_what, judge) => {
  const clock = clockAt(1_000_000);
  const world: World = { isLater: false };
  server.reactWith(registry(judge, world));
  const client = createRegistryClient(loopback(host()), { env: {}, now: clock.now });
  const sources = (): RegistrySources => createRegistrySources({ client, settings: CACHE, now: clock.now });
  const lookUp = async (question = imageLookupOf(`${host()}/team/app:1`, [`ci:good@${host()}`])): Promise<unknown> => {
    const fact = await sources().images.lookUp(question, AbortSignal.timeout(10_000));
    return fact.state === 'yes' ? fact.value.digest : fact.failure.cause;
  };
  await lookUp();
  clock.ms += 61_000;
  world.isLater = true;
  expect(await lookUp()).toBe(IMAGE.manifest.digest);
  expect(await lookUp()).toBe(IMAGE.manifest.digest);
  await client.close();
});

test('a registry that always requests another scope is answered a few times', async () => {
  let requested = 0;
  server.reactWith(registry(() => wants(`repository:team/${(requested += 1)}:pull`), { isLater: false }));
  const client = createRegistryClient(loopback(host()), { env: {} });
  const { images } = createRegistrySources({ client, settings: CACHE, now: Date.now });
  const fact = await images.lookUp(imageLookupOf(`${host()}/team/app:1`), AbortSignal.timeout(10_000));
  expect(fact).toMatchObject({ state: 'unknown', failure: { cause: 'unauthenticated' } });
  expect(server.received.length).toBeLessThan(8);
  await client.close();
});

test('a missing image costs one new token if a token is cached, and no more', async () => {
  server.reactWith(registry(({ token }) => (token === 0 ? wants(own) : absent), { isLater: false }));
  const client = createRegistryClient(loopback(host()), { env: {} });
  const lookUp = async (): Promise<number> => {
    const before = server.received.length;
    const { images } = createRegistrySources({ client, settings: CACHE, now: Date.now });
    await images.lookUp(imageLookupOf(`${host()}/team/app:1`), AbortSignal.timeout(10_000));
    return server.received.length - before;
  };
  // Without a token, a token request, with the token; then without a token, with the cached one, a token request, with the new one.
  expect([await lookUp(), await lookUp()]).toEqual([3, 4]);
  await client.close();
});
