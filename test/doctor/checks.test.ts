/** Checks with values that a healthy or an unusual cluster has, and that are hard to produce on a real one. */
import { expect, test } from 'vitest';
import type { Check, KnownValues } from '../../src/doctor/check.ts';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { noCluster } from '../../src/doctor/collect.ts';
import { known, unknown } from '../../src/doctor/known.ts';
import type { Deployment } from '../../src/doctor/objects.ts';
import { applyAgain } from '../../src/doctor/remedy.ts';
import { policyUse } from '../../src/doctor/replicas.ts';
import type { PolicyFacts, ReadReplica, ReplicaMetrics, Webhook } from '../../src/doctor/values.ts';
import { CERTIFICATE_RULES, configurationRules } from '../../src/install/access.ts';
import { NAME_LABEL } from '../../src/policy/selector.ts';
import { policyOf } from '../policy/fixtures.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const MINUTE = 60_000;

function check(id: string): Check {
  const found = CHECKS.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no check ${id}`);
  return found;
}

function run(id: string, values: Partial<KnownValues>): string {
  const none = unknown('not in this test');
  const all = {
    ...noCluster('not in this test'),
    configuration: none,
    policyFiles: none,
    policies: none,
    certificateFiles: none,
    registries: none,
    now: known(NOW),
    namespace: known('gate'),
    ...values,
  };
  const result = check(id).run(all);
  if (result.state === 'unknown') return `unknown: ${result.reason}`;
  return result.problems.map(({ subject, message }) => `${subject}: ${message}`).join('\n');
}

function replica(change: Partial<ReplicaMetrics>, startedAt?: number): ReadReplica {
  const clock = { time: NOW, before: NOW, after: NOW };
  const metrics = {
    version: '0.1.0',
    reviews: 200,
    byPolicy: new Map(),
    clock,
    certificate: 'ab',
    hasCertificateProblem: false,
    generation: 'one',
    loadedAt: NOW - 60 * MINUTE,
    hasReloadFailed: false,
    ...change,
  };
  return { pod: 'tidewaiter-1', image: 'i', startedAt, metrics };
}

const TIME = known({ server: NOW, before: NOW, after: NOW });

test.each<[how: string, metrics: Partial<ReplicaMetrics>, expected: string]>([
  ['the same clock', {}, ''],
  ['a slow response', { clock: { time: NOW + 29_000, before: NOW, after: NOW + 25_000 } }, ''],
  [
    'a clock that is slow',
    { clock: { time: NOW - 90_000, before: NOW, after: NOW } },
    'Pod gate/tidewaiter-1: its clock is 90 s slow, compared with the API server',
  ],
  [
    'an older version',
    { clock: undefined, version: '0.0.9' },
    'unknown: Pod tidewaiter-1 (version 0.0.9) does not report its clock',
  ],
])('replica-clock: %s', (_how, metrics, expected) => {
  expect(run('replica-clock', { time: TIME, replicaMetrics: known([replica(metrics)]) })).toBe(expected);
});

test.each<[how: string, other: Partial<ReplicaMetrics>, expected: string]>([
  ['one generation', {}, ''],
  ['a rollout', { generation: 'two', loadedAt: NOW - 5 * MINUTE }, ''],
  [
    'another generation for long',
    { generation: 'two' },
    'Deployment gate/tidewaiter: its replicas have used different policies for more than 10 minutes (generations one, two)',
  ],
])('replica-policies: %s', (_how, other, expected) => {
  expect(run('replica-policies', { replicaMetrics: known([replica({}), replica(other)]) })).toBe(expected);
});

const facts = (...specs: readonly string[]): PolicyFacts => {
  const scopes = specs.map((spec) => policyOf(`{${spec}rules: [{rule: image-reference}]}`));
  return {
    source: 'p.yaml',
    names: ['p'],
    scopes,
    registries: [],
    kinds: [],
    needs: new Set(),
    pins: false,
    lookups: false,
    notices: [],
  };
};

test.each<[how: string, startedAt: number | undefined, loadedAt: number, expected: string]>([
  [
    'since the start',
    NOW - 10 * MINUTE,
    NOW - 10 * MINUTE,
    'ImagePolicy p: it covered none of 200 reviews in 10 minutes (policies: p.yaml)',
  ],
  ['just reloaded', NOW - 600 * MINUTE, NOW - 10 * MINUTE, ''],
  [
    'reloaded long ago',
    NOW - 6000 * MINUTE,
    NOW - 3000 * MINUTE,
    'ImagePolicy p: it covered none of 200 reviews in 2 days (policies: p.yaml)',
  ],
])('policies-used: %s', (_how, startedAt, loadedAt, expected) => {
  const use = policyUse([replica({ loadedAt }, startedAt)]);
  expect(run('policies-used', { policies: known(facts('')), policyUse: use })).toBe(expected);
});

test.each<[how: string, status: Deployment['status'], expected: string]>([
  ['a rollout', { updatedReplicas: 1, replicas: 3 }, ''],
  [
    'a rollout that does not go on',
    { updatedReplicas: 1, replicas: 3, conditions: [{ type: 'Progressing', status: 'False' }] },
    'Deployment gate/tidewaiter: its replicas run i and other',
  ],
])('version-skew: %s', (_how, status = {}, expected = '') => {
  const deployment = {
    metadata: { name: 'tidewaiter' },
    spec: { replicas: 2, template: { spec: { containers: [] } } },
  };
  const replicas = ['i', 'other'].map((image) => ({ ...replica({}), image, metrics: known(replica({}).metrics) }));
  expect(run('version-skew', { replicas: known(replicas), deployment: known({ ...deployment, status }) })).toBe(
    expected,
  );
});

function webhook(change: Partial<Webhook>): Webhook {
  return {
    kind: 'ValidatingWebhookConfiguration',
    configuration: 'tidewaiter',
    name: 'validate.tidewaiter.dev',
    isOurs: true,
    isOfOther: false,
    clientConfig: {},
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }],
    ...change,
  };
}

const namespaces = known(
  new Map(
    Object.entries({ 'kube-system': {}, gate: {}, shop: {}, 'aks-command': { 'control-plane': 'true' } }).map(
      ([name, labels]) => [name, { [NAME_LABEL]: name, ...labels }],
    ),
  ),
);
const OURS = 'ValidatingWebhookConfiguration tidewaiter, webhook validate.tidewaiter.dev';

test.each<[how: string, expression: string, policy: string, expected: string]>([
  ['true', `request.operation in ['CREATE', 'UPDATE']`, '', ''],
  ['a name that users rarely have', `request.userInfo.username != 'jane'`, '', ''],
  ['people only', `!request.userInfo.username.startsWith('system:')`, '', ''],
  ['creations only', `request.operation == 'CREATE'`, '', `${OURS}: matchCondition "c" is false for pods (UPDATE)`],
  ['what no policy covers', `request.kind.kind != 'Pod'`, 'match: {kinds: [Deployment]}, ', ''],
  [
    'a field that is not set',
    'object.spec.hostNetwork',
    '',
    `${OURS}: matchCondition "c" fails for pods (CREATE, UPDATE)`,
  ],
  [
    'an authorizer',
    `!authorizer.group('').resource('pods').check('skip').allowed()`,
    '',
    `unknown: matchCondition "c" of ${OURS} cannot be evaluated: `,
  ],
  [
    'too many steps',
    `${'[1, 2, 3, 4, 5, 6, 7, 8].all(a, '.repeat(9)}true${')'.repeat(9)}`,
    '',
    `unknown: matchCondition "c" of ${OURS} cannot be evaluated: `,
  ],
])('match-conditions: %s', (_how, expression, policy, expected) => {
  const webhooks = known([webhook({ matchConditions: [{ name: 'c', expression }] })]);
  const found = run('match-conditions', { webhooks, namespaces, policies: known(facts(policy)) });
  if (expected.endsWith(': ')) expect(found).toContain(expected);
  else expect(found).toBe(expected);
});

const selector = (key: string, operator: 'NotIn' | 'DoesNotExist', ...values: readonly string[]) => ({
  namespaceSelector: { matchExpressions: [{ key, operator, values }] },
});

test.each<[how: string, change: Partial<Webhook>, policy: string, expected: string]>([
  ['the namespaces of the manifests', selector(NAME_LABEL, 'NotIn', 'kube-system', 'gate'), '', ''],
  ['the labels of AKS', selector('control-plane', 'NotIn', 'true'), '', ''],
  ['the labels of AKS, absent', selector('control-plane', 'DoesNotExist'), '', ''],
  [
    'another namespace',
    selector(NAME_LABEL, 'NotIn', 'shop'),
    '',
    'ValidatingWebhookConfiguration tidewaiter: no webhook selects namespace shop, where a policy applies',
  ],
  [
    'another namespace that the policies leave out',
    selector(NAME_LABEL, 'NotIn', 'shop'),
    'exclude: {namespaces: [shop]}, ',
    '',
  ],
])('webhook-selectors: %s', (_how, change, policy, expected) => {
  const webhooks = known([webhook(change)]);
  expect(run('webhook-selectors', { webhooks, namespaces, policies: known(facts(policy)) })).toBe(expected);
});

const EXCEPT_OURS = `request.namespace != 'gate'`;

test.each<[how: string, other: Partial<Webhook>, own: Partial<Webhook>, isFound: boolean]>([
  ['two webhooks', {}, {}, true],
  [
    'a condition that leaves out our namespace',
    { matchConditions: [{ name: 'c', expression: EXCEPT_OURS }] },
    {},
    false,
  ],
  ['labels of our Pods', { objectSelector: { matchLabels: { app: 'other' } } }, {}, false],
  [
    'a condition of ours that leaves out the other namespace',
    {},
    { matchConditions: [{ name: 'c', expression: `request.namespace != 'shop'` }] },
    false,
  ],
  ['a condition that cannot be evaluated', { matchConditions: [{ name: 'c', expression: 'authorizer.x' }] }, {}, true],
  ['failures that are ignored', { failurePolicy: 'Ignore' }, {}, false],
])('webhook-deadlock: %s', (_how, other, own, isFound) => {
  const service = { namespace: 'shop', name: 'other' };
  const second = webhook({
    name: 'pods.example.com',
    configuration: 'other',
    isOurs: false,
    clientConfig: { service },
  });
  const webhooks = known([{ ...second, ...other }, webhook(own)]);
  const found = run('webhook-deadlock', { webhooks, namespaces, deployment: known(undefined) });
  expect(found !== '').toBe(isFound);
});

test('reports the missing verbs of one rule together', () => {
  const [rule] = configurationRules('self');
  if (rule === undefined) throw new Error('there is no rule');
  const access = [
    ...rule.verbs.map((verb) => ({ rule, verb, denied: verb === 'get' ? [] : ['*'] })),
    ...CERTIFICATE_RULES.map((each) => ({ rule: each, verb: each.verbs[0] ?? '', denied: ['gate'] })),
  ];
  expect(run('rbac', { access: known(access), deployment: known(undefined) }).split('\n')).toEqual([
    'ServiceAccount gate/tidewaiter: it is not allowed to list, watch, patch, delete validatingwebhookconfigurations.admissionregistration.k8s.io, but it needs that (The webhooks and the CA of the server)',
    'ServiceAccount gate/tidewaiter: it is not allowed to get secrets in namespace gate, but it needs that (The certificate of the server)',
    'ServiceAccount gate/tidewaiter: it is not allowed to create secrets in namespace gate, but it needs that (Again, if it was deleted; "create" cannot be limited to names)',
  ]);
});

test('the command that applies the manifests again does not run without the options of the installation', () => {
  expect(applyAgain('gate')).toContain('tidewaiter manifests -n gate -p POLICIES OPTIONS | kubectl apply -f -');
});
