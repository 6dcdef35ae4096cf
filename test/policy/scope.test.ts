/** Where a policy applies: every key of match and exclude, and the reasons if that is unknown. */
import { describe, expect, test } from 'vitest';
import type { Fact, Labels } from '../../src/policy/fact.ts';
import type { ScopeRequest } from '../../src/policy/scope-request.ts';
import { findingsOf, pod, policyOf, requestFor, workload } from './fixtures.ts';

const deployment = workload(
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: web, image: "nginx:1"}]}}}}',
);
const volcano = workload(
  '{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [{template: {spec: {containers: [{name: web, image: "nginx:1"}]}}}]}}',
);
const sidecarSet = workload(
  '{apiVersion: apps.kruise.io/v1alpha1, kind: SidecarSet, metadata: {name: s}, spec: {containers: [{name: web, image: "nginx:1"}]}}',
);
const full = pod(`{
  initContainers: [{name: i, image: "a/i:1"}, {name: s, image: "a/s:1", restartPolicy: Always}],
  containers: [{name: r, image: "b/r:1"}, {name: broken, image: "UPPER"}],
  ephemeralContainers: [{name: e, image: "b/e:1"}],
  volumes: [{name: v, image: {reference: "b/v:1"}}]}`);

const labels = (value: Labels): Fact<Labels> => ({ state: 'yes', value });

/** The outcome for an object whose every image is a violation: `-` when the policy does not apply. */
function outcome(scope: string, request: ScopeRequest): string {
  const findings = findingsOf([policyOf(`{${scope}, rules: [{rule: image-digest, onUnknown: audit}]}`)], request);
  return [...new Set(findings.map((finding) => `${finding.outcome} ${finding.action}`))].join(', ') || '-';
}

const APPLIES = 'violation deny';
const UNKNOWN = 'unknown audit';

describe('match, and exclude with the same keys', () => {
  // [clause, request, does it match?]
  test.each<[string, Partial<ScopeRequest>, 'yes' | 'no' | 'unknown']>([
    ['namespaces: [shop]', {}, 'yes'],
    ['namespaces: [sh*]', {}, 'yes'],
    ['namespaces: [other, "*op"]', {}, 'yes'],
    ['namespaces: [sho]', {}, 'no'],
    ['namespaces: ["*"]', { namespace: undefined }, 'no'],
    ['kinds: [Deployment]', {}, 'yes'],
    ['kinds: [Deployment.apps]', {}, 'yes'],
    ['kinds: [Deployment.extensions]', {}, 'no'],
    ['kinds: ["*.apps"]', {}, 'yes'],
    ['kinds: ["D*"]', {}, 'yes'],
    ['kinds: [Pod]', {}, 'no'],
    ['kinds: [Job.batch]', { workload: volcano }, 'no'],
    ['kinds: [Job.batch.volcano.sh]', { workload: volcano }, 'yes'],
    ['kinds: [Job]', { workload: volcano }, 'yes'],
    ['operations: [CREATE]', {}, 'yes'],
    ['operations: [UPDATE]', {}, 'no'],
    ['operations: [UPDATE]', { operation: 'UPDATE' }, 'yes'],
    ['operations: [CREATE, UPDATE]', { operation: 'UPDATE' }, 'yes'],
    ['users: [jane]', {}, 'yes'],
    [
      'users: ["system:serviceaccount:*:deployer"]',
      { user: { name: 'system:serviceaccount:ci:deployer', groups: [] } },
      'yes',
    ],
    ['users: [joe]', {}, 'no'],
    ['users: [jane]', { user: undefined }, 'unknown'],
    ['groups: [devs]', {}, 'yes'],
    ['groups: ["system:*"]', {}, 'yes'],
    ['groups: [admins]', {}, 'no'],
    ['groups: [devs]', { user: undefined }, 'unknown'],
    ['groups: ["*"]', { user: { name: 'jane', groups: [] } }, 'no'],
    ['namespaceSelector: {matchLabels: {env: prod}}', {}, 'unknown'],
    ['namespaceSelector: {matchLabels: {env: prod}}', { namespaceLabels: labels({ env: 'prod' }) }, 'yes'],
    ['namespaceSelector: {matchLabels: {env: prod}}', { namespaceLabels: labels({ env: 'dev' }) }, 'no'],
    ['namespaceSelector: {matchLabels: {env: prod}}', { namespaceLabels: { state: 'no' } }, 'no'],
    ['namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}', {}, 'yes'],
    ['namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}', {}, 'no'],
    ['namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other, env: prod}}', {}, 'no'],
    ['namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop, env: prod}}', {}, 'unknown'],
    [
      'namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}',
      {},
      'yes',
    ],
    ['namespaceSelector: {}', {}, 'yes'],
    ['namespaceSelector: {matchLabels: {env: prod}}', { workload: sidecarSet, namespace: undefined }, 'no'],
    [
      'namespaceSelector: {matchExpressions: [{key: env, operator: DoesNotExist}]}',
      { workload: sidecarSet, namespace: undefined },
      'yes',
    ],
    ['namespaces: [shop], kinds: [Pod]', {}, 'no'],
    ['namespaces: [shop], kinds: [Deployment], users: [jane], operations: [CREATE], groups: [devs]', {}, 'yes'],
    ['namespaces: [other], users: [jane]', { user: undefined }, 'no'],
    ['namespaces: [shop], users: [jane]', { user: undefined }, 'unknown'],
  ])('{%s} for %o: %s', (clause, extra, matches) => {
    const request = requestFor(deployment, extra);
    expect(outcome(`match: {${clause}}`, request)).toBe({ yes: APPLIES, no: '-', unknown: UNKNOWN }[matches]);
    expect(outcome(`exclude: {${clause}}`, request)).toBe({ yes: '-', no: APPLIES, unknown: UNKNOWN }[matches]);
  });

  test.each([
    'match: {}',
    'exclude: {}',
    'match: {namespaces: [], kinds: [], images: []}',
    'exclude: {namespaces: [], containers: [], images: []}',
    'onUpdate: all',
  ])('{%s} says nothing, so the policy applies', (scope) => {
    expect(outcome(scope, requestFor(deployment))).toBe(APPLIES);
  });

  test('exclude wins over match, and a no of either over an unknown', () => {
    expect(outcome('match: {namespaces: [shop]}, exclude: {users: [jane]}', requestFor(deployment))).toBe('-');
    expect(
      outcome('match: {users: [jane]}, exclude: {namespaces: [shop]}', requestFor(deployment, { user: undefined })),
    ).toBe('-');
    expect(
      outcome('match: {namespaces: [other]}, exclude: {users: [jane]}', requestFor(deployment, { user: undefined })),
    ).toBe('-');
    expect(
      outcome('match: {users: [jane]}, exclude: {namespaces: [other]}', requestFor(deployment, { user: undefined })),
    ).toBe(UNKNOWN);
  });
});

describe('single containers', () => {
  const names = (scope: string, extra: Partial<ScopeRequest> = {}): readonly string[] =>
    findingsOf([policyOf(`{${scope}, rules: [{rule: image-digest}]}`)], requestFor(full, extra)).map(
      ({ container, outcome: how }) => `${container?.name}${how === 'unknown' ? '?' : ''}`,
    );

  test.each<[string, readonly string[]]>([
    ['match: {containers: [regular]}', ['r', 'broken']],
    ['match: {containers: [init]}', ['i']],
    ['match: {containers: [sidecar, ephemeral]}', ['s', 'e']],
    ['match: {containers: [volume]}', ['v']],
    ['exclude: {containers: [regular, init]}', ['s', 'e', 'v']],
    // What cannot be read is never let off by the name of a registry.
    ['match: {images: ["a/*"]}', ['i', 's', 'broken']],
    ['exclude: {images: ["a/*"]}', ['r', 'broken', 'e', 'v']],
    ['exclude: {images: ["**"]}', ['broken']],
    ['match: {images: ["b/*"], containers: [regular]}', ['r', 'broken']],
    ['exclude: {images: ["b/*"], containers: [regular]}', ['i', 's', 'broken', 'e', 'v']],
    ['match: {containers: [regular]}, exclude: {images: ["b/*"]}', ['broken']],
    ['exclude: {namespaces: [shop], images: ["a/*"]}', ['r', 'broken', 'e', 'v']],
    ['exclude: {namespaces: [other], images: ["a/*"]}', ['i', 's', 'r', 'broken', 'e', 'v']],
  ])('%s leaves %j', (scope, expected) => {
    expect(names(scope)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    ['match: {users: [jane], images: ["a/*"]}', ['i?', 's?', 'broken?']],
    // The exclusion can only remove a/*, so it is known that the policy applies to the others.
    ['exclude: {users: [jane], images: ["a/*"]}', ['i?', 's?', 'r', 'broken', 'e', 'v']],
    ['exclude: {users: [jane], containers: [volume]}', ['i', 's', 'r', 'broken', 'e', 'v?']],
    [
      'match: {groups: [devs]}, exclude: {users: [jane], containers: [volume]}',
      ['i?', 's?', 'r?', 'broken?', 'e?', 'v?'],
    ],
  ])('%s, for an unknown user, leaves %j', (scope, expected) => {
    expect(names(scope, { user: undefined })).toEqual(expected);
  });

  test('leaves a policy that covers no container without findings, ports among them', () => {
    const ports = pod(
      '{initContainers: [{name: i, image: a, ports: [{containerPort: 1}, {containerPort: 1}]}], containers: [{name: r, image: a}]}',
    );
    const rules = 'rules: [{rule: container-ports}]';
    expect(findingsOf([policyOf(`{match: {containers: [regular]}, ${rules}}`)], requestFor(ports))).toEqual([]);
    expect(findingsOf([policyOf(`{match: {containers: [init]}, ${rules}}`)], requestFor(ports))).toHaveLength(1);
  });
});

describe('the doubt', () => {
  const doubts = (scope: string, extra: Partial<ScopeRequest>): readonly string[] =>
    findingsOf([policyOf(`{${scope}, rules: [{rule: image-digest}]}`)], requestFor(deployment, extra)).map(
      ({ message }) => message.replace('image "nginx:1" has no digest, so its content can change', '…'),
    );
  const selector = 'namespaceSelector: {matchLabels: {env: prod}}';
  const unknownUser = { user: undefined };

  test.each<[string, Partial<ScopeRequest>, string]>([
    [`match: {${selector}}`, {}, '… (cannot determine whether the policy applies: labels are not known)'],
    [`exclude: {${selector}}`, {}, '… (cannot determine whether the policy applies: labels are not known)'],
    // The user is unknown; the labels were not looked up, because they do not matter.
    [
      'match: {users: [jane]}',
      unknownUser,
      '… (cannot determine whether the policy applies: the requesting user is unknown)',
    ],
    [
      'match: {users: [jane], groups: [devs]}',
      unknownUser,
      '… (cannot determine whether the policy applies: the requesting user is unknown)',
    ],
    [
      'exclude: {groups: [devs]}',
      unknownUser,
      '… (cannot determine whether the policy applies: the requesting user is unknown)',
    ],
    [
      `match: {${selector}, users: [jane]}`,
      unknownUser,
      '… (cannot determine whether the policy applies: labels are not known and the requesting user is unknown)',
    ],
    [
      `match: {${selector}}, exclude: {users: [jane]}`,
      unknownUser,
      '… (cannot determine whether the policy applies: labels are not known and the requesting user is unknown)',
    ],
    [
      `match: {${selector}, users: [jane]}`,
      { ...unknownUser, namespaceLabels: labels({ env: 'prod' }) },
      '… (cannot determine whether the policy applies: the requesting user is unknown)',
    ],
  ])('of {%s} for %o reads %s', (scope, extra, message) => {
    expect(doubts(scope, extra)).toEqual([message]);
  });
});

test('a policy asks for labels only where one of its clauses does', () => {
  const asks = (scope: string): readonly string[] =>
    policyOf(`{${scope}, rules: [{rule: image-digest}]}`).scope.clausesWithLabels;
  const name = '{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [a]}]}';
  expect(asks('match: {namespaces: [a]}')).toEqual([]);
  expect(asks('match: {namespaceSelector: {}}')).toEqual([]);
  expect(asks(`match: {namespaceSelector: ${name}}, exclude: {namespaceSelector: ${name}}`)).toEqual([]);
  expect(asks('match: {namespaceSelector: {matchLabels: {a: b}}}')).toEqual(['match']);
  expect(asks('exclude: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a, b: c}}}')).toEqual([
    'exclude',
  ]);
});
