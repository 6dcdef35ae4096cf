/** What patches and replacements reach in kinds that they do not name, and what `images` reaches beside containers. */
import { afterAll, describe, expect, test } from 'vitest';
import { deployment, type Files, pinTree, plant, removeTrees } from '../../support/kustomize.ts';
import { runPin } from '../../support/pin-registry.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { describeWith } from '../../support/real-part.ts';

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

describeWith(kubectlMissing, 'a patch of what it does not name', () => {
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
  const cases: readonly (readonly [title: string, object: string, replacement: string])[] = [
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
  test.each(cases)('is told: %s', async (_title, object, replacement) => {
    process.chdir(plant({ ...of(`${object}---\n${config}`, replacement) }));
    const { code, note } = await runPin(['.'], { check: true });
    expect({ code, isTold: note.includes('a replacement sets it') }).toEqual({ code: 2, isTold: true });
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

const FIELDS =
  'images:\n- {path: spec/image, kind: Prometheus}\n- {path: spec/thanos/image, group: monitoring.coreos.com}\n- path: spec/list[]/image\n';
const renamed = (name: string, newName: string): string => `images: [{name: "${name}", newName: ${newName}}]\n`;
const REACHED: Readonly<Record<string, Readonly<{ files: Files; folders: readonly string[] }>>> = {
  'a field of a kind': {
    files: of(`${PROMETHEUS}spec: {image: "prom:2"}\n`, `configurations: [c.yaml]\n${renamed('prom', 'm.io/prom')}`, {
      'c.yaml': FIELDS,
    }),
    folders: ['.'],
  },
  'a field of a group': {
    files: of(`${PROMETHEUS}spec: {thanos: {image: "t:2"}}\n`, `configurations: [c.yaml]\n${renamed('t', 'm.io/t')}`, {
      'c.yaml': FIELDS,
    }),
    folders: ['.'],
  },
  'a field that only a base names': {
    files: {
      'base/object.yaml': `${PROMETHEUS}spec: {image: "prom:2"}\n`,
      'base/c.yaml': FIELDS,
      'base/kustomization.yaml': 'resources: [object.yaml]\nconfigurations: [c.yaml]\n',
      'top/kustomization.yaml': `resources: [../base]\n${renamed('prom', 'm.io/prom')}`,
    },
    folders: ['base', 'top'],
  },
  'a field that a component names': {
    files: {
      'object.yaml': `${PROMETHEUS}spec: {image: "prom:2"}\n`,
      'part/c.yaml': FIELDS,
      'part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigurations: [c.yaml]\n',
      'kustomization.yaml': `resources: [object.yaml]\ncomponents: [part]\n${renamed('prom', 'm.io/prom')}`,
    },
    folders: ['.'],
  },
  'not the field of another kind': {
    files: of(
      `${PROMETHEUS.replace('Prometheus', 'Alertmanager')}spec: {image: "prom:2"}\n`,
      `configurations: [c.yaml]\n${renamed('prom', 'm.io/prom')}`,
      { 'c.yaml': FIELDS },
    ),
    folders: ['.'],
  },
  'a field with a tag of its own': {
    files: of(
      `${PROMETHEUS}spec: {image: "prom:2"}\n`,
      'configurations: [c.yaml]\nimages: [{name: prom, newTag: "3"}]\n',
      { 'c.yaml': FIELDS },
    ),
    folders: ['.'],
  },
  'a name in Go alone': {
    files: of(deployment('a', 'NGINX/nginx:1'.toLowerCase()), renamed('(?i)NGINX/(?P<x>[[:alpha:]]+)', 'm.io/nginx')),
    folders: ['.'],
  },
};

describeWith(kubectlMissing, 'images of a kustomization', () => {
  test.each(Object.entries(REACHED))('reach %s', async (_title, { files, folders }) => {
    const pinned = await pinTree(files, folders);
    expect({ code: pinned?.code, outcomes: new Set(Object.values(pinned?.builds ?? {}).flat()) }).toEqual({
      code: 0,
      outcomes: new Set(['right']),
    });
  });

  const WIDGET =
    'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {containers: [{name: a, image: "nginx:2"}]}\n';
  const transformer =
    'apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newName: m.io/nginx}\n';
  const left: readonly (readonly [title: string, files: Files, folders: readonly string[], why: string])[] = [
    [
      'an entry that would give containers of an unknown kind another tag',
      {
        'base/object.yaml': `${deployment('a', 'nginx:1')}---\n${WIDGET}`,
        'base/kustomization.yaml': 'resources: [object.yaml]\n',
        'top/kustomization.yaml': `resources: [../base]\n${renamed('nginx', 'm.io/nginx')}`,
      },
      ['base', 'top'],
      'because it renames images with different tags (1, 2)',
    ],
    [
      'an entry beside generators',
      {
        'base/object.yaml': deployment('a', 'nginx:1'),
        'base/kustomization.yaml': 'resources: [object.yaml]\n',
        'top/kustomization.yaml': `resources: [../base]\ngenerators: [g.yaml]\n${renamed('nginx', 'm.io/nginx')}`,
        'top/g.yaml': 'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\n',
      },
      ['base', 'top'],
      'because "generators" can add images with other tags',
    ],
    [
      'a name with a tag, of an image without one',
      of(deployment('a', 'nginx'), renamed('nginx:latest', 'm.io/nginx')),
      ['.'],
      'the name "nginx:latest" in "images" matches it only with or only without a digest; remove the tag from the name',
    ],
    [
      'a replacement of the tag',
      of(
        `${deployment('a', 'nginx:1')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {tag: "2"}\n`,
        'replacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.tag}\n  targets:\n  - select: {kind: Deployment, name: a}\n    options: {delimiter: ":", index: 1}\n    fieldPaths: ["spec.template.spec.containers.[name=c0].image"]\n',
      ),
      ['.'],
      'a replacement in kustomization.yaml splits it at a delimiter, which would also split the digest; write the result of the replacement in the manifests',
    ],
    [
      'a replacement of the tag, in a file',
      of(
        `${deployment('a', 'nginx:1')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {tag: "2"}\n`,
        'replacements: [{path: r.yaml}]\n',
        {
          'r.yaml':
            'source: {kind: ConfigMap, name: v, fieldPath: data.tag}\ntargets:\n- select: {name: a}\n  options: {delimiter: ":", index: 1}\n  fieldPaths: ["spec.template.spec.containers.*.image"]\n',
        },
      ),
      ['.'],
      'a replacement in kustomization.yaml splits it at a delimiter',
    ],
    [
      'a replacement of a tag that an entry sets',
      of(
        `${deployment('a', 'nginx:1')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {tag: "2"}\n`,
        'images: [{name: nginx, newTag: "5"}]\nreplacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.tag}\n  targets:\n  - select: {kind: Deployment}\n    options: {delimiter: ":", index: 1}\n    fieldPaths: ["spec.template.spec.containers.0.image"]\n',
      ),
      ['.'],
      'a replacement in kustomization.yaml splits it at a delimiter',
    ],
    [
      'a replacement that takes the tag',
      of(
        deployment('a', 'nginx:1'),
        'replacements:\n- source: {kind: Deployment, name: a, fieldPath: spec.template.spec.containers.0.image, options: {delimiter: ":", index: 1}}\n  targets:\n  - select: {kind: Deployment}\n    options: {create: true}\n    fieldPaths: [metadata.labels.version]\n',
      ),
      ['.'],
      'a replacement in kustomization.yaml splits it at a delimiter',
    ],
    [
      'an operation that compares the image',
      of(
        deployment('a', 'nginx:1', 'nginx:2'),
        inline(
          '{kind: Deployment}',
          '- {op: test, path: /spec/template/spec/containers/0/image, value: "nginx:1"}\n- {op: add, path: /spec/replicas, value: 2}\n',
        ),
      ),
      ['.'],
      'a patch in kustomization.yaml compares it with a string (operation "test"), which a digest would change; remove the operation',
    ],
    [
      'an operation in a file that compares a container',
      of(deployment('a', 'nginx:1'), 'patches: [{path: p.json, target: {kind: Deployment}}]\n', {
        'p.json':
          '[{"op": "test", "path": "/spec/template/spec/containers/0", "value": {"name": "c0", "image": "nginx:1"}}]',
      }),
      ['.'],
      'a patch in kustomization.yaml compares it with a string (operation "test")',
    ],
    [
      'a transformer',
      of(deployment('a', 'nginx:1'), 'transformers: [t.yaml]\n', { 't.yaml': transformer }),
      ['.'],
      'an ImageTagTransformer that kustomization.yaml uses changes it',
    ],
    [
      'a transformer in a directory',
      of(deployment('a', 'nginx:1'), 'transformers: [t]\n', {
        't/t.yaml': transformer,
        't/kustomization.yaml': 'resources: [t.yaml]\n',
      }),
      ['.'],
      'an ImageTagTransformer that kustomization.yaml uses changes it',
    ],
    [
      'a transformer in the kustomization',
      of(deployment('a', 'nginx:1'), `transformers:\n- |\n${block(transformer)}`),
      ['.'],
      'an ImageTagTransformer that kustomization.yaml uses changes it',
    ],
  ];
  test.each(left)('are left, and told: %s', async (_title, files, folders, why) => {
    const pinned = await pinTree(files, folders);
    const outcomes = Object.values(pinned?.builds ?? {}).flat();
    expect({
      code: pinned?.code,
      wrong: outcomes.filter((one) => one !== 'left' && one !== 'right'),
      isTold: pinned?.note.includes(why),
      note: pinned?.note.includes(why) === true ? '' : pinned?.note,
    }).toEqual({ code: 2, wrong: [], isTold: true, note: '' });
    expect((await runPin(['.'], { check: true })).code).not.toBe(0);
  });

  test('a replacement of one object leaves the others', async () => {
    const files = of(
      `${deployment('a', 'nginx:1')}---\n${deployment('b', 'nginx:3')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {tag: "2"}\n`,
      'namePrefix: x-\nreplacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.tag}\n  targets:\n  - select: {kind: Deployment, name: x-a}\n    options: {delimiter: ":", index: 1}\n    fieldPaths: ["spec.template.spec.containers.0.image"]\n',
    );
    expect(await pinTree(files, ['.'])).toMatchObject({ code: 2, builds: { '.': ['left', 'right'] } });
  });
});
