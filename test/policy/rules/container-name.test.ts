/** Container names are unique in a Pod, and DNS labels. */
import { expect, test } from 'vitest';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

const POLICY = policyOf('{rules: [{rule: container-name}]}');
const names = (spec: string): readonly string[] => findingTexts(findingsOf([POLICY], requestFor(pod(spec))));

const SHARED = 'use a name that is unique in the Pod, including init and ephemeral containers';
const LABEL = 'use lowercase letters, digits, and inner hyphens, at most 63 characters';
const named = (name: string): string => `{containers: [{name: ${JSON.stringify(name)}, image: i}]}`;

test.each(['a', '0', 'web-2', '-'.padStart(62, 'a').concat('a'), 'a--b'])('%s is a valid name', (name) => {
  expect(names(named(name))).toEqual([]);
});

test.each(['Web', 'web.v1', 'web_1', '-a', 'a-', 'é', ' ', 'a'.repeat(64), '{{name}}'])(
  '%s is not a valid name',
  (name) => {
    expect(names(named(name))).toEqual([
      `${name}: container name ${JSON.stringify(name)} is not a DNS label | ${LABEL}`,
    ]);
  },
);

test('a long name is shortened to one line', () => {
  const [finding] = findingsOf([POLICY], requestFor(pod(named(`a\n${'b'.repeat(100_000)}`))));
  expect(finding?.message).toBe(`container name "a\\u000a${'b'.repeat(193)}…" is not a DNS label`);
});

test('a missing name is reported at the pointer of the name', () => {
  const [finding] = findingsOf([POLICY], requestFor(pod('{containers: [{image: i}, {name: "", image: i}]}')));
  expect(finding).toMatchObject({
    message: 'the container has no name',
    remedy: 'add a name, for example name: "web"',
    pointer: '/spec/containers/0/name',
  });
  expect(names('{containers: [{image: i}, {name: "", image: i}]}')).toHaveLength(2);
});

test("Knative adds the missing name of a Service's container", () => {
  const service = (containers: string): readonly string[] =>
    findingTexts(
      findingsOf(
        [POLICY],
        requestFor(
          workload(
            `{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: s}, spec: {template: {spec: {containers: ${containers}}}}}`,
          ),
        ),
      ),
    );
  expect(service('[{image: i}]')).toEqual([]);
  expect(service('[{image: i, name: A}]')).toEqual([`A: container name "A" is not a DNS label | ${LABEL}`]);
});

test('a name belongs to the container of any kind that starts first; volumes have separate names', () => {
  const spec = `{
    initContainers: [{name: a, image: i}, {name: b, image: i, restartPolicy: Always}],
    containers: [{name: a, image: i}, {name: b, image: i}, {name: c, image: i}],
    ephemeralContainers: [{name: c, image: i}],
    volumes: [{name: c, image: {reference: m}}, {name: V_, image: {reference: m}}]}`;
  expect(names(spec)).toEqual([
    `a: container name "a" is already used by spec.initContainers[0] | ${SHARED}`,
    `b: container name "b" is already used by spec.initContainers[1] | ${SHARED}`,
    `c: container name "c" is already used by spec.containers[2] | ${SHARED}`,
  ]);
});

test('names of two Pods in one object are not compared, nor those of images outside of a Pod', () => {
  const job = workload(`{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [
    {template: {spec: {containers: [{name: a, image: i}]}}}, {template: {spec: {containers: [{name: a, image: i}]}}}]}}`);
  const task = workload(
    '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: i}, {image: i}]}}',
  );
  for (const object of [job, task]) expect(findingsOf([POLICY], requestFor(object))).toEqual([]);
});

test('only containers in scope are reported, but all containers reserve names', () => {
  const scoped = policyOf('{match: {containers: [ephemeral]}, rules: [{rule: container-name}]}');
  const spec =
    '{containers: [{name: A, image: i}, {name: a, image: i}, {name: a, image: i}], ephemeralContainers: [{name: a, image: i}]}';
  expect(findingTexts(findingsOf([scoped], requestFor(pod(spec))))).toEqual([
    `a: container name "a" is already used by spec.containers[1] | ${SHARED}`,
  ]);
});

test('names of JavaScript properties are ordinary names', () => {
  expect(names('{containers: [{name: constructor, image: i}, {name: constructor, image: i}]}')).toHaveLength(1);
  expect(names('{containers: [{name: __proto__, image: i}]}')).toHaveLength(1);
});
