/** The lines of a recorded object that lead to a value, as the HTML report of a replay shows them. */
import { describe, expect, test } from 'vitest';
import { objectExcerpt } from '../../../src/report/html/object-excerpt.ts';

const APP = {
  name: 'app',
  image: 'quay.io/user:hunter2@shop/app:1',
  env: [{ name: 'TOKEN', value: 'hunter2' }],
  args: ['--password=hunter2'],
  ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 70_000 }],
  resources: { limits: { memory: '1Gi', cpu: 2, custom: 'hunter2' } },
  securityContext: { privileged: true, seLinuxOptions: {} },
};
const OBJECT = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', annotations: { 'a/b': 'hunter2' }, labels: { app: 'web' } },
  spec: {
    containers: [APP, { image: 'b' }],
    imagePullSecrets: [{ name: 'first' }, { name: 'regcred' }],
    hostname: '1.0',
    'odd key\u202E': 'x',
    nothing: null,
    list: ['a'],
  },
};

const HEAD = ['apiVersion: v1', 'kind: Pod', 'metadata: {name: web, namespace: shop}'];
const TO_APP = [...HEAD, 'spec:', '  containers:', '    - name: app'];

/** The marked value is between » and «. */
const EXCERPTS: readonly (readonly [name: string, pointer: string, lines: readonly string[] | null])[] = [
  [
    'an image, without its password',
    '/spec/containers/0/image',
    [...TO_APP, '      image: »quay.io/user:***@shop/app:1«'],
  ],
  [
    'a number in a list of a list',
    '/spec/containers/0/ports/1/containerPort',
    [...TO_APP, '      ports:', '        …', '        - containerPort: »70000«'],
  ],
  [
    'an item',
    '/spec/containers/0/ports/0',
    [...TO_APP, '      ports:', '        - »containerPort: 80«', '          protocol: TCP'],
  ],
  [
    'a quantity',
    '/spec/containers/0/resources/limits/memory',
    [...TO_APP, '      resources:', '        limits:', '          memory: »1Gi«'],
  ],
  [
    'an object, with its harmless values',
    '/spec/containers/0/resources',
    [
      ...TO_APP,
      '      »resources:«',
      '        limits:',
      '          memory: 1Gi',
      '          cpu: 2',
      '          custom: …',
    ],
  ],
  [
    'a value that is not set',
    '/spec/containers/0/resources/requests/cpu',
    [...TO_APP, '      resources:', '        »# requests.cpu is not set«'],
  ],
  [
    'a value that is not set in an item without a name',
    '/spec/containers/1/livenessProbe',
    [...HEAD, 'spec:', '  containers:', '    …', '    - »# livenessProbe is not set«'],
  ],
  [
    'an item that does not exist',
    '/spec/containers/7/image',
    [...HEAD, 'spec:', '  containers:', '    »# 7.image is not set«'],
  ],
  [
    'the name of a pull secret',
    '/spec/imagePullSecrets/1/name',
    [...HEAD, 'spec:', '  imagePullSecrets:', '    …', '    - name: »regcred«'],
  ],
  [
    'a list of pull secrets',
    '/spec/imagePullSecrets',
    [...HEAD, 'spec:', '  »imagePullSecrets:«', '    - name: first', '    - name: regcred'],
  ],
  [
    'a Boolean',
    '/spec/containers/0/securityContext/privileged',
    [...TO_APP, '      securityContext:', '        privileged: »true«'],
  ],
  [
    'an empty object',
    '/spec/containers/0/securityContext/seLinuxOptions',
    [...TO_APP, '      securityContext:', '        seLinuxOptions: »{}«'],
  ],
  ['a text that looks like a number', '/spec/hostname', [...HEAD, 'spec:', '  hostname: »"1.0"«']],
  ['null', '/spec/nothing', [...HEAD, 'spec:', '  nothing: »null«']],
  ['a text in a list', '/spec/list/0', [...HEAD, 'spec:', '  list:', '    - »a«']],
  ['a key that is not shown', '/spec/odd key\u202E', [...HEAD, 'spec:', '  …: »x«']],
  ['a name', '/metadata/name', ['apiVersion: v1', 'kind: Pod', 'metadata:', '  name: »web«']],
  ['a label', '/metadata/labels/app', ['apiVersion: v1', 'kind: Pod', 'metadata:', '  labels:', '    app: »web«']],
  [
    'a variable, which can be a secret',
    '/spec/containers/0/env/0/value',
    [...TO_APP, '      env:', '        - name: TOKEN', '          value: »…«'],
  ],
  ['an argument', '/spec/containers/0/args/0', [...TO_APP, '      args:', '        - »…«']],
  [
    'an annotation',
    '/metadata/annotations/a~1b',
    ['apiVersion: v1', 'kind: Pod', 'metadata:', '  annotations:', '    a/b: »…«'],
  ],
  ['the object', '', null],
  ['a value that is too deep', '/a'.repeat(30), null],
];

function linesOf(pointer: string): readonly string[] | null {
  const found = objectExcerpt(OBJECT, pointer);
  return (
    found?.lines.map(([, text], index) =>
      index === found.marked
        ? `${text.slice(0, found.from)}»${text.slice(found.from, found.to)}«${text.slice(found.to)}`
        : text,
    ) ?? null
  );
}

describe('the lines of an object that lead to', () => {
  test.each(EXCERPTS)('%s', (_name, pointer, lines) => {
    expect(linesOf(pointer)).toEqual(lines);
  });

  test('a container are bounded, and have no secret', () => {
    const lines = linesOf('/spec/containers/0') ?? [];
    expect(lines.slice(0, 8)).toEqual([
      ...HEAD,
      'spec:',
      '  containers:',
      '    - »name: app«',
      '      image: …',
      '      env:',
    ]);
    expect(lines.at(-1)?.trim()).toBe('…');
    expect(lines.length).toBeLessThan(20);
  });

  test('any value show no secret', () => {
    const pointers = pointersIn(OBJECT, '');
    expect(pointers.length).toBeGreaterThan(40);
    expect(pointers.filter((pointer) => JSON.stringify(objectExcerpt(OBJECT, pointer)).includes('hunter2'))).toEqual([
      // The value of the finding itself, which neither its key nor its text tells to be a secret.
      '/spec/containers/0/resources/limits/custom',
    ]);
  });
});

function pointersIn(value: unknown, pointer: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [pointer];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    pointersIn(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return [pointer, ...inner];
}
