/** Fields that the API server rejects because of the list that contains the container. */
import { describe, expect, test } from 'vitest';
import { findingsOf, pod, policyOf, requestFor, findingTexts } from '../fixtures.ts';

const findingsFor = (spec: string, parameters = '{}'): readonly string[] =>
  findingTexts(
    findingsOf([policyOf(`{rules: [{rule: container-lifecycle, parameters: ${parameters}}]}`)], requestFor(pod(spec))),
  );

const init = (fields: string): string => `{initContainers: [{name: m, image: i, ${fields}}], containers: []}`;
const regular = (fields: string): string => `{containers: [{name: c, image: i, ${fields}}]}`;
const ephemeral = (fields: string): string => `{containers: [], ephemeralContainers: [{name: e, image: i, ${fields}}]}`;

describe('an init container', () => {
  const never = (what: string, field: string): string =>
    `m: an init container runs to completion and cannot have ${what} | set restartPolicy: Always to make it a sidecar, or remove ${field}`;

  test.each<[string, readonly string[]]>([
    ['readinessProbe: {tcpSocket: {port: 1}}', [never('a readiness probe', 'readinessProbe')]],
    ['livenessProbe: {}', [never('a liveness probe', 'livenessProbe')]],
    ['startupProbe: {}, restartPolicy: Never', [never('a startup probe', 'startupProbe')]],
    ['lifecycle: {}', [never('lifecycle hooks', 'lifecycle')]],
    [
      'lifecycle: {}, readinessProbe: {}',
      [never('lifecycle hooks', 'lifecycle'), never('a readiness probe', 'readinessProbe')],
    ],
    ['lifecycle: {}, readinessProbe: {}, livenessProbe: {}, startupProbe: {}, restartPolicy: Always', []],
    ['livenessProbe: null', []],
    ['resources: {limits: {cpu: 1}}, ports: [{containerPort: 1}]', []],
  ])('with %s', (fields, sentences) => {
    expect(findingsFor(init(fields))).toEqual(sentences);
    expect(findingsFor(regular(fields))).toEqual([]);
  });
});

describe('a restart policy', () => {
  const RULE = 'restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]';

  test.each([
    'restartPolicy: Always',
    'restartPolicy: OnFailure',
    'restartPolicy: Never',
    `restartPolicy: Never, ${RULE}`,
    'restartPolicyRules: []',
    'restartPolicy: null',
  ])('is valid in Kubernetes 1.35: %s', (fields) => {
    expect(findingsFor(init(fields))).toEqual([]);
    expect(findingsFor(regular(fields))).toEqual([]);
  });

  test.each<[string, string]>([
    ['restartPolicy: always', 'c: invalid restartPolicy "always" | use Always, OnFailure, or Never'],
    ['restartPolicy: ""', 'c: invalid restartPolicy "" | use Always, OnFailure, or Never'],
    [
      RULE,
      'c: the container has restartPolicyRules but no restartPolicy | add restartPolicy: Always, OnFailure, or Never',
    ],
  ])('is invalid: %s', (fields, sentence) => {
    expect(findingsFor(regular(fields))).toEqual([sentence]);
    expect(findingsFor(init(fields))).toEqual([sentence.replace(/^c/, 'm')]);
  });

  test('is allowed only for sidecars if the policy sets restartRules: false', () => {
    const older = '{restartRules: false}';
    expect(findingsFor(init('restartPolicy: Always'), older)).toEqual([]);
    expect(findingsFor(init('command: [x]'), older)).toEqual([]);
    expect(findingsFor(init('restartPolicy: OnFailure'), older)).toEqual([
      'm: restartPolicy "OnFailure" of an init container requires Kubernetes 1.35 | set restartPolicy: Always, or remove it',
    ]);
    expect(findingsFor(regular('restartPolicy: Always'), older)).toEqual([
      'c: restartPolicy "Always" of a single container requires Kubernetes 1.35 | remove it; the Pod\'s restartPolicy applies',
    ]);
    expect(findingsFor(init(`restartPolicy: Always, ${RULE}`), older)).toEqual([
      'm: restartPolicyRules requires Kubernetes 1.35 | remove restartPolicyRules',
    ]);
  });
});

describe('an ephemeral container', () => {
  test.each<[string, string, string]>([
    ['ports: [{containerPort: 1}]', 'ports', 'ports'],
    ['resources: {limits: {cpu: 1}}', 'resources', 'resources'],
    ['resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]', 'resizePolicy', 'resizePolicy'],
    ['restartPolicy: Always', 'restartPolicy', 'restartPolicy'],
    ['readinessProbe: {exec: {command: [x]}}', 'a readiness probe', 'readinessProbe'],
    ['lifecycle: {preStop: {exec: {command: [x]}}}', 'lifecycle hooks', 'lifecycle'],
  ])('with %s', (fields, what, field) => {
    expect(findingsFor(ephemeral(fields))).toEqual([`e: an ephemeral container cannot have ${what} | remove ${field}`]);
  });

  test('can have the defaults that the API server sets', () => {
    expect(
      findingsFor(
        ephemeral(
          'resources: {}, ports: [], terminationMessagePath: /x, volumeMounts: [{name: v, mountPath: /v, subPath: ""}]',
        ),
      ),
    ).toEqual([]);
  });

  test('mounts whole volumes', () => {
    const mounts =
      '[{name: v, mountPath: /v}, {name: v, mountPath: /w, subPath: x}, {name: v, mountPath: /x, subPathExpr: $(X)}]';
    expect(findingsFor(ephemeral(`volumeMounts: ${mounts}`))).toEqual([
      'e: an ephemeral container cannot mount with a subPath | mount the whole volume',
      'e: an ephemeral container cannot mount with a subPathExpr | mount the whole volume',
    ]);
  });
});
