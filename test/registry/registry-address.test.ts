/** Each server has one key, and each key has one server: no lookup gets the response of another registry. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readParts } from '../../src/image/grammar.ts';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import type { NodeCredentials } from '../../src/node/node-credentials.ts';
import { addressOf } from '../../src/registry/registry-address.ts';
import { endpointsOf } from '../../src/registry/endpoint.ts';
import { entry, target } from '../support/registry-settings.ts';
import { type FakeClient, fakeClient, MANIFEST, imageLookupOf, referenceOf, sceneOf } from '../lookup/fake-client.ts';

const CONFIGURED = [
  entry('docker.io', { mirrors: [{ location: 'mirror.test/hub', forwardCredentials: false }] }),
  entry('localhost', { insecure: true, allowPrivate: true }),
  entry('localhost:443', { allowPrivate: true }),
  entry('plain.test', { insecure: true }),
  entry('plain.test:80'),
  entry('*.test', { ca: 'x' }),
  entry('[::1]:5000', { insecure: true }),
  entry('mirror.test:8080', { insecure: true }),
];

const MADE = [
  ['docker.io', 'https://registry-1.docker.io', 'docker.io'],
  ['index.docker.io', 'https://registry-1.docker.io', 'docker.io'],
  ['docker.io:443', 'https://docker.io', undefined],
  ['docker.io:0443', 'https://docker.io', undefined],
  ['Docker.io', 'https://docker.io', undefined],
  ['DOCKER.IO:443', 'https://docker.io', undefined],
  ['index.docker.io:443', 'https://index.docker.io', undefined],
  ['registry-1.docker.io', 'https://registry-1.docker.io', undefined],
  ['docker.io:80', 'https://docker.io:80', undefined],
  ['localhost', 'http://localhost', 'localhost'],
  ['localhost:80', 'http://localhost', 'localhost'],
  ['localhost:443', 'https://localhost', 'localhost:443'],
  ['LOCALHOST:00443', 'https://localhost', 'localhost:443'],
  ['localhost:5000', 'https://localhost:5000', undefined],
  ['plain.test', 'http://plain.test', 'plain.test'],
  ['plain.test:443', 'https://plain.test', '*.test'],
  ['plain.test:80', 'http://plain.test', 'plain.test'],
  ['x.test:443', 'https://x.test', '*.test'],
  ['X.Test', 'https://x.test', '*.test'],
  ['[0:0:0:0:0:0:0:1]:5000', 'http://[::1]:5000', '[::1]:5000'],
  ['[::0001]:05000', 'http://[::1]:5000', '[::1]:5000'],
  ['[::FFFF:7f00:1]', 'https://[::ffff:7f00:1]', undefined],
  ['10.0.0.1:443', 'https://10.0.0.1', undefined],
  ['XN--BCHER-KVA.test', 'https://xn--bcher-kva.test', '*.test'],
] as const;

test.each(MADE)('%s is queried at %s with the entry %s', (host, url, of) => {
  const domain = referenceOf(`${host}/team/app`).domain;
  const address = addressOf(domain, CONFIGURED);
  expect([address?.base.origin, address?.entry?.host]).toEqual([url, of]);
});

test.each([
  ['docker.io:0443', 'docker.io', true],
  ['DOCKER.IO:000443', 'index.docker.io', true],
  ['docker.io:0443', 'docker.io:443', false],
  ['docker.io:00443', 'Docker.io', false],
  ['a.test:0443', 'a.test', true],
  ['[0:0:0:0:0:0:0:1]:05000', '[::1]:5000', true],
  ['[::1]', '[0::1]:443', true],
  ['*', 'web', false],
  ['*', 'localhost', true],
  ['*', '[fd00::1]', false],
  ['*:5000', '[fd00::1]:5000', false],
  ['10.0.0.*', '10.0.0.7', true],
])('an entry for %s matches %s: %s', (host, image, isAbout) => {
  const { domain } = referenceOf(`${image}/team/app`);
  expect(addressOf(domain, [entry(host)])?.entry !== undefined).toBe(isAbout);
});

test.each(['127.1', '0x7f.1', '0177.0.0.1', '2130706433:80', '10.0.0.01', '1.2.3', '[1:2]', 'a.test:65536', 'a.b.0x1'])(
  '%s is not queried: it is neither a name nor an address on nodes',
  (host) => {
    expect(addressOf(host, CONFIGURED)).toBeUndefined();
    expect(() => endpointsOf(target(`${host}/x`), { registries: CONFIGURED, access: 'any' })).toThrow(
      `${host} is not a valid registry host`,
    );
  },
);

const spelled = (text: string) =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((upper) => {
    return text.replaceAll(/[a-z]/g, (letter, at: number) => (upper[at] ? letter.toUpperCase() : letter));
  });

const HOSTS = [
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'localhost',
  'plain.test',
  'a.test',
  'mirror.test',
];
const ADDRESSES = [
  '127.0.0.1',
  '127.1',
  '010.0.0.1',
  '[::1]',
  '[0:0::1]',
  '[::0:1]',
  '[::FFFF:7f00:1]',
  'xn--bcher-kva.test',
];
const host = fc.oneof(fc.constantFrom(...HOSTS).chain(spelled), fc.constantFrom(...HOSTS, ...ADDRESSES));
const port = fc.constantFrom(
  '',
  ':443',
  ':80',
  ':5000',
  ':8080',
  ':0443',
  ':00080',
  ':05000',
  ':0',
  ':65535',
  ':65536',
);
const domain = fc
  .tuple(host, port)
  .map(([name, number]) => readParts(`${name}${number}/team/app`)?.domain ?? '')
  .filter((text) => text !== '');
const registries = fc
  .subarray([
    ...CONFIGURED,
    entry('a.test', { mirrors: [{ location: 'docker.io/x', forwardCredentials: true }] }),
    entry('a.test:80', { insecure: true }),
    entry('127.0.0.1', { insecure: true }),
    entry('[::1]'),
    entry('registry-1.docker.io:80', { insecure: true }),
    entry('*.io:443'),
  ])
  .chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));

describe('two spellings of a registry', () => {
  test('with equal keys have equal URLs and entries, and with other URLs have other keys', () => {
    fc.assert(
      fc.property(domain, domain, registries, (one, other, entries) => {
        const [a, b] = [addressOf(one, entries), addressOf(other, entries)];
        if (a === undefined || b === undefined) return;
        expect(a.key === b.key).toBe(a.base.href === b.base.href && a.entry === b.entry);
      }),
      { numRuns: 3000 },
    );
  });

  test('query the registry and its mirrors at the URL in the key', () => {
    fc.assert(
      fc.property(domain, registries, (one, entries) => {
        const address = addressOf(one, entries);
        if (address === undefined) return;
        const { registry, mirrors } = endpointsOf(target(`${one}/team/app`), { registries: entries, access: 'any' });
        expect([registry.key, registry.base.href]).toEqual([address.key, address.base.href]);
        for (const mirror of mirrors) {
          const [at = ''] = (mirror.mirror ?? '').split('/');
          expect([mirror.key, mirror.base.href]).toEqual([
            addressOf(at, entries)?.key,
            addressOf(at, entries)?.base.href,
          ]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('share a cached response only with the same server and credential', async () => {
    await fc.assert(
      fc.asyncProperty(domain, domain, registries, async (one, other, entries) => {
        const addresses = [addressOf(one, entries), addressOf(other, entries)];
        if (addresses.includes(undefined)) return;
        const names: string[] = [];
        const node: NodeCredentials = {
          credentialsFor: (reference) => {
            names.push(reference.domain);
            return { credentials: [], problems: [] };
          },
        };
        const scene = sceneOf(clientWith(entries), { node });
        const answers = [];
        for (const name of [one, other]) answers.push(await scene.lookUp(imageLookupOf(`${name}/team/app`)));
        expect(answers.map((fact) => (fact.state === 'yes' ? fact.value.mediaType : fact))).toEqual(
          addresses.map((address) => address?.base.href),
        );
        // By the spelling in the image, as in the kubelet.
        expect(names).toEqual([one, other].map((name) => referenceOf(`${name}/team/app`).domain));
      }),
      { numRuns: 300 },
    );
  });
});

/** Responds with the URL of the request. */
function clientWith(entries: Parameters<typeof addressOf>[1]): FakeClient {
  const client = fakeClient(({ reference }) => ({
    ...MANIFEST,
    mediaType: addressOf(reference.domain, entries)?.base.href ?? '',
  }));
  const real = createRegistryClient({ registries: entries, access: 'any' }, { env: {} });
  client.registryKey = (reference) => real.registryKey?.(reference) ?? '';
  return client;
}

test.each([
  ['docker.io:443/library/nginx:1', 'docker.io/library/nginx:1', 2],
  ['Docker.io/library/nginx:1', 'docker.io/library/nginx:1', 2],
  ['Docker.io/library/nginx:1', 'docker.io:443/library/nginx:1', 1],
  ['index.docker.io/library/nginx:1', 'docker.io/library/nginx:1', 1],
  ['index.docker.io:443/library/nginx:1', 'docker.io/library/nginx:1', 2],
  ['registry-1.docker.io/library/nginx:1', 'docker.io/library/nginx:1', 2],
  ['localhost:443/app:1', 'localhost/app:1', 2],
  ['localhost:80/app:1', 'localhost/app:1', 1],
  ['plain.test:443/app:1', 'plain.test/app:1', 2],
  ['A.test:443/app:1', 'a.test/app:1', 1],
  ['[0:0::1]:5000/app:1', '[::1]:5000/app:1', 1],
] as const)('%s and %s need %d requests', async (one, other, times) => {
  const scene = sceneOf(clientWith(CONFIGURED));
  await scene.lookUp(imageLookupOf(one));
  await scene.lookUp(imageLookupOf(other));
  expect(scene.client.requests).toHaveLength(times);
});
