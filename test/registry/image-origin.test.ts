/** The source and the revision of images in a real registry: labels, annotations, and their precedence. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import type { RegistryDetails } from '../../src/policy/registry-fact.ts';
import { makeImage, type MadeImage, makeIndex, pushImage, pushIndex, type PushTarget } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import { dockerRegistryMissing, type RunningRegistry, startRegistry } from '../support/registry-process.ts';
import { loopback, soon, target } from '../support/registry-settings.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const TIME = '2026-02-03T04:05:06Z';

const keys = (source?: string, revision?: string): Record<string, string> => ({
  ...(source === undefined ? {} : { 'org.opencontainers.image.source': source }),
  ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
});

type Extra = NonNullable<Parameters<typeof makeImage>[3]>;
const image = (extra: Extra = {}, platform = AMD64): MadeImage => makeImage(platform, TIME, 'oci', extra);

interface Row {
  readonly single?: MadeImage;
  readonly index?: ReturnType<typeof makeIndex>;
  readonly origin: RegistryDetails['origin'];
}

const LABELS = keys('https://example.com/base', 'base');
const LONG = `https://example.com/${'a'.repeat(600)}`;

const ROWS: Readonly<Record<string, Row>> = {
  'no labels': { single: image(), origin: { source: undefined, revision: undefined } },
  'labels of the configuration': {
    single: image({ labels: LABELS }),
    origin: { source: 'https://example.com/base', revision: 'base' },
  },
  'annotations before labels': {
    single: image({ labels: LABELS, annotations: keys('https://example.com/own', 'own') }),
    origin: { source: 'https://example.com/own', revision: 'own' },
  },
  'an annotated source without the revision of the labels': {
    single: image({ labels: LABELS, annotations: keys('https://example.com/own') }),
    origin: { source: 'https://example.com/own', revision: undefined },
  },
  'labels with a source before an annotation without one': {
    single: image({ labels: LABELS, annotations: keys(undefined, 'own') }),
    origin: { source: 'https://example.com/base', revision: 'base' },
  },
  'only an annotated revision': {
    single: image({ annotations: keys(undefined, 'own') }),
    origin: { source: undefined, revision: 'own' },
  },
  'an empty label': { single: image({ labels: keys(' ') }), origin: { source: undefined, revision: undefined } },
  'a long label': {
    single: image({ labels: keys(LONG) }),
    origin: { source: `${LONG.slice(0, 511)}…`, revision: undefined },
  },
  'the first image of an index': {
    index: makeIndex([image({ labels: LABELS }), image({ labels: keys('https://example.com/arm') }, ARM64)]),
    origin: { source: 'https://example.com/base', revision: 'base' },
  },
  'the first image of an index that states platforms and times': {
    index: makeIndex([image({ labels: LABELS }), image({}, ARM64)], 'oci', { created: TIME }),
    origin: { source: 'https://example.com/base', revision: 'base' },
  },
  'annotations of the index first': {
    index: makeIndex([image({ labels: LABELS, annotations: keys('https://example.com/own') })], 'oci', {
      annotations: keys('https://example.com/index', 'index'),
      created: TIME,
    }),
    origin: { source: 'https://example.com/index', revision: 'index' },
  },
};

describeWith(dockerRegistryMissing, 'the origin of images', () => {
  let registry: RunningRegistry;
  let client: HttpRegistryClient;
  let at: PushTarget;

  beforeAll(async () => {
    registry = await startRegistry('docker-registry', { kind: 'open' });
    client = createRegistryClient(loopback(registry.host), { env: {} });
    at = { origin: registry.origin, repository: 'team/app' };
  }, 30_000);
  afterAll(async () => {
    await client.close();
    await registry.stop();
  });

  test.each(Object.entries(ROWS))('is %s', async (name, { single, index, origin }) => {
    const tag = name.replaceAll(' ', '-');
    if (single !== undefined) await pushImage(at, single, tag);
    if (index !== undefined) await pushIndex(at, index, tag);
    const wanted = { ...target(`${registry.host}/team/app:${tag}`), withOrigin: true };
    expect((await client.details(wanted, soon())).origin).toEqual(origin);
  });

  test('is not looked up for rules', async () => {
    await pushImage(at, image({ labels: LABELS }), 'rules');
    expect((await client.details(target(`${registry.host}/team/app:rules`), soon())).origin).toBeUndefined();
  });

  test('is unknown without the configuration, and the rest is known', async () => {
    const single = image({ labels: keys('https://example.com/other', 'lost') });
    const index = makeIndex([single], 'oci', { created: TIME });
    await pushIndex(at, index, 'lost');
    const config = single.blobs[0]?.digest ?? '';
    await fetch(`${registry.origin}/v2/team/app/blobs/${config}`, { method: 'DELETE' });
    const wanted = { ...target(`${registry.host}/team/app:lost`), withOrigin: true };
    expect(await client.details(wanted, soon())).toMatchObject({
      origin: 'unknown',
      sizeBytes: single.sizeBytes,
      createdMs: Date.parse(TIME),
    });
  });
});
