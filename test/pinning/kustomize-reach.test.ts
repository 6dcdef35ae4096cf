/** What patches and replacements reach in kinds that they do not name, and what `images` reaches beside containers. */
import { afterAll, describe, expect, test } from 'vitest';
import { deployment, type Files, kustomizeMissing, pinTree, plant, removeTrees } from '../support/kustomize.ts';
import { runPin } from '../support/pin-registry.ts';
import { describeWith } from '../support/real-part.ts';

afterAll(removeTrees);

const PROMETHEUS = 'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\n';
const CLUSTER = 'apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: p}\n';
const OTHER = 'apiVersion: v1\nkind: NotLookedAt\nmetadata: {name: x}\n';
const IMAGE_NAME = '- {op: add, path: /spec/imageName, value: "pg:16"}\n';

const block = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');
const of = (object: string, kustomization: string, files: Files = {}): Files => ({
  'object.yaml': object,
  'kustomization.yaml': `resources: [object.yaml]\n${kustomization}`,
  ...files,
});
const inline = (target: string, patch: string): string => `patches:\n- target: ${target}\n  patch: |\n${block(patch)}`;

const PATCHES: Readonly<Record<string, Files>> = {
  'merged by the kind of its target': of(PROMETHEUS, inline('{kind: Prometheus}', `${OTHER}spec: {image: "prom:2"}\n`)),
  'merged by the name of its target': of(PROMETHEUS, inline('{name: p}', `${OTHER}spec: {image: "prom:2"}\n`)),
  'merged by labels, from a file': of(
    `${PROMETHEUS.replace('name: p', 'name: p, labels: {app: p}')}spec: {replicas: 1}\n`,
    'patches: [{path: p.yaml, target: {labelSelector: app=p}}]\n',
    { 'p.yaml': `${OTHER}spec: {thanos: {image: "thanos:2"}}\n` },
  ),
  'merged by the target in a file of no extension': of(
    PROMETHEUS,
    'patches:\n- {path: p.yaml, target: {group: monitoring.coreos.com, kind: Prometheus}}\n',
    { 'p.yaml': `${OTHER}spec: {image: "prom:2"}\n` },
  ),
  'an operation in a kind without its group': of(
    CLUSTER,
    inline(
      '{kind: Cluster}',
      IMAGE_NAME.replace('/spec/imageName', '/spec').replace('"pg:16"', '{imageName: "pg:16"}'),
    ),
  ),
  'an operation in what has a name': of(`${CLUSTER}spec: {instances: 1}\n`, inline('{name: "p.*"}', IMAGE_NAME)),
  'an operation in a kind that is an expression': of(
    `${CLUSTER}spec: {instances: 1}\n`,
    inline('{kind: "Cl.*"}', IMAGE_NAME),
  ),
  'operations in a file': of(
    `${CLUSTER}spec: {instances: 1}\n`,
    'patchesJson6902:\n- path: ops.yaml\n  target: {group: postgresql.cnpg.io, version: v1, kind: Cluster, name: p}\n',
    { 'ops.yaml': IMAGE_NAME },
  ),
};

describeWith(kustomizeMissing(), 'a patch of what it does not name', () => {
  test.each(Object.entries(PATCHES))('is pinned: %s', async (_title, files) => {
    process.chdir(plant(files));
    expect((await runPin(['.'], { check: true })).code).toBe(1);
    expect(await pinTree(files, ['.'])).toMatchObject({ code: 0, builds: { '.': ['right'] } });
    expect((await runPin(['.'], { check: true })).code).toBe(0);
  });
});

describe('a replacement', () => {
  const config =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, annotations: {image: "b:2"}}\ndata: {image: "b:2"}\n';
  const replaced = (source: string, select: string, field: string): string =>
    `replacements:\n- source: ${source}\n  targets:\n  - select: ${select}\n    fieldPaths: ["${field}"]\n`;
  const CONTAINER = 'spec.template.spec.containers.[name=c0].image';
  const told: readonly (readonly [title: string, object: string, replacement: string])[] = [
    [
      'from the data of a ConfigMap',
      deployment('a', 'a:1'),
      replaced('{kind: ConfigMap, name: v, fieldPath: data.image}', '{kind: Deployment}', CONTAINER),
    ],
    [
      'from an annotation',
      deployment('a', 'a:1'),
      replaced('{kind: ConfigMap, name: v, fieldPath: metadata.annotations.image}', '{kind: Deployment}', CONTAINER),
    ],
    [
      'from what has a name',
      deployment('a', 'a:1'),
      replaced('{name: v, fieldPath: data.image}', '{name: a}', CONTAINER),
    ],
    [
      'from containers of a kind that is not read',
      deployment('a', 'a:1'),
      replaced('{kind: Widget, name: w, fieldPath: spec.containers.0.image}', '{kind: Deployment}', CONTAINER),
    ],
    [
      'into a field of another name',
      `${CLUSTER}spec: {imageName: "a:1"}\n`,
      replaced('{kind: ConfigMap, name: v, fieldPath: data.image}', '{kind: Cluster}', 'spec.imageName'),
    ],
    [
      'into a field of what has a name',
      `${CLUSTER}spec: {imageName: "a:1"}\n`,
      replaced('{kind: ConfigMap, name: v, fieldPath: data.image}', '{name: p}', 'spec.imageName'),
    ],
  ];
  test.each(told)('is told: %s', async (_title, object, replacement) => {
    process.chdir(plant({ ...of(`${object}---\n${config}`, replacement) }));
    const { code, note } = await runPin(['.'], { check: true });
    expect({ code, isTold: note.includes('a replacement writes it') }).toEqual({ code: 2, isTold: true });
  });

  const silent: readonly (readonly [title: string, replacement: string])[] = [
    [
      'from another container',
      replaced(
        '{kind: Deployment, name: a, fieldPath: spec.template.spec.containers.1.image}',
        '{kind: Deployment}',
        CONTAINER,
      ),
    ],
    [
      'into the data of a ConfigMap',
      replaced('{kind: ConfigMap, name: v, fieldPath: data.image}', '{kind: ConfigMap}', 'data.image'),
    ],
    [
      'into an annotation',
      replaced('{kind: ConfigMap, name: v, fieldPath: data.image}', '{kind: Deployment}', 'metadata.annotations.image'),
    ],
  ];
  test.each(silent)('is no fault: %s', async (_title, replacement) => {
    const D1 = `sha256:${'1'.repeat(64)}`;
    process.chdir(plant(of(`${deployment('a', `a:1@${D1}`, `b:1@${D1}`)}---\n${config}`, replacement)));
    expect(await runPin(['.'], { check: true })).toMatchObject({ code: 0, out: '' });
  });
});
