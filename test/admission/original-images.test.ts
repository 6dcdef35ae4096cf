/** The original of an image: what the rewrites of the policies turn into it, whatever its author claims. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { patched } from '../../src/admission/change/patched.ts';
import { originalImages } from '../../src/admission/rewrite/original-images.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Labels, Fact } from '../../src/policy/fact.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { cel } from '../../src/policy/rules/cel.ts';
import { readWorkload } from '../pod/fixtures.ts';
import { policyOf, requestFor } from '../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf } from './decide.ts';
import { change, digestOf } from './pinning.ts';

beforeAll(() => cel.ready?.());

const D = digestOf('0');
const hub = (more = ''): string => `{from: "docker.io/**", to: "mirror.example.com/hub/**"${more}}`;
const rewrite = (...entries: readonly string[]): string => `{rewrite: [${entries.join(', ')}]}`;
const HUB = rewrite(hub());
const FLAT = rewrite('{from: "docker.io/**", to: "m.example.com/**"}', '{from: "quay.io/**", to: "m.example.com/**"}');
const CHAIN = rewrite(
  hub(),
  '{from: "mirror.example.com/hub/**", to: "new.example.com/hub/**"}',
  '{from: "new.example.com/hub/*/nginx:2", to: "last.example.com/*/nginx"}',
);

interface Row {
  readonly what: string;
  readonly policies?: readonly string[];
  readonly image: string;
  /** `?`: unknown, with this reason. */
  readonly original: string;
  readonly labels?: Fact<Labels>;
}

const ROWS: readonly Row[] = [
  { what: 'no rewrites', policies: ['{pin: {}}'], image: 'nginx:1', original: 'nginx:1' },
  { what: 'an image that is not in the mirror', image: 'nginx:1', original: 'nginx:1' },
  { what: 'another registry', image: 'quay.io/a/b:1', original: 'quay.io/a/b:1' },
  { what: 'the mirror', image: 'mirror.example.com/hub/library/nginx:1', original: 'docker.io/library/nginx:1' },
  { what: 'no tag', image: 'mirror.example.com/hub/team/web', original: 'docker.io/team/web' },
  {
    what: 'a digest',
    image: `mirror.example.com/hub/team/web:1@${D}`,
    original: `docker.io/team/web:1@${D}`,
  },
  {
    what: 'another path of the mirror',
    image: 'mirror.example.com/own/web:1',
    original: 'mirror.example.com/own/web:1',
  },
  {
    what: 'a name that no image has after the rewrite',
    policies: [rewrite('{from: "docker.io/**", to: "mirror.example.com/**"}')],
    image: 'mirror.example.com/nginx:1',
    original: 'mirror.example.com/nginx:1',
  },
  ...['mode: warn', 'mode: pod', 'when: always', 'when: originUnavailable'].map((how) => ({
    what: how,
    policies: [rewrite(hub(`, ${how}`))],
    image: 'mirror.example.com/hub/a/b:1',
    original: 'docker.io/a/b:1',
  })),
  { what: 'one step of a chain', policies: [CHAIN], image: 'new.example.com/hub/a/b:1', original: 'docker.io/a/b:1' },
  {
    what: 'the middle of a chain',
    policies: [CHAIN],
    image: 'mirror.example.com/hub/a/b:1',
    original: 'docker.io/a/b:1',
  },
  {
    what: 'the end of a chain, by its tag',
    policies: [CHAIN],
    image: 'last.example.com/a/nginx:2',
    original: 'docker.io/a/nginx:2',
  },
  {
    what: 'a tag that the end of the chain does not have',
    policies: [CHAIN],
    image: 'last.example.com/a/nginx:3',
    original: 'last.example.com/a/nginx:3',
  },
  {
    what: 'a tag by default, which a pinned image has no more',
    policies: [rewrite('{from: "docker.io/**:latest", to: "m.example.com/**"}')],
    image: `m.example.com/a/b@${D}`,
    original: `docker.io/a/b@${D}`,
  },
  {
    what: 'a mirror of several registries',
    policies: [FLAT],
    image: 'm.example.com/acme/web:1',
    original:
      '? the rewrites of the policies turn several images into "m.example.com/acme/web:1", for example "docker.io/acme/web:1" and "quay.io/acme/web:1"',
  },
  {
    what: 'a mirror of several registries, with a name that only one of them has',
    policies: [FLAT],
    image: 'm.example.com/etcd:1',
    original: 'quay.io/etcd:1',
  },
  {
    what: 'several policies with the same rewrite',
    policies: [HUB, HUB],
    image: 'mirror.example.com/hub/a/b:1',
    original: 'docker.io/a/b:1',
  },
  {
    what: 'a name that an entry before it rewrites elsewhere',
    policies: [rewrite('{from: "docker.io/library/**", to: "official.example.com/**"}', hub())],
    image: 'mirror.example.com/hub/library/nginx:1',
    original: 'mirror.example.com/hub/library/nginx:1',
  },
  {
    what: 'a pattern that matches in several ways',
    policies: [rewrite('{from: "quay.io/**/y/**", to: "m.example.com/**/x/**"}')],
    image: 'm.example.com/a/x/b/x/c',
    original:
      '? the rewrites of the policies turn several images into "m.example.com/a/x/b/x/c", for example "quay.io/a/y/b/x/c" and "quay.io/a/x/b/y/c"',
  },
  {
    what: 'a policy that only covers images of the origin',
    policies: ['{match: {images: ["docker.io/**"]}, rewrite: [{from: "**", to: "m.example.com/**"}]}'],
    image: 'm.example.com/docker.io/a/b:1',
    original: 'docker.io/a/b:1',
  },
  {
    what: 'an image that the policy does not cover',
    policies: ['{match: {images: ["docker.io/**"]}, rewrite: [{from: "**", to: "m.example.com/**"}]}'],
    image: 'm.example.com/quay.io/a/b:1',
    original: 'm.example.com/quay.io/a/b:1',
  },
  {
    what: 'a policy of another namespace',
    policies: [HUB.replace('{', '{match: {namespaces: [other]}, ')],
    image: 'mirror.example.com/hub/a/b:1',
    original: 'mirror.example.com/hub/a/b:1',
  },
  {
    what: 'a policy of which nobody knows whether it applies',
    policies: [HUB.replace('{', '{match: {namespaceSelector: {matchLabels: {mirror: hub}}}, ')],
    image: 'mirror.example.com/hub/a/b:1',
    original:
      '? cannot determine whether a policy rewrites images to "mirror.example.com/hub/a/b:1": the namespace is away',
    labels: { state: 'unknown', reason: 'the namespace is away' },
  },
  {
    what: 'a policy whose selector matches',
    policies: [HUB.replace('{', '{match: {namespaceSelector: {matchLabels: {mirror: hub}}}, ')],
    image: 'mirror.example.com/hub/a/b:1',
    original: 'docker.io/a/b:1',
    labels: { state: 'yes', value: { mirror: 'hub' } },
  },
  {
    what: 'rewrites in a circle, of policies in different scopes',
    policies: [
      rewrite('{from: "a.example.com/**", to: "b.example.com/**"}'),
      rewrite('{from: "b.example.com/**", to: "a.example.com/**"}'),
    ],
    image: 'a.example.com/x',
    original:
      '? the rewrites of the policies turn several images into "a.example.com/x", for example "b.example.com/x"',
  },
];

function originalsIn(object: JsonObject, policies: readonly Policy[], labels?: Fact<Labels>): readonly string[] {
  const extra = { namespace: 'shop', ...(labels === undefined ? {} : { namespaceLabels: labels }) };
  const originals = originalImages(requestFor(readWorkload(object), extra), policies);
  return Array.from(originals.values(), (fact) => (fact.state === 'yes' ? fact.value.text : `? ${fact.reason}`));
}

test.each(ROWS)('$what: $image', ({ policies = [HUB], image, original, labels }) => {
  const object = podOf(`{containers: [{name: web, image: "${image}"}]}`);
  expect(
    originalsIn(
      object,
      policies.map((spec) => policyOf(spec)),
      labels,
    ),
  ).toEqual([original]);
});

test('every container and image volume has one, unless its image cannot be read', () => {
  const of = (name: string): string => `mirror.example.com/hub/team/${name}`;
  const object = podOf(`{
    initContainers: [{name: a, image: ${of('a')}}],
    containers: [{name: b, image: ${of('b')}}, {name: c, image: "UPPER:"}, {name: d, image: quay.io/d/d}],
    ephemeralContainers: [{name: e, image: ${of('e')}}],
    volumes: [{name: v, image: {reference: ${of('v')}}}]}`);
  const texts = ['docker.io/team/a', 'docker.io/team/b', 'quay.io/d/d', 'docker.io/team/e', 'docker.io/team/v'];
  expect(originalsIn(object, [policyOf(HUB)])).toEqual(texts);
});

test('an image of several fields has one', () => {
  const object = objectOf(
    '{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: p}, spec: {baseImage: mirror.example.com/hub/team/a, tag: v1}}',
  );
  expect(originalsIn(object, [policyOf(HUB)])).toEqual(['docker.io/team/a:v1']);
});

test.each([
  ['unknown', HUB, '? the object has more than 10000 images'],
  ['the image without rewrites', '{pin: {}}', 'nginx:1'],
])('the original of one of very many images is %s', (_what, spec, original) => {
  const containers = Array.from({ length: 10_001 }, (_, index) => ({ name: `c${index}`, image: 'nginx:1' }));
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } };
  expect(new Set(originalsIn(object, [policyOf(spec)]))).toEqual(new Set([original]));
});

test('the original of a rewritten image is the image as it was written', async () => {
  const name = fc.array(fc.constantFrom('a', 'b', 'hub'), { minLength: 2, maxLength: 3 });
  const host = fc.constantFrom('docker.io', 'quay.io', 'mirror.example.com', 'm.example.com', 'new.example.com');
  const suffix = fc.constantFrom(':1', ':2', '', `:1@${D}`);
  const policies = [rewrite(hub(', when: always'), '{from: "quay.io/a/**", to: "m.example.com/q/**", when: always}')];
  const pinned = [...policies, '{pin: {}}'].map((spec) => policyOf(spec));
  await fc.assert(
    fc.asyncProperty(host, name, suffix, async (registry, parts, end) => {
      const object = podOf(`{containers: [{name: web, image: "${registry}/${parts.join('/')}${end}"}]}`);
      const { patch } = await change(requestOf(object), pinned);
      const [original] = originalsIn(patched(object, patch), pinned);
      const [before] = originalsIn(object, pinned);
      expect(original?.replace(/@.*/, '')).toBe(before?.replace(/@.*/, ''));
    }),
  );
});

describe('a rule about the original', () => {
  const applied = (image: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'web', image }] } });
  const claims = (image: string): JsonObject => ({
    'tidewaiter.dev/original-images': JSON.stringify({ '/spec/containers/web': image }),
    'kubectl.kubernetes.io/last-applied-configuration': applied(image),
  });
  const pod = (image: string, claimed?: string): JsonObject =>
    objectOf(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', annotations: claimed === undefined ? {} : claims(claimed) },
        spec: { containers: [{ name: 'web', image }] },
      }),
    );
  const ALLOWED = 'original.registry == "docker.io"';
  const DENIED = 'original.registry != "quay.io"';
  const QUAY = '{from: "quay.io/**", to: "mirror.example.com/quay/**"}';

  const cases: readonly (readonly [
    what: string,
    expression: string,
    image: string,
    claimed: string | undefined,
    allowed: boolean,
  ])[] = [
    ['its image in the mirror', ALLOWED, 'mirror.example.com/hub/a/b:1', undefined, true],
    ['an image of another registry', ALLOWED, 'evil.example.com/a/b:1', undefined, false],
    ['a claim that is not so', ALLOWED, 'evil.example.com/a/b:1', 'docker.io/a/b:1', false],
    ['a claim about another path', ALLOWED, 'mirror.example.com/own/b:1', 'docker.io/own/b:1', false],
    ['a claim about the other mirror', ALLOWED, 'mirror.example.com/quay/b:1', 'docker.io/library/b:1', false],
    ['a claim of an image that the mirror has', DENIED, 'mirror.example.com/quay/b:1', 'docker.io/library/b:1', false],
    ['the name of the mirror, to hide the original', DENIED, 'mirror.example.com/quay/b:1', undefined, false],
    ['a claim against oneself', DENIED, 'mirror.example.com/hub/a/b:1', 'quay.io/a/b:1', true],
    ['a claim without a rewrite', DENIED, 'quay.io/a/b:1', 'docker.io/a/b:1', false],
    ['the image beside it', 'image.registry != original.registry', 'mirror.example.com/hub/a/b:1', undefined, true],
    ['the same image', 'image == original', 'evil.example.com/a/b', 'docker.io/a/b', true],
    ['its tag', 'original.tag == "1" && original.repository == "a/b"', 'mirror.example.com/hub/a/b:1', 'x:2', true],
  ];

  test.each(cases)('%s: %s of %s, claimed %s', async (_what, expression, image, claimed, allowed) => {
    const spec = `{rewrite: [${hub()}, ${QUAY}], rules: [{rule: cel, parameters: {expression: '${expression}'}}]}`;
    expect((await ask(requestOf(pod(image, claimed)), contextOf([policyOf(spec)]))).allowed).toBe(allowed);
  });

  test.each([undefined, 'docker.io/a/b:1', 'quay.io/a/b:1'])(
    'does not allow what it cannot know, whatever is claimed: %s',
    async (claimed) => {
      for (const expression of [ALLOWED, DENIED, 'original == image', 'image != original']) {
        const spec = `{${FLAT.slice(1, -1)}, rules: [{rule: cel, parameters: {expression: '${expression}'}}]}`;
        const decision = await ask(requestOf(pod('m.example.com/a/b:1', claimed)), contextOf([policyOf(spec)]));
        expect(decision.allowed, expression).toBe(false);
        expect(decision.findings[0]).toMatchObject({ outcome: 'unknown', pointer: '/spec/containers/0/image' });
      }
    },
  );

  test('compares with the stored object on UPDATE', async () => {
    const spec = `{rewrite: [${QUAY}], rules: [{rule: cel, parameters: {expression: '${DENIED}'}}]}`;
    const decide = async (now: string, before: string): Promise<boolean> => {
      const object = { ...pod(now), apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: pod(now) } };
      const oldObject = { ...object, spec: { template: pod(before) } };
      return (await ask(requestOf(object, { operation: 'UPDATE', oldObject }), contextOf([policyOf(spec)]))).allowed;
    };
    expect(await decide('mirror.example.com/quay/b:1', 'mirror.example.com/quay/b:1')).toBe(true);
    expect(await decide('mirror.example.com/quay/b:2', 'mirror.example.com/quay/b:1')).toBe(false);
    expect(await decide('mirror.example.com/quay/b:1', 'docker.io/b/b:1')).toBe(false);
  });
});
