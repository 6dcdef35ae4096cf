/** Which images get a digest, and which are left alone: a table of what comes in and what is changed. */
import { describe, expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policyOf } from '../policy/fixtures.ts';
import { objectOf, podOf, requestOf } from './decide.ts';
import { change, digestOf, no, patched, PIN_ALL, registryOf, findingTexts, updateOf, yes } from './pinning.ts';

const OLD = digestOf('0');

const deployment = (image: string, metadata = '', template = ''): JsonObject =>
  objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web${metadata}},
    spec: {template: {metadata: {labels: {app: web}${template}}, spec: {containers: [{name: web, image: "${image}"}]}}}}`);
const job = (image: string): JsonObject =>
  objectOf(`{apiVersion: batch/v1, kind: Job, metadata: {name: once},
    spec: {template: {spec: {containers: [{name: web, image: "${image}"}]}}}}`);
const pod = (image: string, metadata = '{name: web}'): JsonObject =>
  podOf(`{containers: [{name: web, image: "${image}"}]}`, metadata);

const TEMPLATE = '/spec/template/spec/containers/0/image';
const POD = '/spec/containers/0/image';
const controlledBy = (kind: string): string =>
  `ownerReferences: [{apiVersion: v1, kind: Other, name: o, uid: v}, {apiVersion: v1, kind: ${kind}, name: o, uid: u, controller: true}]`;
const restarted = (time: string): string => `, annotations: {kubectl.kubernetes.io/restartedAt: "${time}"}`;
const original = (image: string): string =>
  `, annotations: {tidewaiter.dev/original-images: '{"/spec/template/spec/containers/web":"${image}"}'}`;
const applied = (image: string): string =>
  `, annotations: {kubectl.kubernetes.io/last-applied-configuration: '${JSON.stringify(deployment(image))}'}`;
const debugged = (...images: readonly string[]): JsonObject => {
  const debuggers = images.map((image, index) => `{name: debug-${index}, image: "${image}"}`);
  return podOf(`{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [${debuggers.join(', ')}]}`);
};
const ephemeral = { subResource: 'ephemeralcontainers' };

interface Case {
  readonly what: string;
  readonly request: AdmissionRequest;
  readonly patch: readonly string[];
  /** What the registry was asked; nothing when not given. */
  readonly lookups?: readonly string[];
}

const nginx1 = ['docker.io/library/nginx:1'];

const CREATED: readonly Case[] = [
  { what: 'a tag', request: requestOf(pod('nginx:1')), patch: [`${POD} nginx:1@#1`], lookups: nginx1 },
  {
    what: "no tag, in the user's own spelling",
    request: requestOf(pod('nginx')),
    patch: [`${POD} nginx@#1`],
    lookups: ['docker.io/library/nginx'],
  },
  {
    what: 'a registry with a port',
    request: requestOf(pod('LOCALHOST:5000/a/b:c')),
    patch: [`${POD} LOCALHOST:5000/a/b:c@#1`],
    lookups: ['LOCALHOST:5000/a/b:c'],
  },
  { what: 'a digest', request: requestOf(pod(`nginx:1@${OLD}`)), patch: [] },
  { what: 'an image that cannot be read', request: requestOf(pod('UPPER:')), patch: [] },
  { what: 'an empty image of a template', request: requestOf(deployment('')), patch: [] },
  { what: 'a blank of OpenShift', request: requestOf(deployment(' ')), patch: [] },
  { what: 'what a mesh fills in', request: requestOf(deployment('auto')), patch: [] },
  {
    what: 'all places of a pod spec, each image once',
    request: requestOf(
      podOf(`{initContainers: [{name: i, image: "a:1"}, {name: s, image: "b:1", restartPolicy: Always}],
        containers: [{name: r, image: "a:1"}], volumes: [{name: e, emptyDir: {}}, {name: v, image: {reference: "docker.io/library/a:1"}}]}`),
    ),
    patch: [
      '/spec/initContainers/0/image a:1@#1',
      '/spec/initContainers/1/image b:1@#1',
      '/spec/containers/0/image a:1@#1',
      '/spec/volumes/1/image/reference docker.io/library/a:1@#1',
    ],
    lookups: ['docker.io/library/a:1', 'docker.io/library/b:1'],
  },
  {
    what: 'a workload, in its template',
    request: requestOf(deployment('nginx:1')),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  { what: 'a Job', request: requestOf(job('nginx:1')), patch: [`${TEMPLATE} nginx:1@#1`], lookups: nginx1 },
  {
    what: 'a rehearsal, like the real thing',
    request: requestOf(pod('nginx:1'), { dryRun: true }),
    patch: [`${POD} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a custom resource, placeholders left alone',
    request: requestOf(
      objectOf(`{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {stepTemplate: {image: "a:1"},
        steps: [{image: "$(params.image)"}, {name: s, image: "nginx:1"}]}}`),
    ),
    patch: ['/spec/steps/1/image nginx:1@#1', '/spec/stepTemplate/image a:1@#1'],
    lookups: ['docker.io/library/nginx:1', 'docker.io/library/a:1'],
  },
  {
    what: 'an image that is put together from several fields: no',
    request: requestOf(
      objectOf(
        '{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: p}, spec: {baseImage: quay.io/prometheus/prometheus}}',
      ),
    ),
    patch: [],
  },
  {
    what: 'an image inside of a URL: no',
    request: requestOf(
      objectOf(
        '{apiVersion: cdi.kubevirt.io/v1beta1, kind: DataVolume, metadata: {name: d}, spec: {source: {registry: {url: "docker://quay.io/a:1"}}}}',
      ),
    ),
    patch: [],
  },
  {
    what: 'a key that has to be escaped',
    request: requestOf(
      objectOf(
        '{apiVersion: argoproj.io/v1alpha1, kind: WorkflowTaskSet, metadata: {name: w}, spec: {tasks: {"a/b~c": {container: {image: "nginx:1"}}}}}',
      ),
    ),
    patch: ['/spec/tasks/a~1b~0c/container/image nginx:1@#1'],
    lookups: nginx1,
  },
];

const OWNED: readonly Case[] = [
  {
    what: 'a Pod of a ReplicaSet, when it is created',
    request: requestOf(pod('nginx:1', `{generateName: web-, ${controlledBy('ReplicaSet')}}`)),
    patch: [`${POD} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a Pod whose owner was pinned: it has the digest already',
    request: requestOf(pod(`nginx:1@${OLD}`, `{generateName: web-, ${controlledBy('ReplicaSet')}}`)),
    patch: [],
  },
  {
    what: 'what a controller made: no',
    request: requestOf(deployment('nginx:1', `, ${controlledBy('Rollout')}`)),
    patch: [],
  },
  {
    what: 'what a controller made, updated: no',
    request: updateOf(deployment('nginx:0'), deployment('nginx:1', `, ${controlledBy('Rollout')}`)),
    patch: [],
  },
  {
    what: 'an owner that is not a controller',
    request: requestOf(deployment('nginx:1', ', ownerReferences: [{apiVersion: v1, kind: A, name: a, uid: u}]')),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a mirror Pod: no',
    request: requestOf(pod('nginx:1', '{name: web, annotations: {kubernetes.io/config.mirror: abc}}')),
    patch: [],
  },
];

const UPDATED: readonly Case[] = [
  { what: 'nothing of the images', request: updateOf(deployment('nginx:1'), deployment('nginx:1')), patch: [] },
  {
    what: 'another tag',
    request: updateOf(deployment(`nginx:0@${OLD}`), deployment('nginx:1')),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'the tag behind which a digest is stored: it stays',
    request: updateOf(deployment(`nginx:1@${OLD}`), deployment('nginx:1')),
    patch: [`${TEMPLATE} nginx:1@#0`],
  },
  {
    what: 'the same image in another spelling: looked up again',
    request: updateOf(deployment(`nginx:1@${OLD}`), deployment('docker.io/nginx:1')),
    patch: [`${TEMPLATE} docker.io/nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'another digest, which a person wrote',
    request: updateOf(deployment(`nginx:1@${OLD}`), deployment(`nginx:1@${digestOf('f')}`)),
    patch: [],
  },
  {
    what: 'a container before it: not by index',
    request: updateOf(
      objectOf(`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s},
        spec: {template: {spec: {containers: [{name: a, image: "a:1"}, {name: b, image: "b:1@${OLD}"}]}}}}`),
      objectOf(`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s},
        spec: {template: {spec: {containers: [{name: new, image: "c:1"}, {name: b, image: "b:1"}, {name: a, image: "a:1"}]}}}}`),
    ),
    patch: [`${TEMPLATE} c:1@#1`, '/spec/template/spec/containers/1/image b:1@#0'],
    lookups: ['docker.io/library/c:1'],
  },
  {
    what: 'an init container that has the name of a regular one: another container',
    request: updateOf(
      podTemplate(`{containers: [{name: a, image: "a:1@${OLD}"}]}`),
      podTemplate('{initContainers: [{name: a, image: "a:1"}], containers: [{name: b, image: "b:1"}]}'),
    ),
    patch: ['/template/spec/initContainers/0/image a:1@#1', '/template/spec/containers/0/image b:1@#1'],
    lookups: ['docker.io/library/a:1', 'docker.io/library/b:1'],
  },
  {
    what: 'without the stored object: the change is unknown',
    request: requestOf(deployment('nginx:1'), { operation: 'UPDATE' }),
    patch: [],
  },
  {
    what: 'a malformed stored object: the change is unknown',
    request: updateOf({ spec: { template: [] } }, deployment('nginx:1')),
    patch: [],
  },
  {
    what: 'what is being deleted: no',
    request: updateOf(deployment('nginx:0'), deployment('nginx:1', ', deletionTimestamp: "2026-11-24T00:00:00Z"')),
    patch: [],
  },
  { what: 'a Job: no new digest', request: updateOf(job('nginx:0'), job('nginx:1')), patch: [] },
  {
    what: 'a Job that is applied again: its template is immutable, so the digest stays',
    request: updateOf(job(`nginx:1@${OLD}`), job('nginx:1')),
    patch: [`${TEMPLATE} nginx:1@#0`],
  },
  { what: 'a live Pod: no new digest', request: updateOf(pod('nginx:0'), pod('nginx:1')), patch: [] },
  { what: 'a live Pod with an old tag', request: updateOf(pod('nginx:1'), pod('nginx:1')), patch: [] },
  {
    what: 'a live Pod that is applied again: it would restart without its digest',
    request: updateOf(pod(`nginx:1@${OLD}`), pod('nginx:1')),
    patch: [`${POD} nginx:1@#0`],
  },
  {
    what: 'a live Pod of a controller: no',
    request: updateOf(pod(`nginx:1@${OLD}`), pod('nginx:1', `{name: web, ${controlledBy('ReplicaSet')}}`)),
    patch: [],
  },
  {
    what: 'an image volume of a live Pod: no',
    request: updateOf(
      podOf('{containers: [{name: web, image: "nginx:1"}]}'),
      podOf('{containers: [{name: web, image: "nginx:1"}], volumes: [{name: v, image: {reference: "m:1"}}]}'),
    ),
    patch: [],
  },
];

const EPHEMERAL: readonly Case[] = [
  {
    what: 'a new ephemeral container, and nothing else of the Pod',
    request: updateOf(debugged('a:1'), debugged('a:1', 'b:1'), ephemeral),
    patch: ['/spec/ephemeralContainers/1/image b:1@#1'],
    lookups: ['docker.io/library/b:1'],
  },
  {
    what: 'an ephemeral container in a Pod of a controller',
    request: updateOf(debugged(), { ...debugged('b:1'), metadata: owned() }, ephemeral),
    patch: ['/spec/ephemeralContainers/0/image b:1@#1'],
    lookups: ['docker.io/library/b:1'],
  },
  {
    what: 'an ephemeral container, as Kubernetes 1.21 sends it',
    request: updateOf(
      objectOf('{apiVersion: v1, kind: EphemeralContainers, metadata: {name: p}, ephemeralContainers: []}'),
      objectOf(
        '{apiVersion: v1, kind: EphemeralContainers, metadata: {name: p}, ephemeralContainers: [{name: d, image: "b:1"}]}',
      ),
      ephemeral,
    ),
    patch: ['/ephemeralContainers/0/image b:1@#1'],
    lookups: ['docker.io/library/b:1'],
  },
  ...['status', 'resize', 'binding', 'eviction', 'scale'].map((subResource) => ({
    what: `the subresource ${subResource}: no`,
    request: updateOf(pod('nginx:0'), pod('nginx:1'), { subResource }),
    patch: [],
  })),
  {
    what: 'a subresource on CREATE: no',
    request: requestOf(pod('nginx:1'), { subResource: 'binding' }),
    patch: [],
  },
  {
    what: 'DELETE: no',
    request: requestOf(undefined, { operation: 'DELETE', oldObject: pod('nginx:1') }),
    patch: [],
  },
  { what: 'DELETE with an object: no', request: requestOf(pod('nginx:1'), { operation: 'DELETE' }), patch: [] },
  { what: 'CONNECT: no', request: requestOf(pod('nginx:1'), { operation: 'CONNECT' }), patch: [] },
  {
    what: 'a kind without images: no',
    request: requestOf(objectOf('{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}')),
    patch: [],
  },
];

const RESTARTED: readonly Case[] = [
  {
    what: 'the tag, applied again together with a restart: looked up again',
    request: updateOf(deployment(`nginx:1@${OLD}`), deployment('nginx:1', '', restarted('now'))),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a tag that was never pinned: its Pods start anyway',
    request: updateOf(deployment('nginx:1'), deployment('nginx:1', '', restarted('now'))),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a digest without a hint, so possibly from the user: it stays',
    request: updateOf(deployment(`nginx:1@${OLD}`), deployment(`nginx:1@${OLD}`, '', restarted('now'))),
    patch: [],
  },
  {
    what: 'a digest of ours, by our annotation',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, original('nginx:1'), restarted('then')),
      deployment(`nginx:1@${OLD}`, original('nginx:1'), restarted('now')),
    ),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a digest of ours, by the manifest that kubectl keeps',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, applied('nginx:1')),
      deployment(`nginx:1@${OLD}`, applied('nginx:1'), restarted('now')),
    ),
    patch: [`${TEMPLATE} nginx:1@#1`],
    lookups: nginx1,
  },
  {
    what: 'a digest that is also in the manifest: it stays',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, applied(`nginx:1@${OLD}`)),
      deployment(`nginx:1@${OLD}`, applied(`nginx:1@${OLD}`), restarted('now')),
    ),
    patch: [],
  },
  {
    what: 'a hint about another image: ignored',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, original('nginx:2')),
      deployment(`nginx:1@${OLD}`, original('nginx:2'), restarted('now')),
    ),
    patch: [],
  },
  {
    what: 'an annotation with invalid JSON: ignored',
    request: updateOf(
      deployment(`nginx:1@${OLD}`),
      deployment(`nginx:1@${OLD}`, ', annotations: {tidewaiter.dev/original-images: "{"}', restarted('now')),
    ),
    patch: [],
  },
  {
    what: 'the annotation of a restart that was before',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, original('nginx:1'), restarted('then')),
      deployment(`nginx:1@${OLD}`, original('nginx:1'), restarted('then')),
    ),
    patch: [],
  },
  {
    what: 'the annotation of a restart that is taken away',
    request: updateOf(
      deployment(`nginx:1@${OLD}`, original('nginx:1'), restarted('then')),
      deployment(`nginx:1@${OLD}`, original('nginx:1')),
    ),
    patch: [],
  },
  {
    what: 'the digest that the tag has still: nothing to change',
    request: updateOf(
      deployment(`nginx:1@${digestOf('1')}`, original('nginx:1')),
      deployment(`nginx:1@${digestOf('1')}`, original('nginx:1'), restarted('now')),
    ),
    patch: [],
    lookups: nginx1,
  },
];

describe.each([
  ['on creation', CREATED],
  ['what has an owner', OWNED],
  ['on update', UPDATED],
  ['subresources and other operations', EPHEMERAL],
  ['on a restart', RESTARTED],
] as const)('%s', (_title, cases) => {
  test.each(cases)('$what', async ({ request, patch, lookups = [] }) => {
    const images = registryOf();
    const mutation = await change(request, [PIN_ALL], { images });
    expect({ patch: patched(mutation), lookups: images.lookups }).toEqual({ patch, lookups });
    expect(mutation).toMatchObject({ uid: 'u', allowed: true, findings: [] });
  });
});

describe('where it applies', () => {
  const two = podOf('{initContainers: [{name: i, image: "a.io/i:1"}], containers: [{name: r, image: "b.io/r:1"}]}');
  const both = ['/spec/initContainers/0/image a.io/i:1@#1', '/spec/containers/0/image b.io/r:1@#1'];
  test.each<[string, readonly string[]]>([
    ['{pin: {}}', both],
    ['{rules: [{rule: image-digest, action: warn}]}', []],
    ['{match: {namespaces: [other]}, pin: {}}', []],
    ['{exclude: {namespaces: [shop]}, pin: {}}', []],
    ['{match: {kinds: [Deployment]}, pin: {}}', []],
    ['{match: {operations: [UPDATE]}, pin: {}}', []],
    ['{match: {users: [joe]}, pin: {}}', []],
    ['{match: {users: [jane]}, pin: {}}', both],
    ['{match: {containers: [init]}, pin: {}}', both.slice(0, 1)],
    ['{match: {images: ["b.io/**"]}, pin: {}}', both.slice(1)],
    ['{exclude: {images: ["b.io/**"]}, pin: {}}', both.slice(0, 1)],
    ['{pin: {images: ["a.io/**"]}}', both.slice(0, 1)],
    ['{pin: {exclude: ["a.io/**"]}}', both.slice(1)],
  ])('%s', async (spec, patch) => {
    expect(patched(await change(requestOf(two), [policyOf(spec)]))).toEqual(patch);
  });

  test('a namespace whose labels are not known: the image is left alone, with a warning, and no registry is asked', async () => {
    const policy = policyOf('{match: {namespaceSelector: {matchLabels: {env: prod}}}, pin: {onFailure: deny}}');
    const images = registryOf();
    const mutation = await change(requestOf(pod('nginx:1')), [policy], { images });
    expect([patched(mutation), images.lookups]).toEqual([[], []]);
    expect(findingTexts(mutation)).toEqual([
      'warn web: image "nginx:1" is not pinned: cannot determine whether the policy applies: the labels of namespace "shop" are not known here',
    ]);
  });

  test('a namespace whose labels are known', async () => {
    const policy = policyOf('{match: {namespaceSelector: {matchLabels: {env: prod}}}, pin: {}}');
    const labelled = (env: string): Promise<readonly string[]> => {
      const namespaces = { labelsOf: () => Promise.resolve({ state: 'yes' as const, value: { env } }) };
      return change(requestOf(pod('nginx:1')), [policy], { images: registryOf(), namespaces }).then(patched);
    };
    expect(await labelled('prod')).toEqual([`${POD} nginx:1@#1`]);
    expect(await labelled('test')).toEqual([]);
  });
});

describe('the mode', () => {
  const pods = policyOf('{pin: {mode: pod}}');
  const warn = policyOf('{pin: {mode: warn}}');
  test.each<[string, Policy, AdmissionRequest, readonly string[], readonly string[]]>([
    ['pod changes a Pod', pods, requestOf(pod('nginx:1')), [`${POD} nginx:1@#1`], []],
    ['pod leaves a workload alone', pods, requestOf(deployment('nginx:1')), [], []],
    [
      'pod changes a new ephemeral container',
      pods,
      updateOf(debugged(), debugged('b:1'), ephemeral),
      ['/spec/ephemeralContainers/0/image b:1@#1'],
      [],
    ],
    [
      'warn names the digest',
      warn,
      requestOf(deployment('nginx:1')),
      [],
      [`warn web: image "nginx:1" is not pinned; use nginx:1@${digestOf('1')}`],
    ],
    [
      'warn names the stored digest when the manifest is applied again',
      warn,
      updateOf(deployment(`nginx:1@${OLD}`), deployment('nginx:1')),
      [],
      [`warn web: image "nginx:1" is not pinned; use nginx:1@${OLD}`],
    ],
    ['warn says nothing of what did not change', warn, updateOf(deployment('nginx:1'), deployment('nginx:1')), [], []],
    [
      'warn says nothing to controllers',
      warn,
      requestOf(pod('nginx:1', `{generateName: web-, ${controlledBy('ReplicaSet')}}`)),
      [],
      [],
    ],
  ])('%s', async (_what, policy, request, patch, warnings) => {
    const mutation = await change(request, [policy]);
    expect([patched(mutation), findingTexts(mutation)]).toEqual([patch, warnings]);
  });

  test('warn keeps the whole digest in a warning that would be too long', async () => {
    const image = `registry.example.com/team/${'x'.repeat(60)}:1.27`;
    const [warning = ''] = findingTexts(await change(requestOf(pod(image)), [warn]));
    expect(warning).toBe(`warn web: use ${image}@${digestOf('1')}`);
  });
});

describe('several policies that pin', () => {
  test('the first one that covers an image decides about it, its mode and its failures included', async () => {
    const policies = [
      policyOf('{pin: {images: ["a.io/**"], mode: warn}}'),
      policyOf('{pin: {images: ["a.io/**", "b.io/**"], onFailure: deny}}'),
      policyOf('{pin: {onFailure: allow}}'),
    ];
    const request = requestOf(
      podOf('{containers: [{name: a, image: "a.io/a:1"}, {name: b, image: "b.io/b:1"}, {name: c, image: "c.io/c:1"}]}'),
    );
    const images = registryOf({ 'c.io/c:1': no('timeout') });
    const mutation = await change(request, policies, { images });
    expect(patched(mutation)).toEqual(['/spec/containers/1/image b.io/b:1@#1']);
    expect(findingTexts(mutation)).toEqual([
      `warn a: image "a.io/a:1" is not pinned; use a.io/a:1@${digestOf('1')}`,
      'audit c: image "c.io/c:1" cannot be pinned: registry.example.com says timeout',
    ]);
    expect(await change(request, policies, { images: registryOf({ 'b.io/b:1': no('forbidden') }) })).toMatchObject({
      allowed: false,
      patch: [],
    });
  });
});

describe('an old answer', () => {
  const trouble = { ageMs: 3 * 3_600_000, failure: no('serverError', 'registry.example.com answered 503') };
  const stale = { ageMs: trouble.ageMs, failure: failureOf(trouble.failure) };
  const images = registryOf({}, yes(digestOf('5'), { stale }));

  test('is taken, with a warning that says how old it is and why', async () => {
    const mutation = await change(requestOf(pod('nginx:1')), [policyOf('{pin: {stale: 24h}}')], { images });
    expect(patched(mutation)).toEqual([`${POD} nginx:1@#5`]);
    expect(findingTexts(mutation)).toEqual([
      'warn web: image "nginx:1" is pinned to the digest seen 3 h ago: registry.example.com answered 503',
    ]);
    expect(mutation.images).toMatchObject([{ outcome: 'stale', policy: 'test' }]);
    expect(images.questions.map(({ staleMs }) => staleMs)).toEqual([86_400_000]);
  });

  test('is named as one, when nothing is changed', async () => {
    const mutation = await change(requestOf(pod('nginx:1')), [policyOf('{pin: {mode: warn}}')], { images });
    expect(findingTexts(mutation)).toEqual([
      `warn web: image "nginx:1" is not pinned; use nginx:1@${digestOf('5')} (seen 3 h ago)`,
    ]);
  });
});

function podTemplate(spec: string): JsonObject {
  return objectOf(`{apiVersion: v1, kind: PodTemplate, metadata: {name: t}, template: {spec: ${spec}}}`);
}

function owned(): JsonObject {
  return objectOf(`{name: p, ${controlledBy('ReplicaSet')}}`);
}

function failureOf(
  fact: ReturnType<typeof no>,
): Extract<ReturnType<typeof no>, { state: 'no' | 'unknown' }>['failure'] {
  if (fact.state === 'yes') throw new Error('no failure');
  return fact.failure;
}

describe('a policy with an unknown scope', () => {
  const doubtful = policyOf('{match: {namespaceSelector: {matchLabels: {a: b}}}, pin: {mode: warn}}');
  const certain = policyOf('{pin: {onFailure: deny}}');
  test.each([[[doubtful, certain]], [[certain, doubtful]]])(
    'does not prevent pinning by a policy that applies',
    async (policies) => {
      const mutation = await change(requestOf(pod('nginx:1')), policies, { images: registryOf() });
      expect(patched(mutation)).toEqual([`${POD} nginx:1@#1`]);
    },
  );
});

test('images of a live Pod are not looked up again if a debug container is added with a restart', async () => {
  const stamp = (time: string): string => `{name: web, annotations: {kubectl.kubernetes.io/restartedAt: "${time}"}}`;
  const podWith = (time: string, debuggers: string): JsonObject =>
    podOf(`{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [${debuggers}]}`, stamp(time));
  const old = `{name: d, image: "nginx:1@${OLD}"}`;
  const request = updateOf(podWith('2', old), podWith('1', old), ephemeral);
  expect(patched(await change(request, [PIN_ALL], { images: registryOf() }))).toEqual([]);
});
