/** What strangers choose is bounded, an answer says what it proves, and what is taken back stays away. */
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
import { DIGEST, fakeClient, INDEX, questionOf, sceneOf, shown } from './fake-client.ts';

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

describe('a stranger', () => {
  test('cannot have a registry asked, or remembered, whose name DNS could not hold', async () => {
    const client = fakeClient();
    const fact = await sceneOf(client).ask(questionOf(LONG, ['ci:x@reg.io']));
    expect(shown(fact)).toBe('unknown blocked: the registry name is longer than DNS allows');
    expect(client.asked).toEqual([]);
  });

  test('cannot have an index remembered with more platforms than there are', () => {
    expect(() => readManifest(indexOf(500), INDEX, 'reg.io')).not.toThrow();
    expect(() => readManifest(indexOf(501), INDEX, 'reg.io')).toThrow('lists more than 500 manifests');
    expect(platformIn({ os: 'linux', architecture: 'a'.repeat(65) })).toBeUndefined();
  });

  test('has no program run for a registry that may not be asked', async () => {
    const asked: string[] = [];
    const node: NodeCredentials = {
      credentialsFor({ domain }) {
        asked.push(domain);
        return { credentials: [], problems: [] };
      },
    };
    const client = { ...fakeClient(), mayQuery: ({ domain }: { readonly domain: string }) => domain === 'reg.io' };
    const scene = sceneOf(client, { node });
    for (const image of ['evil.io/web:1', 'reg.io/web:1']) await scene.ask(questionOf(image));
    expect(asked).toEqual(['reg.io']);
  });
});

describe('that there is no image', () => {
  test('nobody can say while nobody has said what nodes hold', async () => {
    const none = fakeClient(() => 'notFound');
    expect((await sceneOf(none).ask(questionOf('reg.io/web:1'))).state).toBe('unknown');
    const node: NodeCredentials = { credentialsFor: () => ({ credentials: [], problems: [] }) };
    expect((await sceneOf(none, { node }).ask(questionOf('reg.io/web:1'))).state).toBe('no');
  });

  test('whoever was asked with a credential of the pod has said', async () => {
    const none = fakeClient(() => 'notFound');
    expect((await sceneOf(none).ask(questionOf('reg.io/web:1', ['ci:x@reg.io']))).state).toBe('no');
  });
});

const proves = (fact: RegistryFact<RegistryImage>): unknown =>
  fact.state === 'yes' ? fact.value.provesPull : fact.state;

describe('an answer proves that a kubelet can pull', () => {
  const login = ['ci:x@reg.io'];
  const mirrored = { digest: DIGEST, mediaType: INDEX, mirror: 'mirror.io' };
  test.each<[string, Parameters<typeof fakeClient>[0], Parameters<typeof questionOf>[2], readonly string[], unknown]>([
    ['with the credential that the registry took', () => 'found', {}, login, true],
    ['without any, where there is none', () => 'found', {}, [], true],
    ['not when a mirror gave it', () => mirrored, {}, login, false],
    [
      'not when its own credential was refused and nobody was let in',
      (_target, user) => (user === '' ? 'found' : 'unauthenticated'),
      { incompleteReason: 'one is not known' },
      login,
      false,
    ],
  ])('%s', async (_what, answer, extra, logins, expected) => {
    expect(proves(await sceneOf(fakeClient(answer)).ask(questionOf('reg.io/web:1', logins, extra)))).toBe(expected);
  });
});

test('what the registry has taken back does not come again from other replicas', async () => {
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
  const ask = async (): Promise<string> =>
    shown(await scene.ask(questionOf('reg.io/web:1', ['ci:x@reg.io'], { staleMs: 600_000 })));
  expect(await ask()).toMatch(/^yes /);
  scene.clock.ms += 61_000;
  says = 'forbidden';
  expect(await ask()).toMatch(/^unknown forbidden: /);
  scene.clock.ms += 31_000;
  says = 'unreachable';
  expect(await ask()).toMatch(/^unknown unreachable: /);
});

test.each([
  ['a file in the place of a folder', { file: '/dev/null/program' }],
  ['an argument that no program can get', { file: 'true', args: ['a\0b'] }],
])('%s is a program that cannot be started', async (_what, program) => {
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

test('who wants to know anew is told what the registry says now, and all who come with him', async () => {
  let digest = DIGEST;
  const client = fakeClient(() => ({ digest, mediaType: INDEX, mirror: undefined }));
  const scene = sceneOf(client);
  const ask = async (anew: boolean): Promise<unknown> => {
    const fact = await scene.ask(questionOf('reg.io/web:1', [], { refresh: anew }));
    return fact.state === 'yes' ? fact.value.digest : fact.state;
  };
  await ask(false);
  digest = digestAt(2);
  scene.clock.ms += 5000;
  expect(await ask(false)).toBe(DIGEST);
  expect(await ask(true)).toBe(digestAt(2));
  digest = digestAt(3);
  scene.clock.ms += 1000;
  expect([await ask(true), await ask(false)]).toEqual([digestAt(2), digestAt(2)]);
  expect(client.asked).toHaveLength(2);
});
