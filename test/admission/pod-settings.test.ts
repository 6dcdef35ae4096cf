/** Which pull secrets and pull policies Pods get: tables of what comes in, and what is changed. */
import { expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { Surroundings as World } from './decide.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Fact } from '../../src/policy/fact.ts';
import type { PullSecret } from '../../src/credential/pull-secret.ts';
import { secretFor, secretOf } from '../credential/pull-secrets.ts';
import { policyOf } from '../policy/fixtures.ts';
import { ask, contextOf, decisionTexts, objectOf, podOf, requestOf } from './decide.ts';
import { change, digestOf, findingTexts, no, patched, registryOf, updateOf, yes } from './pinning.ts';

const D = digestOf('0');
const LIST = '/spec/imagePullSecrets';
const TEMPLATE_LIST = '/spec/template/spec/imagePullSecrets';

const pod = (image: string, more = '', metadata = '{name: web}'): JsonObject =>
  podOf(`{containers: [{name: web, image: "${image}"}]${more}}`, metadata);
const deployment = (image: string, more = '', metadata = '', container = ''): JsonObject =>
  objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web${metadata}},
    spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "${image}"${container}}]${more}}}}}`);
const controlled = ', ownerReferences: [{apiVersion: v1, kind: Other, name: o, uid: v, controller: true}]';
const MIRROR_POD = '{name: web, annotations: {kubernetes.io/config.mirror: a}}';
const job = (image: string, more = '', container = ''): JsonObject =>
  objectOf(`{apiVersion: batch/v1, kind: Job, metadata: {name: web},
    spec: {template: {spec: {containers: [{name: web, image: "${image}"${container}}]${more}}}}}`);
const debugged = (image: string): JsonObject =>
  podOf(`{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [{name: debug, image: "${image}"}]}`);
const listed = (...names: readonly string[]): string =>
  `, imagePullSecrets: [${names.map((name) => `{name: ${name}}`).join(', ')}]`;

const SECRETS: Readonly<Record<string, Fact<PullSecret>>> = {
  'mirror-pull': { state: 'yes', value: secretFor('mirror-pull', 'mirror.example.com') },
  other: { state: 'yes', value: secretFor('other', 'quay.io') },
  malformed: { state: 'yes', value: secretOf('malformed', '{') },
  slow: { state: 'unknown', reason: 'the API server did not respond' },
};
const ACCOUNTS: Readonly<Record<string, Fact<readonly string[]>>> = {
  default: { state: 'yes', value: ['of-account'] },
  lost: { state: 'unknown', reason: 'the API server did not respond' },
};
const cluster = (): Pick<World, 'secrets' | 'serviceAccounts'> => ({
  secrets: { secret: (_namespace, name) => SECRETS[name] ?? { state: 'no' } },
  serviceAccounts: { pullSecretsOf: (_namespace, name) => ACCOUNTS[name] ?? { state: 'no' } },
});

interface Case {
  readonly what: string;
  readonly policies: readonly string[];
  readonly request: AdmissionRequest;
  readonly patch: readonly string[];
  readonly findings?: readonly string[];
}

const adds = (names: string, more = ''): string =>
  `{pullSecrets: [{images: ["mirror.example.com/**"], add: [${names}]${more}}]}`;
const create = (object: JsonObject): AdmissionRequest => requestOf(object);
const IMAGE = 'mirror.example.com/a:1';

const PULL_SECRETS: readonly Case[] = [
  {
    what: 'a Pod without a list',
    policies: [adds('mirror-pull')],
    request: create(pod(IMAGE)),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
  },
  {
    what: 'a Pod with a list, which stays',
    policies: [adds('mirror-pull')],
    request: create(pod(IMAGE, listed('of-account'))),
    patch: [`add ${LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'a Pod that has it',
    policies: [adds('mirror-pull')],
    request: create(pod(IMAGE, listed('mirror-pull'))),
    patch: [],
  },
  { what: 'another image', policies: [adds('mirror-pull')], request: create(pod('quay.io/a:1')), patch: [] },
  {
    what: 'two policies that add the same secret',
    policies: [adds('mirror-pull'), adds('mirror-pull')],
    request: create(pod(IMAGE)),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
  },
  {
    what: 'a secret that does not exist',
    policies: [adds('missing')],
    request: create(pod(IMAGE)),
    patch: [],
    findings: ['warn -: pull secret "missing" is not added: it does not exist'],
  },
  {
    what: 'a secret without a credential for the image',
    policies: [adds('other, mirror-pull')],
    request: create(pod(IMAGE)),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
    findings: [`warn -: pull secret "other" is not added: it has no credential for image "${IMAGE}"`],
  },
  {
    what: 'a secret that is not known',
    policies: [adds('slow')],
    request: create(pod(IMAGE)),
    patch: [],
    findings: ['warn -: pull secret "slow" is not added: the API server did not respond'],
  },
  { what: 'a template', policies: [adds('mirror-pull')], request: create(deployment(IMAGE)), patch: [] },
  {
    what: 'mode workload: a template without a list, which begins with that of the ServiceAccount',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: create(deployment(IMAGE)),
    patch: [`add ${TEMPLATE_LIST} [{"name":"of-account"},{"name":"mirror-pull"}]`],
  },
  {
    what: 'mode workload: a template whose ServiceAccount is not known',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: create(deployment(IMAGE, ', serviceAccountName: lost')),
    patch: [],
    findings: [
      'warn -: pull secret "mirror-pull" is not added: those of ServiceAccount "lost" would be lost, and they are unknown: the API server did not respond',
    ],
  },
  {
    what: 'mode workload: a template with a list',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: create(deployment(IMAGE, listed('own'))),
    patch: [`add ${TEMPLATE_LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'mode workload: an object of a controller',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: create(deployment(IMAGE, '', controlled)),
    patch: [],
  },
  {
    what: 'mode warn',
    policies: [adds('mirror-pull', ', mode: warn')],
    request: create(deployment(IMAGE)),
    patch: [],
    findings: ['warn -: pull secret "mirror-pull" is not added: the policy only warns; add mirror-pull'],
  },
  {
    what: 'a Pod of a controller',
    policies: [adds('mirror-pull')],
    request: create(pod(IMAGE, '', `{name: web${controlled}}`)),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
  },
  { what: 'a mirror Pod', policies: [adds('mirror-pull')], request: create(pod(IMAGE, '', MIRROR_POD)), patch: [] },
  {
    what: 'mode workload: a Job',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: create(job(IMAGE, listed('own'))),
    patch: [`add ${TEMPLATE_LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'mode workload: a Job that is applied again without it',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(job(IMAGE, listed('own', 'mirror-pull')), job(IMAGE, listed('own'))),
    patch: [`add ${TEMPLATE_LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'mode workload: a stored Job without it, whose template is immutable',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(job(IMAGE, listed('own')), job('mirror.example.com/a:2', listed('own'))),
    patch: [],
  },
  {
    what: 'an ephemeral container: the list of a live Pod is immutable',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(pod('nginx:1'), debugged(IMAGE), { subResource: 'ephemeralcontainers' }),
    patch: [],
  },
  {
    what: 'an entry that only warns, and one for another container that adds the secret',
    policies: [
      '{pullSecrets: [{images: ["mirror.example.com/a"], add: [mirror-pull], mode: warn}, {images: ["mirror.example.com/b"], add: [mirror-pull]}]}',
    ],
    request: create(
      podOf('{containers: [{name: a, image: "mirror.example.com/a:1"}, {name: b, image: "mirror.example.com/b:1"}]}'),
    ),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
  },
  {
    what: 'a policy that may not apply, and one that adds the secret',
    policies: [
      '{match: {namespaceSelector: {matchLabels: {a: b}}, images: ["mirror.example.com/a"]}, pullSecrets: [{images: ["**"], add: [mirror-pull]}]}',
      adds('mirror-pull'),
    ],
    request: create(
      podOf('{containers: [{name: a, image: "mirror.example.com/a:1"}, {name: b, image: "mirror.example.com/b:1"}]}'),
    ),
    patch: [`add ${LIST} [{"name":"mirror-pull"}]`],
  },
  {
    what: 'an update of a live Pod',
    policies: [adds('mirror-pull')],
    request: updateOf(pod(IMAGE), pod('mirror.example.com/a:2')),
    patch: [],
  },
  {
    what: 'a manifest that is applied again without it',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(deployment(IMAGE, listed('own', 'mirror-pull')), deployment(IMAGE, listed('own'))),
    patch: [`add ${TEMPLATE_LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'a manifest without a list that is applied again: the stored list, whatever the ServiceAccount has now',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(deployment(IMAGE, listed('before', 'mirror-pull')), deployment(IMAGE)),
    patch: [`add ${TEMPLATE_LIST} [{"name":"before"},{"name":"mirror-pull"}]`],
  },
  ...['slow', 'missing', 'malformed', 'other'].map((secret) => ({
    what: `a manifest that is applied again after its secret became ${secret}`,
    policies: [adds(secret, ', mode: workload')],
    request: updateOf(
      deployment(IMAGE, `, serviceAccountName: lost${listed('of-account', secret)}`),
      deployment(IMAGE, ', serviceAccountName: lost'),
    ),
    patch: [`add ${TEMPLATE_LIST} [{"name":"of-account"},{"name":"${secret}"}]`],
  })),
  {
    what: 'a manifest with another ServiceAccount',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(
      deployment(IMAGE, `, serviceAccountName: lost${listed('before', 'mirror-pull')}`),
      deployment(IMAGE),
    ),
    patch: [`add ${TEMPLATE_LIST} [{"name":"of-account"},{"name":"mirror-pull"}]`],
  },
  {
    what: 'a manifest with another image',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(deployment(IMAGE, listed('before', 'mirror-pull')), deployment('mirror.example.com/a:2')),
    patch: [`add ${TEMPLATE_LIST} [{"name":"of-account"},{"name":"mirror-pull"}]`],
  },
  {
    what: 'mode warn: a manifest that is applied again without it',
    policies: [adds('mirror-pull', ', mode: warn')],
    request: updateOf(deployment(IMAGE, listed('own', 'mirror-pull')), deployment(IMAGE, listed('own'))),
    patch: [],
  },
  {
    what: 'a live Pod that is applied again without it',
    policies: [adds('mirror-pull')],
    request: updateOf(pod(IMAGE, listed('of-account', 'mirror-pull')), pod(IMAGE)),
    patch: [`add ${LIST} [{"name":"of-account"},{"name":"mirror-pull"}]`],
  },
  {
    what: 'an update that changes no image of a template that was stored without it',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(deployment(IMAGE, listed('own')), deployment(IMAGE, listed('own'), ', labels: {a: b}')),
    patch: [],
  },
  {
    what: 'an update with another image',
    policies: [adds('mirror-pull', ', mode: workload')],
    request: updateOf(deployment(IMAGE, listed('own')), deployment('mirror.example.com/a:2', listed('own'))),
    patch: [`add ${TEMPLATE_LIST}/- {"name":"mirror-pull"}`],
  },
  {
    what: 'a rewritten image: name, digest, secret, and pull policy',
    policies: [
      `{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {},
        pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull]}], pullPolicy: [{digest: true, set: IfNotPresent}]}`,
    ],
    request: create(podOf('{containers: [{name: web, image: "nginx", imagePullPolicy: Always}]}')),
    patch: [
      '/spec/containers/0/image mirror.example.com/hub/library/nginx@#1',
      `add ${LIST} [{"name":"mirror-pull"}]`,
      'add /spec/containers/0/imagePullPolicy IfNotPresent',
    ],
  },
];

const sets = (entry: string, more = ''): string => `{pullPolicy: [{${entry}}]${more}}`;
const POLICY = '/spec/containers/0/imagePullPolicy';
const TEMPLATE_POLICY = '/spec/template/spec/containers/0/imagePullPolicy';
const withPolicy = (policy: string): string => `, imagePullPolicy: ${policy}`;

const PULL_POLICIES: readonly Case[] = [
  {
    what: 'by image',
    policies: [sets('images: ["**:latest"], set: Always')],
    request: create(deployment('nginx:latest', '', '', withPolicy('IfNotPresent'))),
    patch: [`add ${TEMPLATE_POLICY} Always`],
  },
  {
    what: 'the default of the API server, which is what the policy wants',
    policies: [sets('images: ["**:latest"], set: Always')],
    request: create(pod('nginx')),
    patch: [],
  },
  {
    what: 'by digest',
    policies: [sets('digest: true, set: IfNotPresent')],
    request: create(
      podOf(
        `{containers: [{name: a, image: "nginx@${D}", imagePullPolicy: Always}, {name: b, image: "nginx:1", imagePullPolicy: Always}]}`,
      ),
    ),
    patch: [`add ${POLICY} IfNotPresent`],
  },
  {
    what: 'without a digest',
    policies: [sets('digest: false, set: Always')],
    request: create(pod('nginx:1')),
    patch: [`add ${POLICY} Always`],
  },
  {
    what: 'the first entry that matches',
    policies: ['{pullPolicy: [{images: ["quay.io/**"], set: Never}, {set: Always}]}'],
    request: create(podOf('{containers: [{name: a, image: "quay.io/a:1"}, {name: b, image: "nginx:1"}]}')),
    patch: [`add ${POLICY} Never`, 'add /spec/containers/1/imagePullPolicy Always'],
  },
  {
    what: 'init containers and image volumes',
    policies: [sets('set: Always')],
    request: create(
      podOf(
        '{initContainers: [{name: i, image: "a:1"}], containers: [{name: a, image: "a:1", imagePullPolicy: Always}], volumes: [{name: v, image: {reference: "a:1"}}]}',
      ),
    ),
    patch: ['add /spec/initContainers/0/imagePullPolicy Always', 'add /spec/volumes/0/image/pullPolicy Always'],
  },
  {
    what: 'mode pod: a template',
    policies: [sets('set: Always, mode: pod')],
    request: create(deployment('nginx:1')),
    patch: [],
  },
  {
    what: 'mode warn',
    policies: [sets('set: Always, mode: warn')],
    request: create(deployment('nginx:1')),
    patch: [],
    findings: ['warn web: the pull policy is IfNotPresent; use Always'],
  },
  { what: 'a mirror Pod', policies: [sets('set: Always')], request: create(pod('nginx:1', '', MIRROR_POD)), patch: [] },
  {
    what: 'a Pod of a controller',
    policies: [sets('set: Always, mode: pod')],
    request: create(pod('nginx:1', '', `{name: web${controlled}}`)),
    patch: [`add ${POLICY} Always`],
  },
  {
    what: 'a Job',
    policies: [sets('set: Always')],
    request: create(job('nginx:1')),
    patch: [`add ${TEMPLATE_POLICY} Always`],
  },
  {
    what: 'a Job that is applied again',
    policies: [sets('set: Always')],
    request: updateOf(job('nginx:1', '', withPolicy('Always')), job('nginx:1')),
    patch: [`add ${TEMPLATE_POLICY} Always`],
  },
  {
    what: 'a stored Job without it, whose template is immutable',
    policies: [sets('set: Always')],
    request: updateOf(job('nginx:1'), job('nginx:2')),
    patch: [],
  },
  {
    what: 'an object of a controller',
    policies: [sets('set: Always')],
    request: create(deployment('nginx:1', '', controlled)),
    patch: [],
  },
  {
    what: 'an update that changes neither image nor pull policy',
    policies: [sets('set: Always')],
    request: updateOf(deployment('nginx:1'), deployment('nginx:1', '', ', labels: {a: b}')),
    patch: [],
  },
  {
    what: 'a manifest that is applied again',
    policies: [sets('set: Always')],
    request: updateOf(deployment('nginx:1', '', '', withPolicy('Always')), deployment('nginx:1')),
    patch: [`add ${TEMPLATE_POLICY} Always`],
  },
  {
    what: 'an update with another image',
    policies: [sets('set: Always')],
    request: updateOf(deployment('nginx:1'), deployment('nginx:2')),
    patch: [`add ${TEMPLATE_POLICY} Always`],
  },
  {
    what: 'a live Pod',
    policies: [sets('set: Always')],
    request: updateOf(pod('nginx:1'), pod('nginx:2')),
    patch: [],
  },
  {
    what: 'a live Pod that is applied again',
    policies: [sets('set: Always')],
    request: updateOf(podOf('{containers: [{name: web, image: "nginx:1", imagePullPolicy: Always}]}'), pod('nginx:1')),
    patch: [`add ${POLICY} Always`],
  },
  {
    what: 'a new ephemeral container, but not the containers beside it',
    policies: [sets('set: Always')],
    request: updateOf(
      pod('nginx:1'),
      podOf('{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [{name: debug, image: "busybox:1"}]}'),
      { subResource: 'ephemeralcontainers' },
    ),
    patch: ['add /spec/ephemeralContainers/0/imagePullPolicy Always'],
  },
];

test.each([...PULL_SECRETS, ...PULL_POLICIES])('$what', async ({ policies, request, patch, findings = [] }) => {
  const parsed = policies.map((spec) => policyOf(spec));
  const mutation = await change(request, parsed, { images: registryOf(), ...cluster() });
  expect({ patch: patched(mutation), findings: findingTexts(mutation) }).toEqual({ patch, findings });
});

test.each<readonly [what: string, added: string, request: AdmissionRequest, lookups: readonly string[]]>([
  ['the pull secrets that they get', 'mirror-pull, missing', create(pod('nginx:1')), ['mirror-pull']],
  ['no malformed secret, which is not added', 'malformed, mirror-pull', create(pod('nginx:1')), ['mirror-pull']],
  [
    'the secrets that they get, if those of the ServiceAccount are unknown',
    'mirror-pull',
    requestOf(pod('nginx:1', ', serviceAccountName: lost'), { pluginsRan: false }),
    ['mirror-pull', 'its pull secrets are not known: the API server did not respond'],
  ],
  [
    'the secrets that they get, if the ServiceAccount does not exist yet',
    'mirror-pull',
    create(deployment('nginx:1', ', serviceAccountName: absent')),
    ['mirror-pull', 'ServiceAccount "absent" does not exist yet'],
  ],
  [
    'no secret that a live Pod does not get',
    'mirror-pull',
    updateOf(
      pod('nginx:1'),
      podOf('{containers: [{name: web, image: "nginx:1"}], ephemeralContainers: [{name: debug, image: "nginx:1"}]}'),
      { subResource: 'ephemeralcontainers' },
    ),
    [],
  ],
])('images are looked up with %s', async (_what, added, request, lookups) => {
  const policies = [
    policyOf(`{match: {containers: [regular, ephemeral]}, rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}],
      pullSecrets: [{images: ["mirror.example.com/**"], add: [${added}]}]}`),
  ];
  const images = registryOf({
    'mirror.example.com/hub/library/nginx:1': yes(D),
    'docker.io/library/nginx:1': no('timeout'),
  });
  await change(request, policies, { images, ...cluster() });
  const texts = images.questions.map(({ candidates, incompleteReason }) => [
    ...candidates.map(({ secret }) => secret),
    ...(incompleteReason === undefined ? [] : [incompleteReason]),
  ]);
  expect(texts).toEqual([lookups]);
});

const NO_NAMES: Fact<readonly string[]> = { state: 'yes', value: [] };

test.each<readonly [what: string, request: AdmissionRequest, findings: readonly string[]]>([
  ['a template has the secrets that its Pods get', create(deployment(IMAGE)), []],
  [
    'a template with another image does not',
    create(deployment('mirror.example.com:5000/a:1')),
    ['web pull-secret-coverage warn'],
  ],
  ['a Pod of a cluster has what is in it', create(pod(IMAGE)), ['web pull-secret-coverage warn']],
  ['a Pod in a file gets them when it is created', requestOf(pod(IMAGE), { pluginsRan: false }), []],
])('when it is validated, %s', async (_what, request, findings) => {
  const policy = policyOf(
    `{rules: [{rule: pull-secret-coverage}], pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull]}]}`,
  );
  const world = { ...cluster(), serviceAccounts: { pullSecretsOf: () => NO_NAMES } };
  expect(decisionTexts(await ask(request, contextOf([policy], world)))).toEqual(findings);
});
