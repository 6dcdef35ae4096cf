/** A value of a wrong JSON type is a fault with its pointer if the field is read, and has no effect otherwise. */
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import { foundText } from '../../src/pod/read.ts';
import { isObject, type JsonObject, jsonType } from '../../src/pod/pointer.ts';
import { typeOf, workloadOf } from '../../src/pod/workload.ts';
import { objectsIn } from './fixtures.ts';

const kinds = kindTable();

/** All fields that are read, and some others. */
const POD = objectsIn(`
apiVersion: v1
kind: Pod
metadata: {name: shop, generateName: shop-, labels: {a: b}, annotations: {c: d}}
spec:
  hostNetwork: true
  serviceAccountName: shop
  nodeSelector: {disk: ssd}
  priority: 10
  imagePullSecrets: [{name: regcred}]
  initContainers:
    - {name: migrate, image: "migrate:4", imagePullPolicy: Always, restartPolicy: Always, ports: [{containerPort: 1, name: a, protocol: TCP, hostPort: 1, hostIP: 10.0.0.1}]}
  containers:
    - {name: web, image: "web:7", imagePullPolicy: Always, command: [run], ports: [{containerPort: 80, name: http, protocol: TCP, hostPort: 80, hostIP: 10.0.0.1}]}
  ephemeralContainers: [{name: debug, image: "busybox:1", targetContainerName: web}]
  volumes: [{name: model, image: {reference: "m:3", pullPolicy: Always}}, {name: cache, emptyDir: {}}]
status: {phase: Running}
`)[0];

const CONTAINER = { '': 'an object', '/name': 'a string', '/image': 'a string', '/imagePullPolicy': 'a string' };
const PORT = {
  '': 'an object',
  '/containerPort': 'a number',
  '/name': 'a string',
  '/protocol': 'a string',
  '/hostPort': 'a number',
  '/hostIP': 'a string',
};

const below = (at: string, fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([key, expected]) => [`${at}${key}`, expected]));

/** Fields that are read, with their types. */
const READ: Readonly<Record<string, string>> = {
  '/metadata': 'an object',
  '/metadata/name': 'a string',
  '/spec': 'an object',
  '/spec/hostNetwork': 'true or false',
  '/spec/serviceAccountName': 'a string',
  '/spec/imagePullSecrets': 'a list',
  '/spec/imagePullSecrets/0': 'an object',
  '/spec/imagePullSecrets/0/name': 'a string',
  '/spec/initContainers': 'a list',
  ...below('/spec/initContainers/0', { ...CONTAINER, '/restartPolicy': 'a string', '/ports': 'a list' }),
  ...below('/spec/initContainers/0/ports/0', PORT),
  '/spec/containers': 'a list',
  ...below('/spec/containers/0', { ...CONTAINER, '/ports': 'a list' }),
  ...below('/spec/containers/0/ports/0', PORT),
  '/spec/ephemeralContainers': 'a list',
  ...below('/spec/ephemeralContainers/0', { '': 'an object', '/name': 'a string', '/image': 'a string' }),
  '/spec/volumes': 'a list',
  '/spec/volumes/0': 'an object',
  // Only the names of image volumes are read.
  '/spec/volumes/0/name': 'a string',
  '/spec/volumes/0/image': 'an object',
  '/spec/volumes/0/image/reference': 'a string',
  '/spec/volumes/0/image/pullPolicy': 'a string',
  '/spec/volumes/1': 'an object',
};

const VALUES: readonly unknown[] = ['text', 7, true, [], ['text'], {}, { name: 'x' }];

const TYPES: Readonly<Record<string, string>> = {
  'an object': 'an object',
  'a list': 'a list',
  'a string': 'a string',
  'a number': 'a number',
  'true or false': 'a boolean',
};

function pointersIn(value: unknown, at = ''): readonly string[] {
  const children = isObject(value) || Array.isArray(value) ? Object.entries(value) : [];
  return [at, ...children.flatMap(([key, child]) => pointersIn(child, `${at}/${key}`))];
}

function replaced(value: unknown, segments: readonly string[], by: unknown): unknown {
  const [key, ...rest] = segments;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((child, index) => (String(index) === key ? replaced(child, rest, by) : child));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, child]) => [
      name,
      name === key ? replaced(child, rest, by) : child,
    ]),
  );
}

const foundIn = (value: unknown, expected: string): string =>
  expected === 'a string' ? foundText(value) : jsonType(value);

describe('a Pod with one value of another type', () => {
  const places = pointersIn(POD).filter((pointer) => pointer !== '' && !/^\/(apiVersion|kind)$/.test(pointer));

  test('has all fields that are read', () => {
    expect(Object.keys(READ).filter((pointer) => !places.includes(pointer))).toEqual([]);
  });

  test.each(places)('at %s is a fault there, or the field is not read', (pointer) => {
    const type = typeOf(POD ?? {});
    const expected = READ[pointer];
    for (const value of VALUES) {
      const object = replaced(POD, pointer.slice(1).split('/'), value) as JsonObject;
      const read = workloadOf(object, type, kinds);
      if (expected === undefined || jsonType(value) === TYPES[expected]) {
        // A list of strings instead of a list of objects is a fault at its first element.
        const inside = Array.isArray(value) && value.length > 0 && expected === 'a list';
        expect(read, JSON.stringify(value)).toMatchObject(
          inside ? { ok: false, fault: { pointer: `${pointer}/0` } } : { ok: true },
        );
      } else {
        expect(read).toEqual({
          ok: false,
          fault: { pointer, problem: `expected ${expected}, found ${foundIn(value, expected)}` },
        });
      }
    }
  });

  test.each(places)('null at %s is the same as absent', (pointer) => {
    const object = replaced(POD, pointer.slice(1).split('/'), null) as JsonObject;
    const read = workloadOf(object, typeOf(POD ?? {}), kinds);
    // Except as an element of a list, where Go decodes null as an empty object, which the API server rejects.
    if (READ[pointer] === 'an object' && /\/\d+$/.test(pointer)) {
      expect(read).toMatchObject({ ok: false, fault: { pointer, problem: 'expected an object, found null' } });
    } else {
      expect(read).toMatchObject({ ok: true });
    }
  });
});

describe('other kinds of another shape', () => {
  test.each<[string, string]>([
    [
      '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: yes}]}}',
      '/spec/containers/0/image: expected a string, found a boolean; in YAML, quote words such as yes, no, on, off, true, and false',
    ],
    ['{apiVersion: apps/v1, kind: Deployment, spec: []}', '/spec: expected an object, found a list'],
    [
      '{apiVersion: apps/v1, kind: Deployment, spec: {template: text}}',
      '/spec/template: expected an object, found a string',
    ],
    [
      '{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: text}}}',
      '/spec/template/spec: expected an object, found a string',
    ],
    [
      '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {templates: text}}',
      '/spec/templates: expected a list or a map, found a string',
    ],
    [
      '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {templates: [{container: x}]}}',
      '/spec/templates/0/container: expected an object, found a string',
    ],
    [
      '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {templates: [{container: {image: [x]}}]}}',
      '/spec/templates/0/container/image: expected a string, found a list',
    ],
    [
      '{apiVersion: tekton.dev/v1, kind: Task, spec: {steps: [{image: {}}]}}',
      '/spec/steps/0/image: expected a string, found an object',
    ],
    [
      '{apiVersion: apps.kruise.io/v1alpha1, kind: ImageListPullJob, spec: {images: [[x]]}}',
      '/spec/images/0: expected a string, found a list',
    ],
    [
      '{apiVersion: kubeflow.org/v1, kind: TFJob, spec: {tfReplicaSpecs: {a/b: {template: {spec: 1}}}}}',
      '/spec/tfReplicaSpecs/a~1b/template/spec: expected an object, found a number',
    ],
    [
      '{apiVersion: v1, kind: EphemeralContainers, ephemeralContainers: {}}',
      '/ephemeralContainers: expected a list, found an object',
    ],
    [
      '{apiVersion: v1, kind: Pod, metadata: {generateName: 1}}',
      '/metadata/generateName: expected a string, found a number',
    ],
  ])('%s: %s', (yaml, fault) => {
    const [object] = objectsIn(yaml);
    const read = object && workloadOf(object, typeOf(object), kinds);
    expect(read?.ok === false && `${read.fault.pointer}: ${read.fault.problem}`).toBe(fault);
  });
});

describe('an object’s own type', () => {
  test.each<[JsonObject, string, string, string]>([
    [{ apiVersion: 'v1', kind: 'Pod' }, '', 'v1', 'Pod'],
    [{ apiVersion: 'apps/v1', kind: 'Deployment' }, 'apps', 'v1', 'Deployment'],
    [{ apiVersion: 'a/b/c', kind: 'X' }, 'a', 'b/c', 'X'],
    [{ apiVersion: 1, kind: [] }, '', '', ''],
    [{}, '', '', ''],
  ])('of %j', (object, group, version, kind) => {
    expect(typeOf(object)).toEqual({ group, version, kind });
  });
});

test.each<[JsonObject, string]>([
  [{ name: 'a', generateName: 'b-' }, 'a'],
  [{ generateName: 'b-' }, 'b-'],
  [{ name: '', generateName: 'b-' }, 'b-'],
  [{}, ''],
])('the name of %j is %j', (metadata, name) => {
  const read = workloadOf({ metadata, spec: {} }, { group: '', version: 'v1', kind: 'Pod' }, kinds);
  expect(read?.ok === true && read.workload.name).toBe(name);
});
