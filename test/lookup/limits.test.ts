/** Limits for untrusted names and responses, what a response proves, and what revocation removes. */
import { describe, expect, test } from 'vitest';
import type { RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import type { Attempt } from '../../src/lookup/attempts.ts';
import type { FoundManifest } from '../../src/registry/client.ts';
import type { ImageKey } from '../../src/lookup/image-key.ts';
import type { SharedValue, SharedValues } from '../../src/lookup/registry-fetch.ts';
import { platformIn, readManifest } from '../../src/registry/manifest.ts';
import type { NodeCredentials } from '../../src/node/node-credentials.ts';
import { runProgram } from '../../src/node/run-program.ts';
import { shownRegistries } from '../../src/config/registry-schema.ts';
import { DIGEST, fakeClient, INDEX, imageLookupOf, sceneOf, shown } from './fake-client.ts';

const LONG = `${'a'.repeat(300)}.io/web:1`;
const digestAt = (index: number): string => `sha256:${index.toString(16).padStart(64, '0')}`;
const indexOf = (count: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: Array.from({ length: count }, (_, at) => ({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: digestAt(at),
        size: 1,
        platform: { os: 'linux', architecture: `a${at}` },
      })),
    }),
  );

describe('a limit applies to', () => {
  test('registry names that are too long for DNS, which are neither queried nor cached', async () => {
    const client = fakeClient();
    const fact = await sceneOf(client).lookUp(imageLookupOf(LONG, ['ci:x@reg.io']));
    expect(shown(fact)).toBe('unknown blocked: the registry name is longer than DNS allows');
    expect(client.requests).toEqual([]);
  });

  test('platforms in a cached index', () => {
    expect(() => readManifest(indexOf(500), INDEX, 'reg.io')).not.toThrow();
    expect(() => readManifest(indexOf(501), INDEX, 'reg.io')).toThrow('lists more than 500 manifests');
    expect(platformIn({ os: 'linux', architecture: 'a'.repeat(65) })).toBeUndefined();
  });

  test('programs, which are not run for a registry that is not allowed', async () => {
    const queried: string[] = [];
    const node: NodeCredentials = {
      credentialsFor({ domain }) {
        queried.push(domain);
        return { credentials: [], problems: [] };
      },
    };
    const client = { ...fakeClient(), mayQuery: ({ domain }: { readonly domain: string }) => domain === 'reg.io' };
    const scene = sceneOf(client, { node });
    for (const image of ['evil.io/web:1', 'reg.io/web:1']) await scene.lookUp(imageLookupOf(image));
    expect(queried).toEqual(['reg.io']);
  });
});

describe('that an image does not exist', () => {
  test('is unknown if node credentials are not configured', async () => {
    const none = fakeClient(() => 'notFound');
    expect((await sceneOf(none).lookUp(imageLookupOf('reg.io/web:1'))).state).toBe('unknown');
    const node: NodeCredentials = { credentialsFor: () => ({ credentials: [], problems: [] }) };
    expect((await sceneOf(none, { node }).lookUp(imageLookupOf('reg.io/web:1'))).state).toBe('no');
  });

  test('is known from a lookup with a credential of the Pod', async () => {
    const none = fakeClient(() => 'notFound');
    expect((await sceneOf(none).lookUp(imageLookupOf('reg.io/web:1', ['ci:x@reg.io']))).state).toBe('no');
  });
});

const proves = (fact: RegistryFact<RegistryImage>): unknown =>
  fact.state === 'yes' ? fact.value.provesPull : fact.state;

describe('a response proves that a kubelet can pull', () => {
  const login = ['ci:x@reg.io'];
  const mirrored = { digest: DIGEST, mediaType: INDEX, mirror: 'mirror.io' };
  test.each<
    [string, Parameters<typeof fakeClient>[0], Parameters<typeof imageLookupOf>[2], readonly string[], unknown]
  >([
    ['with a credential that the registry accepted', () => 'found', {}, login, true],
    ['anonymously, without credentials', () => 'found', {}, [], true],
    ['but not if it comes from a mirror', () => mirrored, {}, login, false],
    [
      'but not anonymously after its own credential was rejected',
      (_target, user) => (user === '' ? 'found' : 'unauthenticated'),
      { incompleteReason: 'one is not known' },
      login,
      false,
    ],
  ])('%s', async (_what, answer, extra, logins, expected) => {
    expect(proves(await sceneOf(fakeClient(answer)).lookUp(imageLookupOf('reg.io/web:1', logins, extra)))).toBe(
      expected,
    );
  });
});

test('an image that the registry has revoked does not return from other replicas', async () => {
  const kept = new Map<string, SharedValue<FoundManifest>>();
  const name = ({ text }: ImageKey, { identity }: Attempt): string => `${text} ${identity}`;
  const shared: SharedValues<FoundManifest> = {
    get: async (key, attempt) => kept.get(name(key, attempt)),
    set: (key, attempt, answer) => void kept.set(name(key, attempt), answer),
    delete: (key, attempt) => void kept.delete(name(key, attempt)),
  };
  let says: 'found' | 'forbidden' | 'unreachable' = 'found';
  const scene = sceneOf(
    fakeClient(() => says),
    { shared },
  );
  const lookUp = async (): Promise<string> =>
    shown(await scene.lookUp(imageLookupOf('reg.io/web:1', ['ci:x@reg.io'], { staleMs: 600_000 })));
  expect(await lookUp()).toMatch(/^yes /);
  scene.clock.ms += 61_000;
  says = 'forbidden';
  expect(await lookUp()).toMatch(/^unknown forbidden: /);
  scene.clock.ms += 31_000;
  says = 'unreachable';
  expect(await lookUp()).toMatch(/^unknown unreachable: /);
});

test.each([
  ['a file instead of a directory', { file: '/dev/null/program' }],
  ['an argument with NUL', { file: 'true', args: ['a\0b'] }],
])('a program with %s cannot be started', async (_what, program) => {
  const ended = await runProgram({ args: [], env: {}, input: '', timeoutMs: 1000, ...program });
  expect(ended.state).toBe('failed');
});

test.each([
  ['http://user:s3cret@p:3128', 'http://user:***@p:3128'],
  ['http://s3cret@p', 'http://***@p'],
  ['http:user:s3cret@p', 'http://user:***@p'],
  ['http://p:3128', 'http://p:3128'],
])('the proxy %s is shown as %s', (proxy, expected) => {
  expect(shownRegistries([{ host: 'reg.io', proxy }])[0]?.proxy).toBe(expected);
});

test('a refresh gets the current response of the registry, as do concurrent callers', async () => {
  let digest = DIGEST;
  const client = fakeClient(() => ({ digest, mediaType: INDEX, mirror: undefined }));
  const scene = sceneOf(client);
  const lookUp = async (refresh: boolean): Promise<unknown> => {
    const fact = await scene.lookUp(imageLookupOf('reg.io/web:1', [], { refresh }));
    return fact.state === 'yes' ? fact.value.digest : fact.state;
  };
  await lookUp(false);
  digest = digestAt(2);
  scene.clock.ms += 5000;
  expect(await lookUp(false)).toBe(DIGEST);
  expect(await lookUp(true)).toBe(digestAt(2));
  digest = digestAt(3);
  scene.clock.ms += 1000;
  expect([await lookUp(true), await lookUp(false)]).toEqual([digestAt(2), digestAt(2)]);
  expect(client.requests).toHaveLength(2);
});
