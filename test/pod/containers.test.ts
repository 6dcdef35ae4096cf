/** Values of containers: image states, API defaults, ports, and names. */
import { describe, expect, test } from 'vitest';
import { type Container, containerLabel, MAX_ITEMS } from '../../src/pod/containers.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { readObjects } from '../../src/pod/read.ts';
import { typeOf, workloadOf } from '../../src/pod/workload.ts';
import { objectsIn, readWorkload } from './fixtures.ts';

const pod = (spec: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
const deployment = (spec: JsonObject): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { template: { spec } },
});

function containersOf(object: JsonObject): readonly Container[] {
  return readWorkload(object).containers;
}

function onlyContainer(object: JsonObject): Container {
  const [container, ...others] = containersOf(object);
  if (container === undefined || others.length > 0) throw new Error('expected one container');
  return container;
}

describe('an image', () => {
  const LATER = 'a controller fills it in later';
  const EXPRESSION = 'its controller fills in the expression later';

  test.each<
    [
      string,
      string,
      { readonly state: string; readonly reason?: string },
      { readonly state: string; readonly reason?: string },
    ]
  >([
    ['a name', 'nginx', { state: 'parsed' }, { state: 'parsed' }],
    ['nothing', '', { state: 'invalid' }, { state: 'pending', reason: LATER }],
    ['the placeholder of an OpenShift image trigger', ' ', { state: 'invalid' }, { state: 'pending', reason: LATER }],
    ['the placeholder of the service mesh injector', 'auto', { state: 'parsed' }, { state: 'pending', reason: LATER }],
    ['another kind’s expression', '{{image}}', { state: 'invalid' }, { state: 'invalid' }],
    ['white space around', ' nginx', { state: 'invalid' }, { state: 'invalid' }],
  ])('that is %s (%j) is checked in a Pod and pending in a template', (_what, image, inPod, inTemplate) => {
    expect(onlyContainer(pod({ containers: [{ image }] })).image).toMatchObject({ text: image, ...inPod });
    expect(onlyContainer(deployment({ containers: [{ image }] })).image).toMatchObject({ text: image, ...inTemplate });
  });

  test.each<[string, string, string, string | undefined]>([
    ['argoproj.io/v1alpha1', 'WorkflowTaskSet', 'ghcr.io/acme/{{inputs.parameters.image}}:1', EXPRESSION],
    ['argoproj.io/v1alpha1', 'WorkflowTaskSet', '$(params.image)', undefined],
    ['tekton.dev/v1', 'StepAction', '$(params.image)', EXPRESSION],
    ['tekton.dev/v1', 'StepAction', 'ghcr.io/acme/web:$(params.tag)', EXPRESSION],
    ['tekton.dev/v1', 'StepAction', '{{image}}', undefined],
  ])('of %s %s with %j is pending: %j', (apiVersion, kind, image, reason) => {
    const spec = kind === 'StepAction' ? { image } : { tasks: { t: { container: { image } } } };
    const found = onlyContainer({ apiVersion, kind, spec }).image;
    expect(found).toMatchObject(reason === undefined ? { state: 'invalid' } : { state: 'pending', reason });
  });

  test('that is absent or null is empty', () => {
    for (const container of [{}, { image: null }]) {
      expect(onlyContainer(pod({ containers: [container] })).image).toMatchObject({ state: 'invalid', text: '' });
      expect(onlyContainer(deployment({ containers: [container] })).image).toMatchObject({
        state: 'pending',
        text: '',
      });
    }
  });
});

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the default pull policy', () => {
  test.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    [`nginx@${DIGEST}`, 'IfNotPresent'],
    [`nginx:1.27@${DIGEST}`, 'IfNotPresent'],
    [`nginx:latest@${DIGEST}`, 'Always'],
    ['registry.example.com:5000/nginx', 'Always'],
    ['not A reference', 'IfNotPresent'],
    ['', 'IfNotPresent'],
  ])('of %j is %s, as in the API server, for containers and image volumes', (image, policy) => {
    const containers = containersOf(
      pod({
        initContainers: [{ image }],
        containers: [
          { image, imagePullPolicy: null },
          { image, imagePullPolicy: '' },
        ],
        volumes: [{ name: 'v', image: { reference: image } }],
      }),
    );
    expect(containers.map(({ pullPolicy }) => pullPolicy)).toEqual([policy, policy, policy, policy]);
  });

  test('is undefined outside of pod specs', () => {
    const step = {
      apiVersion: 'tekton.dev/v1',
      kind: 'StepAction',
      spec: { image: 'nginx', imagePullPolicy: 'Never' },
    };
    expect(onlyContainer(step).pullPolicy).toBeUndefined();
  });

  test('does not replace a given pull policy, and each has its own pointer', () => {
    const containers = containersOf(
      pod({
        containers: [{ image: 'nginx', imagePullPolicy: 'Never' }],
        volumes: [{ image: { reference: 'm:1', pullPolicy: 'Always' } }],
      }),
    );
    expect(containers.map(({ pullPolicy, pullPolicyPointer }) => [pullPolicy, pullPolicyPointer])).toEqual([
      ['Never', '/spec/containers/0/imagePullPolicy'],
      ['Always', '/spec/volumes/0/image/pullPolicy'],
    ]);
  });
});

describe('a pod spec', () => {
  test('has the service account, network and pull secrets of its own, with defaults', () => {
    const [none] = readWorkload(pod({ containers: [] })).pods;
    expect(none).toMatchObject({
      pointer: '/spec',
      hostNetwork: false,
      serviceAccountName: 'default',
      pullSecretNames: [],
    });
    const [given] = readWorkload(
      pod({
        hostNetwork: true,
        serviceAccountName: 'shop',
        imagePullSecrets: [{ name: 'a' }, { name: '' }, {}, { name: null }, { name: 'b' }],
      }),
    ).pods;
    expect(given).toMatchObject({ hostNetwork: true, serviceAccountName: 'shop', pullSecretNames: ['a', 'b'] });
    const [empty] = readWorkload(
      pod({ serviceAccountName: '', hostNetwork: null, imagePullSecrets: null, containers: null }),
    ).pods;
    expect(empty).toMatchObject({
      hostNetwork: false,
      serviceAccountName: 'default',
      pullSecretNames: [],
      containers: [],
    });
  });

  test('calls an init container that restarts a sidecar, and no other container', () => {
    const containers = containersOf(
      pod({
        initContainers: [{ restartPolicy: 'Always' }, { restartPolicy: 'Never' }, { restartPolicy: null }, {}],
        containers: [{ restartPolicy: 'Always' }],
      }),
    );
    expect(containers.map(({ kind }) => kind)).toEqual(['sidecar', 'init', 'init', 'init', 'regular']);
  });

  test('has no image in a volume of another source', () => {
    const volumes = [
      { name: 'a', rbd: { image: 'x' } },
      { name: 'b', image: null },
      { name: 'c', emptyDir: {} },
    ];
    expect(containersOf(pod({ volumes }))).toEqual([]);
  });
});

describe('a port', () => {
  const ports = (port: JsonObject, hostNetwork: boolean): unknown =>
    onlyContainer(pod({ hostNetwork, containers: [{ image: 'a', ports: [port] }] })).ports[0];
  const at = '/spec/containers/0/ports/0';

  test.each<[string, JsonObject, boolean, JsonObject]>([
    [
      'TCP on all addresses',
      { containerPort: 80 },
      false,
      { containerPort: 80, protocol: 'TCP', hostPort: undefined, hostIP: '0.0.0.0' },
    ],
    [
      'as given',
      { containerPort: 53, protocol: 'UDP', hostPort: 5353, hostIP: '10.0.0.1', name: 'dns' },
      false,
      { containerPort: 53, protocol: 'UDP', hostPort: 5353, hostIP: '10.0.0.1', name: 'dns' },
    ],
    ['no host port for 0', { containerPort: 80, hostPort: 0 }, false, { hostPort: undefined }],
    ['the host port on the host’s network', { containerPort: 80 }, true, { hostPort: 80 }],
    ['the host port on the host’s network for 0', { containerPort: 80, hostPort: 0 }, true, { hostPort: 80 }],
    ['its own host port on the host’s network', { containerPort: 80, hostPort: 80 }, true, { hostPort: 80 }],
    [
      'without a name for ""',
      { containerPort: 80, name: '', protocol: '', hostIP: '' },
      false,
      { name: undefined, protocol: 'TCP', hostIP: '0.0.0.0' },
    ],
    [
      'like an absent one for null',
      { containerPort: null, name: null, protocol: null, hostIP: null, hostPort: null },
      false,
      { containerPort: 0, name: undefined, protocol: 'TCP', hostIP: '0.0.0.0', hostPort: undefined },
    ],
  ])('is %s', (_what, port, hostNetwork, expected) => {
    expect(ports(port, hostNetwork)).toMatchObject({ pointer: at, ...expected });
  });
});

describe('the label of a container', () => {
  test.each<[string, string]>([
    ['spec: {containers: [{name: web, image: a}]}', 'container "web"'],
    ['spec: {initContainers: [{name: migrate, image: a}]}', 'init container "migrate"'],
    ['spec: {initContainers: [{name: proxy, image: a, restartPolicy: Always}]}', 'sidecar container "proxy"'],
    ['spec: {ephemeralContainers: [{name: debug, image: a}]}', 'ephemeral container "debug"'],
    ['spec: {volumes: [{name: model, image: {reference: a}}]}', 'image volume "model"'],
    ['spec: {containers: [{image: a}]}', 'image at /spec/containers/0/image'],
    ['spec: {containers: [{name: "", image: a}]}', 'image at /spec/containers/0/image'],
    ['spec: {containers: [{name: "a\\nb", image: a}]}', 'container "a\\u000ab"'],
  ])('in %s: %s', (spec, label) => {
    const [object] = objectsIn(`apiVersion: v1\nkind: Pod\n${spec}`);
    expect(containerLabel(onlyContainer(object ?? {}))).toBe(label);
  });

  test('is its pointer without a name, quoted if a key is unusual', () => {
    const object = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'WorkflowTaskSet',
      spec: { tasks: { 'x\nallowed': { container: { image: 'a' } } } },
    };
    expect(containerLabel(onlyContainer(object))).toBe('image at "/spec/tasks/x\\u000aallowed/container/image"');
  });
});

describe('an object with too many items', () => {
  const many = (count: number, item: unknown): unknown[] => Array.from({ length: count }, () => item);

  test.each<[string, JsonObject, string]>([
    ['containers', { containers: many(MAX_ITEMS + 1, {}) }, `/spec/containers/${MAX_ITEMS}`],
    ['ports', { containers: [{ ports: many(MAX_ITEMS, {}) }] }, `/spec/containers/0/ports/${MAX_ITEMS - 1}`],
    ['image volumes', { volumes: many(MAX_ITEMS + 1, { image: {} }) }, `/spec/volumes/${MAX_ITEMS}`],
  ])('is a fault, for %s', (_what, spec, pointer) => {
    expect(workloadOf(pod(spec), typeOf(pod(spec)), kindTable())).toEqual({
      ok: false,
      fault: { pointer, problem: 'expected at most 50000 containers, images, and ports, found more' },
    });
  });

  test('is a fault, for images outside of pod specs', () => {
    const job = {
      apiVersion: 'apps.kruise.io/v1alpha1',
      kind: 'ImageListPullJob',
      spec: { images: many(MAX_ITEMS + 1, 'a') },
    };
    expect(workloadOf(job, typeOf(job), kindTable())).toMatchObject({
      ok: false,
      fault: { pointer: `/spec/images/${MAX_ITEMS}` },
    });
  });

  test('is read up to the limit, which applies to each object', () => {
    for (const count of [MAX_ITEMS, MAX_ITEMS])
      expect(containersOf(pod({ containers: many(count, {}) }))).toHaveLength(count);
  });
});

test('empty lists are shared and frozen', () => {
  const none = readObjects({}, 'volumeMounts', '');
  expect(() => (none as JsonObject[]).push({ name: 'x' })).toThrow(TypeError);
  expect(readObjects({ volumes: null }, 'volumes', '')).toEqual([]);
});
