/** What cannot be told: who can bring it about decides what it does, where the policy does not say. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exceptionBook } from '../../src/policy/exception-book.ts';
import { defineRule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { exceptionOf, LAST_DAY, policyOf } from '../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf } from './decide.ts';
import { registry } from './registry.ts';
import type { RegistryDetails, RegistryFact } from '../../src/policy/registry-fact.ts';

const containers = (count: number, image: (index: number) => string): string =>
  `{containers: [${Array.from({ length: count }, (_, index) => `{name: c${index}, image: "${image(index)}"}`).join(', ')}]}`;

const cel = (expression: string): string => `{rule: cel, parameters: {expression: ${JSON.stringify(expression)}}}`;
const failing = (
  cause: 'timeout' | 'dns' | 'notFound' | 'protocol' | 'rateLimited' | 'serverError' | 'blocked',
  more: object = {},
) => {
  const fact: RegistryFact<never> = { state: 'unknown', failure: { cause, message: 'm', remedy: undefined, ...more } };
  const source = { lookUp: () => Promise.resolve(fact) };
  return { images: source, imageDetails: source };
};
const absent = () => ({
  images: {
    lookUp: () =>
      Promise.resolve({ state: 'no', failure: { cause: 'notFound', message: 'm', remedy: undefined } } as const),
  },
});
const saying = (details: Partial<RegistryDetails>) => {
  const base = { digest: `sha256:${'a'.repeat(64)}`, mediaType: 'application/vnd.oci.image.manifest.v1+json' };
  const value: RegistryDetails = { ...base, platforms: [], createdMs: undefined, sizeBytes: 1, ...details };
  return { imageDetails: { lookUp: () => Promise.resolve({ state: 'yes', value } as const) } };
};
const AGE = '{rule: image-age, parameters: {maxAgeDays: 30}}';
const DAYS = '{rule: image-age, parameters: {createdAfter: "2020-01-01"}}';
const PLATFORM = '{rule: image-platform, parameters: {platforms: [linux/amd64]}}';
const MIRROR = '{rule: mirror-differs}';
const rewriteTo = (...hosts: readonly string[]): string =>
  `rewrite: [${hosts.map((host) => `{from: "${host}/**", to: "a.io/**"}`).join(', ')}], `;
const TASK = (image: string): string =>
  `{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{name: s, image: "${image}"}]}}`;
const PRODUCTION = 'match: {namespaceSelector: {matchLabels: {env: prod}}}, ';
const LABELED = 'namespaceObject.metadata.labels.env != "prod"';
const unlabeled = (causedBy: 'author' | undefined) => ({
  namespaces: { labelsOf: () => ({ state: 'unknown', reason: 'm', causedBy }) as const },
});
const SLOW = 'object.spec.containers.all(a, object.spec.containers.all(b, a.name.contains(b.name) || true))';

interface Case {
  readonly rule: string;
  readonly object?: string;
  readonly pod?: string;
  readonly ports?: object;
  readonly scope?: string;
}

async function outcomes({ rule, object, pod, ports = {}, scope = '' }: Case, more = ''): Promise<readonly string[]> {
  const policies = [policyOf(`{${scope}rules: [${rule.replace(/\}$/, `${more}}`)}]}`, [...RULES, ...OURS])];
  const made = object === undefined ? podOf(pod ?? '{containers: [{name: c, image: a.io/b:1}]}') : objectOf(object);
  const decision = await ask(requestOf(made), contextOf(policies, { now: () => LAST_DAY, ...ports }));
  if (decision.outcome !== 'evaluated') return [decision.outcome];
  return [...new Set(decision.findings.map(({ action, outcome }) => `${outcome} -> ${action}`))];
}

const OURS = [
  defineRule({
    name: 'unsure',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: () => [{ state: 'unknown', container: undefined, pointer: '', message: 'm' }],
  }),
  defineRule({
    name: 'unsure-of-the-world',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: ['registryImages'],
    check: () => [{ state: 'unknown', container: undefined, pointer: '', message: 'm' }],
  }),
  defineRule({
    name: 'throws',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: () => {
      throw new RangeError('crafted');
    },
  }),
];

for (const { ready } of RULES) await ready?.();

describe('an unknown that the author of the object alone can cause is worth the action', () => {
  test.each<[string, Case]>([
    ['a field that is not there', { rule: cel('object.spec.securityContext.runAsNonRoot') }],
    ['a label that is not there', { rule: cel('object.metadata.labels.team != ""') }],
    ['a field of the container', { rule: cel('container.securityContext.readOnlyRootFilesystem') }],
    [
      'a field of another type',
      {
        rule: cel('object.spec.hostNetwork == false && object.spec.priority < 5'),
        pod: '{priority: high, hostNetwork: false, containers: [{name: c, image: a}]}',
      },
    ],
    [
      'a quantity that is none',
      {
        rule: cel('quantity(container.resources.limits.memory).isLessThan(quantity("1Gi"))'),
        pod: '{containers: [{name: c, image: a, resources: {limits: {memory: lots}}}]}',
      },
    ],
    ['an index that is not there', { rule: cel('object.spec.containers[1].name == "x"') }],
    ['padding that uses up the steps', { rule: cel(SLOW), pod: containers(600, () => 'a') }],
    [
      'a regular expression of the object',
      { rule: cel('"a".matches(object.spec.hostname)'), pod: '{hostname: "(", containers: [{name: c, image: a}]}' },
    ],
    [
      'a tag here and a digest there',
      {
        rule: '{rule: image-consistency}',
        pod: `{containers: [{name: a, image: "x:1"}, {name: b, image: "x@sha256:${'a'.repeat(64)}"}]}`,
      },
    ],
    [
      '101 images of image-exists',
      { rule: '{rule: image-exists}', pod: containers(101, (index) => `a.io/b${index}:1`), ports: registry().ports },
    ],
    [
      '101 images of drift',
      {
        rule: '{rule: image-digest, parameters: {drift: true}}',
        pod: containers(101, (index) => `a.io/b:${index}@sha256:${'a'.repeat(64)}`),
        ports: registry().ports,
      },
    ],
    [
      '101 pull secrets',
      {
        rule: '{rule: pull-secret-usable}',
        pod: `{imagePullSecrets: [${Array.from({ length: 101 }, (_, index) => `{name: s${index}}`).join(', ')}], containers: [{name: c, image: a}]}`,
        ports: registry().ports,
      },
    ],
    [
      '17 platforms',
      {
        rule: '{rule: image-platform}',
        pod: `{nodeSelector: {kubernetes.io/os: linux}, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [${Array.from({ length: 17 }, (_, index) => `a${index}`).join(', ')}]}]}]}}}, containers: [{name: c, image: a}]}`,
        ports: registry().ports,
      },
    ],
    [
      'a registry that is not listed',
      { rule: '{rule: image-exists}', ports: failing('blocked', { causedBy: 'author' }) },
    ],
    ['several originals', { rule: MIRROR, scope: rewriteTo('o.io', 'p.io') }],
    ['an image that neither registry has', { rule: MIRROR, scope: rewriteTo('o.io'), ports: absent() }],
    ['an image without a date', { rule: AGE, ports: saying({}) }],
    ['an image of 1970, as reproducible builds have it', { rule: AGE, ports: saying({ createdMs: 0 }) }],
    [
      'an image of a year that is still to come',
      { rule: AGE, ports: saying({ createdMs: LAST_DAY + 400 * 86_400_000 }) },
    ],
    ['an image without a date, by day', { rule: DAYS, ports: saying({ createdMs: -62_135_596_800_000 }) }],
    ['an image for no platform', { rule: PLATFORM, ports: saying({}) }],
    [
      'an image with nothing but attestations',
      {
        rule: PLATFORM,
        ports: saying({ platforms: [{ os: 'unknown', architecture: 'unknown', variant: undefined }] }),
      },
    ],
    ['a plugin that says so', { rule: '{rule: unsure}' }],
    ['a rule that fails', { rule: '{rule: throws}' }],
    [
      'too many labels of the namespace',
      { rule: '{rule: image-digest}', scope: PRODUCTION, ports: unlabeled('author') },
    ],
    ['such labels, read by an expression', { rule: cel(LABELED), ports: unlabeled('author') }],
  ])('%s', async (_what, one) => {
    for (const action of ['deny', 'warn', 'audit']) {
      const found = await outcomes(one, `, action: ${action}`);
      expect(found.filter((text) => !text.startsWith('violation')).map((text) => text.split(' -> ')[1])).toEqual([
        action,
      ]);
    }
    const written = await outcomes(one, ', onUnknown: audit');
    expect(written.filter((text) => !text.startsWith('violation')).map((text) => text.split(' -> ')[1])).toEqual([
      'audit',
    ]);
  });
});

describe('an unknown that the world causes is a warning', () => {
  test.each<[string, Case]>([
    ['labels that cannot be read', { rule: '{rule: image-digest}', scope: PRODUCTION, ports: unlabeled(undefined) }],
    ['such labels, read by an expression', { rule: cel(LABELED), ports: unlabeled(undefined) }],
    ['a registry that hangs', { rule: '{rule: image-exists}', ports: failing('timeout') }],
    [
      'a registry that answers nonsense',
      { rule: '{rule: image-age, parameters: {maxAgeDays: 1}}', ports: failing('protocol') },
    ],
    ['a host that does not exist', { rule: '{rule: image-exists}', ports: failing('dns') }],
    [
      'a rate limit',
      { rule: '{rule: image-platform, parameters: {platforms: [linux/amd64]}}', ports: failing('rateLimited') },
    ],
    [
      'a registry in trouble',
      {
        rule: '{rule: image-digest, parameters: {drift: true}}',
        pod: `{containers: [{name: c, image: "a:1@sha256:${'a'.repeat(64)}"}]}`,
        ports: failing('serverError'),
      },
    ],
    [
      'no cluster that knows Secrets',
      { rule: '{rule: pull-secret-usable}', pod: '{imagePullSecrets: [{name: s}], containers: [{name: c, image: a}]}' },
    ],
    [
      'no cluster that knows ServiceAccounts',
      {
        rule: '{rule: pull-secret-named}',
        object:
          '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: c, image: a}]}}}}',
      },
    ],
    ['what nodes hold', { rule: '{rule: pull-secret-coverage}', pod: '{containers: [{name: c, image: a}]}' }],
    ['labels of the namespace in CEL', { rule: cel('namespaceObject.metadata.labels.env == "prod"') }],
    [
      'labels of the namespace in the scope',
      { rule: '{rule: image-digest}', scope: 'match: {namespaceSelector: {matchLabels: {env: prod}}}, ' },
    ],
    ['a rule with facts', { rule: '{rule: unsure-of-the-world}' }],
    ['no registry at all', { rule: '{rule: image-exists}' }],
    ['no registry for originals', { rule: MIRROR, scope: rewriteTo('o.io') }],
    ['an original that hangs', { rule: MIRROR, scope: rewriteTo('o.io'), ports: failing('timeout') }],
    ['an original that can be hidden', { rule: MIRROR, scope: rewriteTo('o.io'), ports: failing('notFound') }],
  ])('%s', async (_what, one) => {
    expect(await outcomes(one)).toEqual(['unknown -> warn']);
    expect(await outcomes(one, ', onUnknown: deny')).toEqual(['unknown -> deny']);
  });
});

describe('an image that is filled in later', () => {
  const PENDING = '$(params.image)';

  test.each<[string, string]>([
    ['everything', ''],
    ['namespaces', 'match: {namespaces: [shop]}, '],
    ['Pods among the kinds', 'match: {kinds: [Task, Pod]}, '],
    ['what is created', 'match: {operations: [CREATE]}, '],
    ['all but people', 'exclude: {users: ["oidc:*"]}, '],
    ['all but other kinds', 'exclude: {kinds: [Deployment]}, '],
    ['all ServiceAccounts', 'match: {groups: ["system:serviceaccounts*"]}, '],
    ['all but people of one company', 'exclude: {users: ["*@corp.example"]}, '],
    ['all but nodes', 'exclude: {users: ["system:node:*"]}, '],
    [
      'all but Deployments of one ServiceAccount',
      'exclude: {kinds: [Deployment], users: ["system:serviceaccount:ci:*"]}, ',
    ],
  ])('is a warning if the policy applies to %s: its Pods are evaluated', async (_what, scope) => {
    const request = { rule: '{rule: image-digest}', object: TASK(PENDING), scope };
    if (scope.includes('groups')) return expect(await outcomes(request)).toEqual([]);
    expect(await outcomes(request)).toEqual(['unknown -> warn']);
  });

  test.each<[string, string]>([
    ['other kinds', 'match: {kinds: [Task]}, '],
    ['kinds but Pods', 'exclude: {kinds: [Pod]}, '],
    ['people', 'match: {users: [jane]}, '],
    ['all but controllers', 'exclude: {users: ["system:serviceaccount:kube-system:*"]}, '],
    ['all but ServiceAccounts', 'exclude: {groups: ["system:serviceaccounts"]}, '],
    ['all but the controller that makes them', 'exclude: {users: ["system:serviceaccount:tekton-pipelines:*"]}, '],
    ['all but one that may make them', 'exclude: {users: ["*:tekton-pipelines-controller"]}, '],
    ['all but those of a namespace that may make them', 'exclude: {groups: ["system:serviceaccounts:tekton-*"]}, '],
    ['all but everybody', 'exclude: {groups: ["system:authenticated"], images: ["a.io/**"]}, '],
    ['people and the controllers of Kubernetes', 'match: {users: [jane, "system:serviceaccount:kube-system:*"]}, '],
    ['people and a controller by its name', 'match: {users: [jane, "system:serviceaccount:*:tekton"]}, '],
  ])('has the action if the policy applies to %s: its Pods are not evaluated', async (_what, scope) => {
    const request = { rule: '{rule: image-digest}', object: TASK(PENDING), scope };
    expect(await outcomes(request)).toEqual(['unknown -> deny']);
    expect(await outcomes(request, ', onUnknown: warn')).toEqual(['unknown -> warn']);
  });

  test('has a remedy for policies that do not apply to the Pods of the object', async () => {
    const policies = [policyOf('{match: {kinds: [Task]}, rules: [{rule: image-digest}]}')];
    const decision = await ask(requestOf(objectOf(TASK(PENDING))), contextOf(policies));
    expect(decision.outcome === 'evaluated' ? decision.findings.map(({ remedy }) => remedy) : []).toEqual([
      'set the unknown values in this object; the policy does not apply to the Pods created from it',
    ]);
  });

  test('does not exist in a Pod: a template expression is an invalid image there', async () => {
    const rule = '{rule: image-digest}';
    expect(await outcomes({ rule, pod: `{containers: [{name: c, image: "${PENDING}"}]}` })).toEqual([
      'violation -> deny',
    ]);
    expect(await outcomes({ rule, pod: '{containers: [{name: c}]}' })).toEqual(['violation -> deny']);
  });
});

test('no container starves the next: each has its own steps', async () => {
  const policies = [policyOf(`{rules: [${cel('container.args.all(a, container.args.all(b, a != b || true))')}]}`)];
  const big = `[${Array.from({ length: 500 }, (_, index) => `"${index}"`).join(', ')}]`;
  const spec = `{containers: [{name: big, image: a, args: ${big}}, {name: small, image: a, args: [x]}, {name: bare, image: a, args: []}]}`;
  const decision = await ask(requestOf(podOf(spec)), contextOf(policies));
  expect(
    decision.outcome === 'evaluated' ? decision.findings.map(({ container, action }) => [container?.name, action]) : [],
  ).toEqual([['big', 'deny']]);
});

test('an exception by images excuses no image that cannot be read', async () => {
  const policies = [policyOf('{rules: [{rule: image-digest}]}')];
  const exceptions = exceptionBook([exceptionOf('{images: ["**"]}')], () => LAST_DAY);
  const decision = await ask(
    requestOf(podOf('{containers: [{name: c, image: "A B"}]}')),
    contextOf(policies, { exceptions }),
  );
  expect(decision.outcome === 'evaluated' ? decision.findings.map(({ action }) => action) : []).toEqual(['deny']);
});

test('SECURITY.md says of every rule who can cause its unknown, once', () => {
  const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('## Who can cause "unknown"\n');
  const rows =
    section
      .split('\n## ')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `')) ?? [];
  const named = rows.flatMap((row) =>
    Array.from((row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g), ([, name]) => name),
  );
  expect(named).toHaveLength(RULES.length);
  expect(new Set(named)).toEqual(new Set(RULES.map(({ name }) => name)));
});
