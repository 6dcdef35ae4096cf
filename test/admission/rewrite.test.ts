/** Which images get another name: a table of what comes in, and what is changed. */
import fc from 'fast-check';
import { applyPatch, type Operation } from 'rfc6902';
import { describe, expect, test } from 'vitest';
import type { Patch } from '../../src/admission/mutation.ts';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { policyOf } from '../policy/fixtures.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import { objectOf, podOf, requestOf, type Surroundings } from './decide.ts';
import { change, digestOf, findingTexts, no, patched, registryOf, updateOf, yes } from './pinning.ts';

const D = digestOf('0');
const MIRROR = 'mirror.example.com/hub/library/nginx';

const deployment = (image: string, metadata = '', template = ''): JsonObject =>
  objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web${metadata}},
    spec: {template: {metadata: {labels: {app: web}${template}}, spec: {containers: [{name: web, image: "${image}"}]}}}}`);
const job = (image: string): JsonObject =>
  objectOf(`{apiVersion: batch/v1, kind: Job, metadata: {name: once},
    spec: {template: {spec: {containers: [{name: web, image: "${image}"}]}}}}`);
const pod = (image: string, metadata = '{name: web}'): JsonObject =>
  podOf(`{containers: [{name: web, image: "${image}"}]}`, metadata);
const controlled = ', ownerReferences: [{apiVersion: v1, kind: Other, name: o, uid: v, controller: true}]';
const restarted = (time: string): string => `, annotations: {kubectl.kubernetes.io/restartedAt: "${time}"}`;
const original = (image: string): string =>
  `, annotations: {tidewaiter.dev/original-images: '{"/spec/template/spec/containers/web":"${image}"}'}`;
const debugged = (image: string): JsonObject =>
  podOf(`{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [{name: debug, image: "${image}"}]}`);

const POD = '/spec/containers/0/image';
const TEMPLATE = '/spec/template/spec/containers/0/image';

const HUB = '{from: "docker.io/**", to: "mirror.example.com/hub/**"}';
const hub = (more = ''): string => `{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"${more}}]}`;
const hubPinned = (more = ''): string =>
  `{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"${more}}], pin: {}}`;

interface Case {
  readonly what: string;
  readonly policies?: readonly string[];
  readonly request: AdmissionRequest;
  /** By normalized name; every other image has the digest of ones. */
  readonly images?: Parameters<typeof registryOf>[0];
  readonly patch: readonly string[];
  readonly lookups?: readonly string[];
  readonly findings?: readonly string[];
}

const mirror1 = [`${MIRROR}:1`];
const create = (object: JsonObject): AdmissionRequest => requestOf(object);

const CREATED: readonly Case[] = [
  { what: 'a tag', request: create(pod('nginx:1')), patch: [`${POD} ${MIRROR}:1`], lookups: mirror1 },
  { what: 'no tag', request: create(pod('nginx')), patch: [`${POD} ${MIRROR}`], lookups: [MIRROR] },
  {
    what: 'a digest, which the mirror must have',
    request: create(pod(`nginx:1@${D}`)),
    patch: [`${POD} ${MIRROR}:1@#0`],
    lookups: [`${MIRROR}:1@${D}`],
  },
  {
    what: 'a digest that the mirror does not have',
    request: create(pod(`nginx:1@${D}`)),
    images: { [`${MIRROR}:1@${D}`]: no('notFound') },
    patch: [],
    lookups: [`${MIRROR}:1@${D}`],
    findings: [
      `audit web: image "nginx:1@${D}" is not rewritten to "${MIRROR}:1@${D}": registry.example.com says notFound`,
    ],
  },
  { what: 'an image that is there already', request: create(pod(`${MIRROR}:1`)), patch: [] },
  { what: 'an image of another registry', request: create(pod('quay.io/a/b:1')), patch: [] },
  { what: 'an image that cannot be read', request: create(pod('UPPER:')), patch: [] },
  {
    what: 'a workload, in its template',
    request: create(deployment('nginx:1')),
    patch: [`${TEMPLATE} ${MIRROR}:1`],
    lookups: mirror1,
  },
  { what: 'a Job', request: create(job('nginx:1')), patch: [`${TEMPLATE} ${MIRROR}:1`], lookups: mirror1 },
  { what: 'an object of a controller', request: create(deployment('nginx:1', controlled)), patch: [] },
  {
    what: 'a Pod of a controller',
    request: create(pod('nginx:1', `{name: web${controlled}}`)),
    patch: [`${POD} ${MIRROR}:1`],
    lookups: mirror1,
  },
  {
    what: 'a mirror Pod',
    request: create(pod('nginx:1', '{name: web, annotations: {kubernetes.io/config.mirror: x}}')),
    patch: [],
  },
  {
    what: 'name, then digest, with one lookup',
    policies: [hubPinned()],
    request: create(pod('nginx:1')),
    patch: [`${POD} ${MIRROR}:1@#1`],
    lookups: mirror1,
  },
  {
    what: 'name, then digest, by different policies, with one lookup',
    policies: ['{pin: {stale: 1h}}', hub()],
    request: create(pod('nginx:1')),
    patch: [`${POD} ${MIRROR}:1@#1`],
    lookups: mirror1,
  },
  {
    what: 'always, without a lookup',
    policies: [hub(', when: always')],
    request: create(pod('nginx:1')),
    patch: [`${POD} ${MIRROR}:1`],
  },
  {
    what: 'a mirror that is down: the image stays',
    request: create(pod('nginx:1')),
    images: { [`${MIRROR}:1`]: no('unreachable') },
    patch: [],
    lookups: mirror1,
    findings: [`audit web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says unreachable`],
  },
  {
    what: 'a mirror that is down: the image stays and is pinned',
    policies: [hubPinned()],
    request: create(pod('nginx:1')),
    images: { [`${MIRROR}:1`]: no('unreachable') },
    patch: [`${POD} nginx:1@#1`],
    lookups: [...mirror1, 'docker.io/library/nginx:1'],
    findings: [`audit web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says unreachable`],
  },
  {
    what: 'a mirror that is down, by cause: a warning',
    policies: [hub(', onFailure: {notFound: deny, other: warn}')],
    request: create(pod('nginx:1')),
    images: { [`${MIRROR}:1`]: no('unreachable') },
    patch: [],
    lookups: mirror1,
    findings: [`warn web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says unreachable`],
  },
  {
    what: 'an image that the mirror does not have, by cause: a denial',
    policies: [hub(', onFailure: {notFound: deny, other: warn}')],
    request: create(pod('nginx:1')),
    images: { [`${MIRROR}:1`]: no('notFound') },
    patch: [],
    lookups: mirror1,
    findings: [`deny web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says notFound`],
  },
  {
    what: 'an origin that is up: the image stays',
    policies: [hub(', when: originUnavailable')],
    request: create(pod('nginx:1')),
    patch: [],
    lookups: ['docker.io/library/nginx:1'],
  },
  {
    what: 'an origin that is down',
    policies: [hub(', when: originUnavailable')],
    request: create(pod('nginx:1')),
    images: { 'docker.io/library/nginx:1': no('rateLimited') },
    patch: [`${POD} ${MIRROR}:1`],
    lookups: ['docker.io/library/nginx:1', ...mirror1],
  },
  {
    what: 'an origin and a mirror that are down',
    policies: [hub(', when: originUnavailable, onFailure: warn')],
    request: create(pod('nginx:1')),
    images: { 'docker.io/library/nginx:1': no('rateLimited'), [`${MIRROR}:1`]: no('timeout') },
    patch: [],
    lookups: ['docker.io/library/nginx:1', ...mirror1],
    findings: [`warn web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says timeout`],
  },
  {
    what: 'a name that no registry can have',
    policies: ['{rewrite: [{from: "quay.io/a/**", to: "mirror.example.com/**", onFailure: deny}]}'],
    request: create(pod('quay.io/a:1')),
    patch: [],
    findings: [
      'deny web: image "quay.io/a:1" is not rewritten: the new name "mirror.example.com" would be read as "docker.io/library/mirror.example.com"',
    ],
  },
  {
    what: 'the first entry that matches',
    policies: [
      '{rewrite: [{from: "docker.io/library/*", to: "a.example.com/*", when: always}, {from: "docker.io/**", to: "b.example.com/**", when: always}]}',
    ],
    request: create(podOf('{containers: [{name: a, image: "nginx:1"}, {name: b, image: "team/app:1"}]}')),
    patch: [`${POD} a.example.com/nginx:1`, '/spec/containers/1/image b.example.com/team/app:1'],
  },
  {
    what: 'one after the other',
    policies: [hub(', when: always'), '{rewrite: [{from: "mirror.example.com/**", to: "near.example.com/m/**"}]}'],
    request: create(pod('nginx:1')),
    patch: [`${POD} near.example.com/m/hub/library/nginx:1`],
    lookups: ['near.example.com/m/hub/library/nginx:1'],
  },
  {
    what: 'one after the other, as far as the image is there',
    policies: [hub(), '{rewrite: [{from: "mirror.example.com/**", to: "near.example.com/m/**"}]}'],
    request: create(pod('nginx:1')),
    images: { 'near.example.com/m/hub/library/nginx:1': no('notFound') },
    patch: [`${POD} ${MIRROR}:1`],
    lookups: [...mirror1, 'near.example.com/m/hub/library/nginx:1'],
    findings: [
      `audit web: image "${MIRROR}:1" is not rewritten to "near.example.com/m/hub/library/nginx:1": registry.example.com says notFound`,
    ],
  },
  {
    what: 'two policies that rewrite there and back, which ends',
    policies: [
      '{rewrite: [{from: "a.io/**", to: "b.io/**", when: always}]}',
      '{rewrite: [{from: "b.io/**", to: "a.io/**", when: always}]}',
    ],
    request: create(pod('a.io/x:1')),
    patch: [],
  },
  {
    what: 'mode pod: a template',
    policies: [hub(', mode: pod')],
    request: create(deployment('nginx:1')),
    patch: [],
  },
  {
    what: 'mode pod: a Pod',
    policies: [hub(', mode: pod')],
    request: create(pod('nginx:1')),
    patch: [`${POD} ${MIRROR}:1`],
    lookups: mirror1,
  },
  {
    what: 'mode warn',
    policies: [hub(', mode: warn')],
    request: create(deployment('nginx:1')),
    patch: [],
    lookups: mirror1,
    findings: [`warn web: image "nginx:1" is not rewritten; use ${MIRROR}:1`],
  },
  {
    what: 'mode warn, of an object of a controller, which shows no warning',
    policies: [hub(', mode: warn')],
    request: create(pod('nginx:1', `{name: web${controlled}}`)),
    patch: [],
  },
  {
    what: 'only the containers in scope',
    policies: [`{match: {containers: [init]}, rewrite: [${HUB}]}`],
    request: create(
      podOf('{initContainers: [{name: i, image: "nginx:1"}], containers: [{name: web, image: "nginx:1"}]}'),
    ),
    patch: [`/spec/initContainers/0/image ${MIRROR}:1`],
    lookups: mirror1,
  },
  {
    what: 'a scope that is unknown',
    policies: [`{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [${HUB}]}`],
    request: create(pod('nginx:1')),
    patch: [],
    findings: [
      `warn web: image "nginx:1" is not rewritten to "${MIRROR}:1": cannot determine whether the policy applies: the labels of namespace "shop" are not known here`,
    ],
  },
  {
    what: 'a mirror that another policy denies is not asked',
    policies: [hub(), '{rules: [{rule: image-registry, parameters: {allow: ["docker.io/**"]}}]}'],
    request: create(pod('nginx:1')),
    patch: [],
    findings: [
      `audit web: image "nginx:1" is not rewritten to "${MIRROR}:1": not looked up: policy test/image-registry denies the image`,
    ],
  },
  {
    what: 'the original name in an annotation',
    policies: [hub(', annotate: true')],
    request: create(pod('nginx:1')),
    patch: [
      `${POD} ${MIRROR}:1`,
      'add /metadata/annotations {"tidewaiter.dev/original-images":"{\\"/spec/containers/web\\":\\"nginx:1\\"}"}',
    ],
    lookups: mirror1,
  },
  {
    what: 'the original name in an annotation, if only pin wants it',
    policies: ['{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {annotate: true}}'],
    request: create(pod('nginx:1')),
    patch: [
      `${POD} ${MIRROR}:1@#1`,
      'add /metadata/annotations {"tidewaiter.dev/original-images":"{\\"/spec/containers/web\\":\\"nginx:1\\"}"}',
    ],
    lookups: mirror1,
  },
];

function withPatch(object: JsonObject, patch: Patch): JsonObject {
  const after = structuredClone(object);
  applyPatch(after, structuredClone(patch) as Operation[]);
  return after;
}

const update = (stored: JsonObject, object: JsonObject): AdmissionRequest => updateOf(stored, object);

const UPDATED: readonly Case[] = [
  {
    what: 'a manifest that is applied again',
    request: update(deployment(`${MIRROR}:1`), deployment('nginx:1')),
    patch: [`${TEMPLATE} ${MIRROR}:1`],
  },
  {
    what: 'a manifest that is applied again, pinned',
    policies: [hubPinned()],
    request: update(deployment(`${MIRROR}:1@${D}`), deployment('nginx:1')),
    patch: [`${TEMPLATE} ${MIRROR}:1@#0`],
  },
  {
    what: 'a manifest with a digest that is applied again',
    policies: [hubPinned()],
    request: update(deployment(`${MIRROR}:1@${D}`), deployment(`nginx:1@${D}`)),
    patch: [`${TEMPLATE} ${MIRROR}:1@#0`],
  },
  {
    what: 'a manifest that is applied again after the mirror was down',
    policies: [hubPinned()],
    request: update(deployment(`nginx:1@${D}`), deployment('nginx:1')),
    patch: [`${TEMPLATE} nginx:1@#0`],
  },
  {
    what: 'a manifest that is applied again, between two rewrites',
    policies: [hub(), '{rewrite: [{from: "mirror.example.com/**", to: "near.example.com/m/**"}]}'],
    request: update(deployment(`${MIRROR}:1`), deployment('nginx:1')),
    patch: [`${TEMPLATE} ${MIRROR}:1`],
  },
  {
    what: 'an update of something else',
    request: update(deployment('nginx:1'), deployment('nginx:1', ', labels: {a: b}')),
    patch: [],
  },
  {
    what: 'another tag',
    policies: [hubPinned()],
    request: update(deployment(`${MIRROR}:1@${D}`), deployment('nginx:2')),
    patch: [`${TEMPLATE} ${MIRROR}:2@#1`],
    lookups: [`${MIRROR}:2`],
  },
  {
    what: 'a restart of an image that is not rewritten yet',
    request: update(deployment('nginx:1'), deployment('nginx:1', '', restarted('1'))),
    patch: [`${TEMPLATE} ${MIRROR}:1`],
    lookups: mirror1,
  },
  {
    what: 'a restart of a rewritten image with its original name',
    policies: [hubPinned()],
    request: update(
      deployment(`${MIRROR}:1@${D}`, original('nginx:1')),
      deployment(`${MIRROR}:1@${D}`, original('nginx:1'), restarted('1')),
    ),
    patch: [`${TEMPLATE} ${MIRROR}:1@#1`],
    lookups: mirror1,
  },
  {
    what: 'a restart of an image whose digest its author wrote',
    policies: [hubPinned()],
    request: update(deployment(`${MIRROR}:1@${D}`), deployment(`${MIRROR}:1@${D}`, '', restarted('1'))),
    patch: [],
  },
  {
    what: 'a restart of a pinned image that is not rewritten yet: the tag is looked up at the mirror, not the digest',
    policies: [hubPinned()],
    request: update(
      deployment(`nginx:1@${D}`, original('nginx:1')),
      deployment(`nginx:1@${D}`, original('nginx:1'), restarted('1')),
    ),
    images: { [`${MIRROR}:1@${D}`]: no('notFound') },
    patch: [`${TEMPLATE} ${MIRROR}:1@#1`],
    lookups: mirror1,
  },
  {
    what: 'a restart of a pinned image that is not rewritten yet, while the mirror is down',
    policies: [hubPinned()],
    request: update(
      deployment(`nginx:1@${D}`, original('nginx:1')),
      deployment(`nginx:1@${D}`, original('nginx:1'), restarted('1')),
    ),
    images: { [`${MIRROR}:1`]: no('unreachable') },
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: [...mirror1, 'docker.io/library/nginx:1'],
    findings: [`audit web: image "nginx:1" is not rewritten to "${MIRROR}:1": registry.example.com says unreachable`],
  },
  {
    what: 'a restart of a pinned image that is always rewritten, while the mirror is down: the digest stays',
    policies: [hubPinned(', when: always')],
    request: update(
      deployment(`nginx:1@${D}`, original('nginx:1')),
      deployment(`nginx:1@${D}`, original('nginx:1'), restarted('1')),
    ),
    images: { [`${MIRROR}:1`]: no('unreachable') },
    patch: [`${TEMPLATE} ${MIRROR}:1@#0`],
    lookups: mirror1,
    findings: [`warn web: image "${MIRROR}:1" keeps its stored digest: registry.example.com says unreachable`],
  },
  ...[
    ['no policy pins', hub()],
    [
      'no policy pins at the mirror',
      '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {images: ["docker.io/**"]}}',
    ],
    [
      'policies only warn about',
      '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {mode: warn}}',
    ],
  ].map(([what = '', spec = '']) => ({
    what: `a restart of an image that ${what}: the mirror must have the digest`,
    policies: [spec],
    request: update(
      deployment(`nginx:1@${D}`, original('nginx:1')),
      deployment(`nginx:1@${D}`, original('nginx:1'), restarted('1')),
    ),
    patch: [`${TEMPLATE} ${MIRROR}:1@#0`],
    lookups: [`${MIRROR}:1@${D}`],
  })),
  {
    what: 'a restart of an image that is not rewritten yet, whose digest its author wrote',
    policies: [hubPinned()],
    request: update(deployment(`nginx:1@${D}`), deployment(`nginx:1@${D}`, '', restarted('1'))),
    patch: [`${TEMPLATE} ${MIRROR}:1@#0`],
    lookups: [`${MIRROR}:1@${D}`],
  },
  {
    what: 'a live Pod that is applied again',
    request: update(pod(`${MIRROR}:1`), pod('nginx:1')),
    patch: [`${POD} ${MIRROR}:1`],
  },
  { what: 'a live Pod with another image', request: update(pod(`${MIRROR}:1`), pod('nginx:2')), patch: [] },
  {
    what: 'a Job that is applied again',
    request: update(job(`${MIRROR}:1`), job('nginx:1')),
    patch: [`${TEMPLATE} ${MIRROR}:1`],
  },
  {
    what: 'an ephemeral container',
    request: updateOf(pod('nginx:1'), debugged('busybox:1'), { subResource: 'ephemeralcontainers' }),
    patch: ['/spec/ephemeralContainers/0/image mirror.example.com/hub/library/busybox:1'],
    lookups: ['mirror.example.com/hub/library/busybox:1'],
  },
];

describe.each([
  ['a new object', CREATED],
  ['an update', UPDATED],
])('%s', (_name, cases) => {
  test.each(cases)('$what', async ({ policies = [hub()], request, images, patch, lookups = [], findings = [] }) => {
    const registry = registryOf(images);
    const parsed = policies.map((spec) => policyOf(spec));
    const mutation = await change(request, parsed, { images: registry });
    expect({ patch: patched(mutation), lookups: registry.lookups, findings: findingTexts(mutation) }).toEqual({
      patch,
      lookups,
      findings,
    });
  });
});

describe('scopes that select images see the name that the image has by then', () => {
  const ALWAYS = `{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}]}`;
  const at = (images: string, spec: string): string => `{match: {images: ["${images}"]}, ${spec}}`;
  const but = (images: string, spec: string): string => `{exclude: {images: ["${images}"]}, ${spec}}`;
  const NEAR = 'rewrite: [{from: "mirror.example.com/**", to: "near.example.com/**", when: always}]';
  const BOTH = `rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}, {from: "mirror.example.com/**", to: "near.example.com/**", when: always}]`;
  const SETS = 'pullPolicy: [{set: Always}]';
  const renamed = `${POD} ${MIRROR}:1`;
  const near = `${POD} near.example.com/hub/library/nginx:1`;
  const set = 'add /spec/containers/0/imagePullPolicy Always';
  test.each<readonly [what: string, policies: readonly string[], patch: readonly string[]]>([
    ['a pin of the new name', [ALWAYS, at('mirror.example.com/**', 'pin: {}')], [`${renamed}@#1`]],
    ['a pin of the old name', [ALWAYS, at('docker.io/**', 'pin: {}')], [renamed]],
    ['a pin of all but the new name', [ALWAYS, but('mirror.example.com/**', 'pin: {}')], [renamed]],
    ['a pin of all but the old name', [ALWAYS, but('docker.io/**', 'pin: {}')], [`${renamed}@#1`]],
    ['a rewrite of the new name', [ALWAYS, at('mirror.example.com/**', NEAR)], [near]],
    ['a rewrite of the old name', [ALWAYS, at('docker.io/**', NEAR)], [renamed]],
    ['a pull policy of the new name', [ALWAYS, at('mirror.example.com/**', SETS)], [renamed, set]],
    ['a pull policy of the old name', [ALWAYS, at('docker.io/**', SETS)], [renamed]],
    [
      'the policy that rewrites, by the old name',
      [
        at(
          'docker.io/**',
          `rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}], pin: {}, ${SETS}`,
        ),
      ],
      [`${renamed}@#1`, set],
    ],
    ['the policy that rewrites twice, by the old name', [at('docker.io/**', `${BOTH}, pin: {}`)], [`${near}@#1`]],
    [
      'the policy that rewrites, by another name',
      [at('quay.io/**', `rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}], pin: {}`)],
      [],
    ],
    [
      'the policy that rewrites all but the new name',
      [
        but(
          'mirror.example.com/**',
          `rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}], pin: {}`,
        ),
      ],
      [renamed],
    ],
  ])('%s', async (_what, specs, patch) => {
    const policies = specs.map((spec) => policyOf(spec));
    const request = requestOf(pod('nginx:1'));
    const mutation = await change(request, policies);
    expect(patched(mutation)).toEqual(patch);
    const again = await change({ ...request, object: withPatch(pod('nginx:1'), mutation.patch) }, policies);
    expect(again.patch).toEqual([]);
  });
});

test('a mirror that has the digest only under another tag: an object with the digest gets the new name, in a second pass', async () => {
  const images = registryOf({ [`${MIRROR}:1`]: no('notFound') });
  const policies = [policyOf(`{rewrite: [${HUB}], pin: {}}`)];
  const passes = [];
  for (let object = deployment('nginx:1'); passes.length < 3;) {
    const mutation = await change(requestOf(object), policies, { images });
    object = withPatch(object, mutation.patch);
    passes.push(patched(mutation));
  }
  expect(passes).toEqual([[`${TEMPLATE} nginx:1@#1`], [`${TEMPLATE} ${MIRROR}:1@#1`], []]);
});

describe('a registry that is down, and had the image before', () => {
  const isDown = 'registry.example.com says unreachable';
  const stale = { ageMs: 1000, failure: { cause: 'unreachable', message: isDown, remedy: undefined } } as const;
  const kept = `audit web: image "nginx:1" is not rewritten to "${MIRROR}:1": ${isDown}`;
  const seen = (image: string): string =>
    `warn web: image "${image}:1" is pinned to the digest seen less than a minute ago: ${isDown}`;
  test.each<readonly [what: string, more: string, down: readonly string[], image: string, findings: readonly string[]]>(
    [
      ['the mirror: the image stays', '', [MIRROR], 'nginx:1@#1', [kept]],
      ['the mirror, if the image would be denied', ', onFailure: deny', [MIRROR], `${MIRROR}:1@#0`, [seen(MIRROR)]],
      ['the origin: the mirror has it', ', when: originUnavailable', ['docker.io/library/nginx'], `${MIRROR}:1@#1`, []],
      [
        'both: the image stays',
        ', when: originUnavailable',
        ['docker.io/library/nginx', MIRROR],
        'nginx:1@#0',
        [kept, seen('nginx')],
      ],
    ],
  )('%s', async (_what, more, down, image, findings) => {
    const registry = registryOf(Object.fromEntries(down.map((name) => [`${name}:1`, yes(D, { stale })])));
    const policies = [
      policyOf(`{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"${more}}], pin: {stale: 1h}}`),
    ];
    const mutation = await change(requestOf(pod('nginx:1')), policies, { images: registry });
    expect([patched(mutation), findingTexts(mutation)]).toEqual([[`${POD} ${image}`], findings]);
    expect(registry.questions.map(({ staleMs }) => staleMs)).toEqual(registry.questions.map(() => 3_600_000));
  });
});

const PULLED = `pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull], mode: workload}],
  pullPolicy: [{images: ["mirror.example.com/**"], set: Always}]`;

test.each([
  ['names and digests', ''],
  ['names, digests, pull secrets, and pull policies', `, ${PULLED}`],
])('two manifests that are applied in turn change the same object back and forth: %s', async (_what, more) => {
  const policies = [policyOf(`{rewrite: [${HUB}], pin: {annotate: true}${more}}`)];
  const world: Surroundings = {
    images: registryOf(),
    secrets: { secret: (_namespace, name) => ({ state: 'yes', value: secretFor(name, 'mirror.example.com') }) },
    serviceAccounts: { pullSecretsOf: () => ({ state: 'yes', value: ['of-account'] }) },
  };
  const images = fc.constantFrom(
    'nginx:1',
    'nginx:2',
    'nginx',
    `nginx:1@${digestOf('1')}`,
    `${MIRROR}:1`,
    'quay.io/a/b:1',
  );
  const apply = async (stored: JsonObject | undefined, manifest: JsonObject): Promise<JsonObject> => {
    const request = stored === undefined ? requestOf(manifest) : updateOf(stored, manifest);
    const { patch } = await change(request, policies, world);
    return withPatch(manifest, patch);
  };
  await fc.assert(
    fc.asyncProperty(images, images, async (one, other) => {
      const first = await apply(undefined, deployment(one));
      expect(await apply(first, deployment(one))).toEqual(first);
      const second = await apply(first, deployment(other));
      expect(await apply(second, deployment(one))).toEqual(first);
      expect(await apply(second, second)).toEqual(second);
    }),
  );
});
