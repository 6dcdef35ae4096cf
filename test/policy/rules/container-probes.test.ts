/** Missing probes, and probes that cannot work. */
import { describe, expect, test } from 'vitest';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

const probes = (spec: string, parameters = '{}'): readonly string[] =>
  findingTexts(
    findingsOf([policyOf(`{rules: [{rule: container-probes, parameters: ${parameters}}]}`)], requestFor(pod(spec))),
  );

const one = (fields: string): string => `{containers: [{name: c, image: i${fields}}]}`;
const BOTH = '{require: [readiness, liveness]}';
const ANY = '{require: [readiness, liveness, startup], mode: any}';
const HANDLERS = 'exec, httpGet, tcpSocket, or grpc';

describe('required probes', () => {
  test.each<[string, string, readonly string[]]>([
    ['{}', '', []],
    [
      BOTH,
      '',
      [
        `c: the container has no readiness probe | add readinessProbe, with ${HANDLERS}`,
        `c: the container has no liveness probe | add livenessProbe, with ${HANDLERS}`,
      ],
    ],
    [
      BOTH,
      ', livenessProbe: {exec: {command: [x]}}',
      [`c: the container has no readiness probe | add readinessProbe, with ${HANDLERS}`],
    ],
    [
      BOTH,
      ', livenessProbe: {exec: {command: [x]}}, readinessProbe: null',
      [`c: the container has no readiness probe | add readinessProbe, with ${HANDLERS}`],
    ],
    [
      ANY,
      '',
      [
        'c: the container has no readiness, liveness, or startup probe | add readinessProbe, livenessProbe, or startupProbe',
      ],
    ],
    [ANY, ', startupProbe: {grpc: {port: 1}}', []],
    ['{require: [startup]}', ', startupProbe: {tcpSocket: {port: 80}}', []],
  ])('%s of a container with "%s"', (parameters, fields, sentences) => {
    expect(probes(one(fields), parameters)).toEqual(sentences);
  });

  test('apply only to regular and sidecar containers', () => {
    const spec = `{initContainers: [{name: m, image: i}, {name: s, image: i, restartPolicy: Always}], containers: [{name: c, image: i}],
      ephemeralContainers: [{name: e, image: i}], volumes: [{name: v, image: {reference: m}}]}`;
    expect(probes(spec, '{require: [readiness]}').map((line) => line.split(':')[0])).toEqual(['s', 'c']);
  });

  test.each([
    ['Never', []],
    ['OnFailure', []],
    ['Always', ['c']],
  ])('of a Pod with restartPolicy %s apply unless it runs to completion', (policy, expected) => {
    const spec = `{restartPolicy: ${policy}, containers: [{name: c, image: i}]}`;
    expect(probes(spec, '{require: [readiness]}').map((line) => line.split(':')[0])).toEqual(expected);
    expect(probes(spec, '{require: [readiness], jobs: true}')).toHaveLength(1);
  });

  test('do not apply to images outside of pod specs', () => {
    const task = workload('{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: i}]}}');
    const policy = policyOf(`{rules: [{rule: container-probes, parameters: ${BOTH}}]}`);
    expect(findingsOf([policy], requestFor(task))).toEqual([]);
  });

  test('are reported at their pointers', () => {
    const policy = policyOf(`{rules: [{rule: container-probes, parameters: ${BOTH}}]}`);
    expect(findingsOf([policy], requestFor(pod(one('')))).map(({ pointer }) => pointer)).toEqual([
      '/spec/containers/0/readinessProbe',
      '/spec/containers/0/livenessProbe',
    ]);
  });
});

describe('an existing probe', () => {
  const EXACTLY = 'set exactly one of exec, httpGet, tcpSocket, grpc';

  test.each<[string, readonly string[]]>([
    ['{}', [`c: the readiness probe has no handler | ${EXACTLY}`]],
    ['{periodSeconds: 5, httpGet: null}', [`c: the readiness probe has no handler | ${EXACTLY}`]],
    ['{httpGet: {port: 1}, grpc: {port: 1}}', [`c: the readiness probe has httpGet and grpc | ${EXACTLY}`]],
    ['{httpGet: {port: 8080}}', []],
    ['{httpGet: {}}', []],
    ['{httpGet: {port: http}}', []],
    [
      '{httpGet: {port: web}}',
      [
        'c: the readiness probe uses port "web", which the container does not declare | use one of "http", "admin", or a port number',
      ],
    ],
    [
      '{tcpSocket: {port: "80"}}',
      [
        'c: the readiness probe uses port "80", which the container does not declare | use one of "http", "admin", or a port number',
      ],
    ],
  ])('%s', (probe, sentences) => {
    const ports = ', ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: 1}]';
    expect(probes(one(`${ports}, readinessProbe: ${probe}`))).toEqual(sentences);
  });

  test('uses a port of its own container, not of another container', () => {
    const spec =
      '{containers: [{name: c, image: i, startupProbe: {httpGet: {port: http}}}, {name: d, image: i, ports: [{name: http, containerPort: 1}]}]}';
    expect(probes(spec)).toEqual([
      'c: the startup probe uses port "http", which the container does not declare | use the port number',
    ]);
  });

  test('is also checked in a Job', () => {
    expect(probes('{restartPolicy: Never, containers: [{name: c, image: i, livenessProbe: {}}]}', BOTH)).toEqual([
      `c: the liveness probe has no handler | ${EXACTLY}`,
    ]);
  });
});
