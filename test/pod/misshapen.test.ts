/** Values of custom kinds with an unexpected shape, and those that stay faults. */
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import { readableObject } from '../../src/pod/misshapen.ts';
import { typeOf } from '../../src/pod/workload.ts';
import { objectsIn } from './fixtures.ts';

function faultsOf(yaml: string): readonly string[] | undefined {
  const [object = {}] = objectsIn(yaml);
  return readableObject(object, typeOf(object), kindTable())?.faults.map(({ pointer }) => pointer);
}

const many = (count: number): string => Array.from({ length: count }, () => '{image: {a: 1}}').join(', ');

describe('values that are skipped', () => {
  test.each([
    ['{apiVersion: minio.min.io/v2, kind: Tenant, spec: {image: {repository: a, tag: b}}}', ['/spec/image']],
    ['{apiVersion: minio.min.io/v2, kind: Tenant, spec: text}', ['/spec']],
    [
      '{apiVersion: minio.min.io/v2, kind: Tenant, spec: {image: 1, kes: x, initContainers: [{image: []}, {image: b}]}}',
      ['/spec/kes', '/spec/image', '/spec/initContainers/0/image'],
    ],
    [
      '{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, spec: {generators: [{list: {}}, {git: text, selector: {}}]}}',
      ['/spec/generators/1/git'],
    ],
    ['{apiVersion: serving.knative.dev/v1, kind: Service, spec: {template: {spec: text}}}', ['/spec/template/spec']],
    [`{apiVersion: minio.min.io/v2, kind: Tenant, spec: {initContainers: [${many(20)}]}}`, expect.any(Array)],
  ])('%s', (yaml, faults) => {
    expect(faultsOf(yaml)).toEqual(faults);
  });
});

describe('objects that stay malformed or have no fault', () => {
  test.each([
    ['a built-in kind', '{apiVersion: apps/v1, kind: Deployment, spec: {template: text}}'],
    [
      'a pod spec of a custom kind',
      '{apiVersion: apps.kruise.io/v1alpha1, kind: DaemonSet, spec: {template: {spec: {containers: {}}}}}',
    ],
    ['metadata', '{apiVersion: minio.min.io/v2, kind: Tenant, metadata: {name: 1}}'],
    [
      'a built-in object within a custom one',
      '{apiVersion: work.karmada.io/v1alpha1, kind: Work, spec: {workload: {manifests: [{apiVersion: v1, kind: Pod, spec: {containers: 1}}]}}}',
    ],
    ['many values', `{apiVersion: minio.min.io/v2, kind: Tenant, spec: {initContainers: [${many(30)}]}}`],
    ['no fault', '{apiVersion: minio.min.io/v2, kind: Tenant, spec: {image: a}}'],
    ['an unknown kind', '{apiVersion: a.example/v1, kind: A, spec: {image: {}}}'],
  ])('%s', (_name, yaml) => {
    expect(faultsOf(yaml)).toBeUndefined();
  });
});

test('a custom object within another one is skipped like the object itself', () => {
  const work = (image: string): string =>
    `{apiVersion: work.karmada.io/v1alpha1, kind: Work, spec: {workload: {manifests: [{apiVersion: minio.min.io/v2, kind: Tenant, spec: {image: ${image}}}]}}}`;
  expect(faultsOf(work('{a: b}'))).toEqual(['/spec/workload/manifests/0/spec/image']);
});

test('the object that is read has null in place of the value, and the original stays', () => {
  const [object = {}] = objectsIn(
    '{apiVersion: minio.min.io/v2, kind: Tenant, spec: {image: {a: 1}, kes: {image: b}}}',
  );
  const found = readableObject(object, typeOf(object), kindTable());
  expect(found?.object).toMatchObject({ spec: { image: null, kes: { image: 'b' } } });
  expect(object).toMatchObject({ spec: { image: { a: 1 } } });
});
