/** Which names `copy --list` compares, of objects and recordings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { inputNamespaces } from '../../../src/cli/copy/input-namespaces.ts';
import type { NamespaceSource } from '../../../src/admission/context.ts';
import { type WantedImages, wantedImages } from '../../../src/cli/copy/wanted-images.ts';
import { recordingEvents } from '../../../src/files/recording-events.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { RecordedFacts } from '../../../src/recording/facts.ts';
import { kinds, policyOf } from '../../policy/fixtures.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { requestOf } from '../../admission/decide.ts';
import { change, registryOf } from '../../admission/pinning.ts';
import { POD, recordedReview } from '../../recording/lines.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-wanted-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function* noInput(): AsyncGenerator<Buffer, void> {
  // Standard input is not read.
}

async function wanted(text: string, specs: readonly string[], name = 'objects.yaml'): Promise<WantedImages> {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const namespaces = inputNamespaces();
  const events = recordingEvents([file], noInput(), { kinds, namespace: 'default', onOther: namespaces.add });
  const policies = specs.map((spec, index) => ({ ...policyOf(spec), name: `p${index}` }));
  return wantedImages(events, { policies, kinds, namespaces }, new AbortController().signal);
}

/** `from -> to, by policies`, with `?` if it is unknown whether one applies. */
function texts({ images }: WantedImages): readonly string[] {
  return [...images.values()].map(({ from, to, policies, assumed }) => {
    const name = to.ok ? to.reference.runtimeName : to.problem;
    return `${from.runtimeName} -> ${name}, by ${[...policies].join(' ')}${assumed === undefined ? '' : ` ? ${assumed}`}`;
  });
}

const REWRITE = 'rewrite: [{from: "docker.io/**", to: "m.io/**"}]';
const LABELED = `{match: {namespaceSelector: {matchLabels: {a: b}}}, ${REWRITE}}`;
const UNKNOWN = 'the labels of namespace "shop" are not known here';
const NGINX = 'docker.io/library/nginx:1 -> m.io/library/nginx:1, by';

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;
const namespace = (name: string, labels: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: ${labels}}\n`;
const review = (version: string, kind: string, object: JsonObject): JsonObject => {
  const request = {
    uid: '1',
    kind: { group: '', version, kind },
    resource: {},
    operation: 'CREATE',
    namespace: 'shop',
  };
  const whole = { ...request, object: { apiVersion: version, kind, ...object } };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: whole };
};
const deployment = (image: string, place = 'containers'): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {spec: {${place}: [{name: c, image: "${image}"}]}}}\n`;

test.each<readonly [what: string, text: string, policies: readonly string[], names: readonly string[]]>([
  ['a Pod', pod('nginx:1'), [`{${REWRITE}}`], [`${NGINX} p0`]],
  [
    'a policy about Deployments only',
    deployment('nginx:1'),
    [`{match: {kinds: [Deployment]}, ${REWRITE}}`],
    [`${NGINX} p0`],
  ],
  ['a policy about Pods only', deployment('nginx:1'), [`{match: {kinds: [Pod]}, ${REWRITE}}`], [`${NGINX} p0`]],
  [
    'a policy about init containers of Pods only',
    deployment('nginx:1', 'initContainers'),
    [`{match: {kinds: [Pod], containers: [init]}, ${REWRITE}}`],
    [`${NGINX} p0`],
  ],
  [
    'a policy about Pods only, and an object whose Pods an operator creates',
    'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: web, namespace: shop}\nspec: {image: "nginx:1"}\n',
    [`{match: {kinds: [Pod]}, ${REWRITE}}`],
    [`${NGINX} p0`],
  ],
  ['a policy about Jobs only', deployment('nginx:1'), [`{match: {kinds: [Job]}, ${REWRITE}}`], []],
  ['init containers', deployment('nginx:1', 'initContainers'), [`{${REWRITE}}`], [`${NGINX} p0`]],
  [
    'two policies, of which only one is about Pods',
    deployment('nginx:1'),
    [`{match: {kinds: [Deployment]}, ${REWRITE}}`, `{match: {kinds: [Pod]}, ${REWRITE}}`],
    [`${NGINX} p0 p1`],
  ],
  ['labels that are not known', pod('nginx:1'), [LABELED], [`${NGINX} p0 ? ${UNKNOWN}`]],
  [
    'labels that are not known, and the names that follow',
    pod('nginx:1'),
    [LABELED, '{rewrite: [{from: "m.io/**", to: "near.io/**"}]}'],
    [`${NGINX} p0 ? ${UNKNOWN}`, `docker.io/library/nginx:1 -> near.io/library/nginx:1, by p1 ? ${UNKNOWN}`],
  ],
  [
    'labels that are not known, and the name without that policy, and what follows it',
    pod('nginx:1'),
    [
      LABELED,
      '{rewrite: [{from: "docker.io/**", to: "n.io/**"}]}',
      '{rewrite: [{from: "n.io/**", to: "near.io/n/**"}, {from: "m.io/**", to: "near.io/m/**"}]}',
    ],
    [
      `${NGINX} p0 ? ${UNKNOWN}`,
      `docker.io/library/nginx:1 -> n.io/library/nginx:1, by p1 ? ${UNKNOWN}`,
      `docker.io/library/nginx:1 -> near.io/m/library/nginx:1, by p2 ? ${UNKNOWN}`,
      `docker.io/library/nginx:1 -> near.io/n/library/nginx:1, by p2 ? ${UNKNOWN}`,
    ],
  ],
  [
    'labels that are not known, after a policy that applies',
    pod('nginx:1'),
    ['{rewrite: [{from: "docker.io/**", to: "n.io/**"}]}', LABELED],
    ['docker.io/library/nginx:1 -> n.io/library/nginx:1, by p0'],
  ],
  [
    'labels that are not known, of a policy about a later name',
    pod('nginx:1'),
    [
      '{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "n.io/**", to: "near.io/**"}]}',
      '{rewrite: [{from: "docker.io/**", to: "n.io/**"}]}',
    ],
    [
      'docker.io/library/nginx:1 -> n.io/library/nginx:1, by p1',
      `docker.io/library/nginx:1 -> near.io/library/nginx:1, by p0 ? ${UNKNOWN}`,
    ],
  ],
  [
    'a chain without an end, where it is not known which policies apply',
    pod('nginx:1'),
    [
      '{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "docker.io/**", to: "n.io/**"}]}',
      '{match: {namespaceSelector: {matchLabels: {a: c}}}, rewrite: [{from: "n.io/**", to: "docker.io/**"}]}',
    ],
    [
      `docker.io/library/nginx:1 -> n.io/library/nginx:1, by p0 ? ${UNKNOWN}`,
      `docker.io/library/nginx:1 -> docker.io/library/nginx:1, by p1 ? ${UNKNOWN}`,
    ],
  ],
  ['labels that are not known, but another policy applies', pod('nginx:1'), [LABELED, `{${REWRITE}}`], [`${NGINX} p1`]],
  [
    'a Namespace with the labels, after the object',
    `${pod('nginx:1')}---\n${namespace('shop', '{a: b}')}`,
    [LABELED],
    [`${NGINX} p0`],
  ],
  ['a Namespace before the object', `${namespace('shop', '{a: b}')}---\n${pod('nginx:1')}`, [LABELED], [`${NGINX} p0`]],
  ['a Namespace without the labels', `${pod('nginx:1')}---\n${namespace('shop', '{a: c}')}`, [LABELED], []],
  [
    'a Namespace with labels that another policy excludes',
    `${pod('nginx:1')}---\n${namespace('shop', '{a: b}')}`,
    [`{exclude: {namespaceSelector: {matchLabels: {a: b}}}, ${REWRITE}}`],
    [],
  ],
  [
    'a Namespace with the label that the API server adds',
    `${pod('nginx:1')}---\n${namespace('shop', '{}')}`,
    [
      `{match: {namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}, ${REWRITE}}`,
    ],
    [`${NGINX} p0`],
  ],
  [
    'another Namespace',
    `${pod('nginx:1')}---\n${namespace('other', '{a: b}')}`,
    [LABELED],
    [`${NGINX} p0 ? ${UNKNOWN}`],
  ],
  [
    'an object of another API group that is called Namespace',
    `${pod('nginx:1')}---\n${namespace('shop', '{a: b}').replace('v1', 'example.com/v1')}`,
    [LABELED],
    [`${NGINX} p0 ? ${UNKNOWN}`],
  ],
  [
    'two Namespaces with one name, of which the last one counts',
    [namespace('shop', '{a: b}'), pod('nginx:1'), namespace('shop', '{a: c}')].join('---\n'),
    [LABELED],
    [],
  ],
  [
    'a list with a Namespace',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web', namespace: 'shop' },
          spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
        },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { a: 'b' } } },
      ],
    }),
    [LABELED],
    [`${NGINX} p0`],
  ],
  [
    'a review of a Namespace',
    JSON.stringify([
      review('v1', 'Pod', POD),
      review('v1', 'Namespace', { metadata: { name: 'shop', labels: { a: 'b' } } }),
    ]),
    [
      '{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "registry.example.com/**", to: "m.io/**"}]}',
    ],
    ['registry.example.com/shop/web:1.4.2 -> m.io/shop/web:1.4.2, by p0'],
  ],
  [
    'a Namespace, and an object without a namespace',
    `${pod('nginx:1').replace(', namespace: shop', '')}---\n${namespace('default', '{a: b}')}`,
    [LABELED],
    [`${NGINX} p0`],
  ],
  [
    'a name that is too long',
    pod(`${'a/'.repeat(120)}nginx:1`),
    ['{rewrite: [{from: "docker.io/**", to: "mirror.example.com/docker-hub/**"}]}'],
    [expect.stringMatching(/ -> the new name "mirror.example.com\/.*" is invalid: .*255.*, by p0$/)],
  ],
  [
    'a registry with a port, which cannot be a part of a path',
    pod('localhost:5000/web:1'),
    ['{rewrite: [{from: "**", to: "m.io/**"}]}'],
    [
      'localhost:5000/web:1 -> the new name "m.io/localhost:5000/web" is invalid: a registry with a port ("localhost:5000") cannot be a part of a path, by p0',
    ],
  ],
])('%s', async (_what, text, policies, names) => {
  expect(texts(await wanted(text, policies))).toEqual(names);
});

test.each<readonly [what: string, labels: RecordedFacts['namespaceLabels'], names: readonly string[]]>([
  ['match', { state: 'yes', value: { a: 'b' } }, ['p0']],
  ['do not match', { state: 'yes', value: {} }, []],
  [
    'were unknown',
    { state: 'unknown', reason: 'the API server did not respond' },
    ['p0 ? the API server did not respond'],
  ],
  ['were not needed', undefined, ['p0 ? the labels of namespace "shop" are not known here']],
])('the labels in a recording %s', async (_what, namespaceLabels, names) => {
  const line = recordedReview({ facts: { sources: ['namespaces'], namespaceLabels } });
  const rewrite =
    '{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "registry.example.com/**", to: "m.io/**"}]}';
  const image = POD.spec.containers[0]?.image;
  const found = texts(await wanted(`${JSON.stringify(line)}\n`, [rewrite], 'recording.jsonl'));
  expect(found).toEqual(names.map((name) => `${image} -> m.io/shop/web:1.4.2, by ${name}`));
});

test.each([
  [20_000, false],
  [20_001, true],
])('of %i names, more than 20,000: %s', async (count, hasMore) => {
  const containers = Array.from({ length: count }, (_, index) => ({ name: 'c', image: `a:${index}` }));
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
  const found = await wanted(JSON.stringify([object, object]), [`{${REWRITE}}`], 'objects.json');
  expect([found.images.size, found.hasMore, found.objects]).toEqual([20_000, hasMore, 2]);
});

test.each([
  [5, 5 + 25 + 125 + 625, false],
  [6, 6 + 36 + 216 + 1296, true],
])(
  'of an image that %i policies in unknown scopes rename, four times: %i names, more than listed: %s',
  async (count, names, hasMore) => {
    const specs = [0, 1, 2, 3].flatMap((depth) =>
      Array.from({ length: count }, (_, index) => {
        const entry = `{from: "h${depth}.io/**", to: "h${depth + 1}.io/${index}/**"}`;
        return `{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [${entry}]}`;
      }),
    );
    const found = await wanted(pod('h0.io/web:1'), specs);
    expect([found.images.size, found.hasMore]).toEqual([names, hasMore]);
  },
);

const scope = fc.record(
  {
    kinds: fc.subarray(['Pod', 'Deployment', 'Job'], { minLength: 1 }),
    containers: fc.subarray(['regular', 'init', 'volume'], { minLength: 1 }),
    images: fc.subarray(['docker.io/**', 'm.io/**', 'quay.io/**'], { minLength: 1 }),
    namespaces: fc.subarray(['shop', 'other'], { minLength: 1 }),
    namespaceSelector: fc.constantFrom({ matchLabels: { a: 'b' } }, { matchLabels: { a: 'c' } }),
  },
  { requiredKeys: [] },
);
const ENTRIES = [
  { from: 'docker.io/**', to: 'm.io/hub/**' },
  { from: 'docker.io/**', to: 'other.io/**' },
  { from: 'quay.io/**', to: 'm.io/quay/**' },
  { from: 'm.io/hub/**', to: 'near.io/**' },
];
const policySpec = fc.record({
  match: scope,
  exclude: fc.constantFrom({ kinds: ['CronJob'] }, { containers: ['init'] }, { images: ['quay.io/**'] }),
  rewrite: fc
    .subarray(ENTRIES, { minLength: 1 })
    .map((list) =>
      list.map((entry, index) => ({ ...entry, mode: index % 2 === 0 ? 'workload' : 'pod', when: 'always' })),
    ),
});
const anyImage = fc.constantFrom('nginx:1', 'quay.io/a/b:2', 'm.io/hub/x:1', `redis:7@sha256:${'a'.repeat(64)}`);
const anySpec = fc.tuple(anyImage, anyImage, anyImage).map(([first, second, third]) => ({
  initContainers: [{ name: 'i', image: first }],
  containers: [{ name: 'c', image: second }],
  volumes: [{ name: 'v', image: { reference: third } }],
}));

test('every name that the webhook writes is listed, whether or not labels are known', async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(policySpec, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('Pod', 'Deployment', 'Job'),
      anySpec,
      async (specs, kind, spec) => {
        const policies = specs.map((one) => policyOf(JSON.stringify(one)));
        const metadata = { name: 'web', namespace: 'shop' };
        const newPod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
        const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
        const object = kind === 'Pod' ? newPod : { apiVersion, kind, metadata, spec: { template: { spec } } };
        const { images } = await wanted(
          JSON.stringify(object),
          specs.map((one) => JSON.stringify(one)),
          'any.json',
        );
        const listed = [...images.values()].flatMap(({ to }) => (to.ok ? [to.reference.runtimeName] : []));
        for (const reviewed of [object, newPod]) {
          const namespaces: NamespaceSource = { labelsOf: () => ({ state: 'yes', value: { a: 'b' } }) };
          const { rewrites } = await change(requestOf(reviewed), policies, { images: registryOf(), namespaces });
          const names = rewrites.flatMap(({ to }) => (to === undefined ? [] : [runtimeNameOf(to)]));
          expect(listed).toEqual(expect.arrayContaining(names));
          written += names.length;
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(written).toBeGreaterThan(100);
});

function runtimeNameOf(image: string): string {
  const parsed = parseReference(image);
  return parsed.ok ? parsed.reference.runtimeName : image;
}
