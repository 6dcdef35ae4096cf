/** Kustomizations as people write them, pinned: each build runs what it ran before, by the digest of that very image. */
import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  deployment,
  type Files,
  kustomization,
  type Layer,
  pinTree,
  plant,
  removeTrees,
  rightDigest,
} from '../../support/kustomize.ts';
import { fakeRegistry, NOT_FOUND, RATE_LIMITED, runDrift, runPin } from '../../support/pin-registry.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { describeWith } from '../../support/real-part.ts';

afterAll(removeTrees);

const OLD = `sha256:${'a'.repeat(64)}`;

/** A base with a Deployment, and layers on it. */
const layers = (images: readonly string[], ...above: readonly Layer[]): Files => ({
  'base/a.yaml': deployment('a', ...images),
  'base/kustomization.yaml': kustomization({ resources: ['a.yaml'] }),
  ...Object.fromEntries(
    above.map((layer, index) => [
      `layer${index}/kustomization.yaml`,
      kustomization({ resources: [index === 0 ? '../base' : `../layer${index - 1}`], ...layer }),
    ]),
  ),
});

const one = (images: readonly string[], layer: Layer): Files => ({
  'a.yaml': deployment('a', ...images),
  'kustomization.yaml': kustomization({ resources: ['a.yaml'], ...layer }),
});

const renamed = (name: string, newName: string): Layer => ({ images: [{ name, newName }] });
const patched = (patch: string): Layer => ({ patches: patch });
const OPS = 'target: {kind: Deployment, name: a}';

interface Row {
  readonly files: Files;
  readonly folders: readonly string[];
  readonly args?: readonly string[];
}

/** All images of all builds have their digest afterwards. */
const RIGHT: Readonly<Record<string, Row>> = {
  'a new name beside the manifest': { files: one(['nginx:1'], renamed('nginx', 'mirror.io/nginx')), folders: ['.'] },
  'a new name in a layer above': {
    files: layers(['nginx:1'], renamed('nginx', 'mirror.io/nginx')),
    folders: ['base', 'layer0'],
  },
  'a new name two layers above': {
    files: layers(['nginx:1'], {}, renamed('nginx', 'mirror.io/nginx')),
    folders: ['base', 'layer0', 'layer1'],
  },
  'a chain of new names': {
    files: layers(['nginx:1'], renamed('nginx', 'app'), renamed('app', 'mirror.io/app')),
    folders: ['base', 'layer0', 'layer1'],
  },
  'a chain of new names in one list': {
    files: one(['nginx:1'], {
      images: [
        { name: 'nginx', newName: 'app' },
        { name: 'app', newName: 'mirror.io/app' },
      ],
    }),
    folders: ['.'],
  },
  'a new tag below, and a new name above': {
    files: layers(['nginx:1'], { images: [{ name: 'nginx', newTag: '2' }] }, renamed('nginx', 'mirror.io/nginx')),
    folders: ['layer0', 'layer1'],
  },
  'a name with the port of its registry': {
    files: layers(['localhost:5000/a/b:1'], renamed('localhost:5000/a/b', 'localhost:6000/a/b')),
    folders: ['base', 'layer0'],
  },
  'an image without a tag': {
    files: layers(['nginx'], renamed('nginx', 'mirror.io/nginx')),
    folders: ['base', 'layer0'],
  },
  'a new name with a tag, of an image that has none': {
    files: one(['nginx'], { images: [{ name: 'nginx', newName: 'mirror.io/nginx', newTag: 'latest' }] }),
    folders: ['.'],
  },
  'several tags of one name, in one directory': {
    files: one(['nginx:1', 'nginx:2'], renamed('nginx', 'mirror.io/nginx')),
    folders: ['.'],
  },
  'a tag and a digest at once': {
    files: layers(['nginx:1'], { images: [{ name: 'nginx', newName: 'x.io/y', newTag: '3', digest: OLD }] }),
    folders: ['base', 'layer0'],
  },
  'a name that matches nothing': {
    files: layers(['nginx:1'], renamed('ngin', 'mirror.io/x')),
    folders: ['base', 'layer0'],
  },
  'a name that is an expression': {
    files: layers(['quay.io/a/b:1'], renamed('(.*)/b', 'mirror.io/b')),
    folders: ['base', 'layer0'],
  },
  'a component': {
    files: {
      ...layers(['nginx:1'], { components: ['../part'] }),
      'part/kustomization.yaml': kustomization({ kind: 'Component', ...renamed('nginx', 'mirror.io/nginx') }),
    },
    folders: ['base', 'layer0'],
  },
  'a component, and a new name above it': {
    files: {
      ...layers(['nginx:1'], { components: ['../part'] }, renamed('app', 'top.io/app')),
      'part/kustomization.yaml': kustomization({
        kind: 'Component',
        images: [{ name: 'nginx', newName: 'app', newTag: '5' }],
      }),
    },
    folders: ['base', 'layer0', 'layer1'],
  },
  'a base that is not given, under a new name': {
    files: layers(['nginx:1.27'], renamed('nginx', 'mirror.io/nginx')),
    folders: ['layer0'],
    args: ['layer0'],
  },
  'operations in a block': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n- ${OPS}\n  patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: nginx:latest\n`,
      ),
    ),
    folders: ['.'],
  },
  'operations in a block with an odd indentation and comments': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n  - patch: |2\n        # "image"\n        - {op: add, path: /spec/template/spec/containers/-,\n           value: {image: 'r.io/a:1', name: b}} # é😀\n\n    ${OPS}\n`,
      ),
    ),
    folders: ['.'],
  },
  'operations on one line, in single quotes': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n- ${OPS}\n  patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "it:1"}, {"op": "add", "path": "/metadata/labels", "value": {"a": "it''s"}}, {"op": "add", "path": "/spec/template/spec/initContainers", "value": [{"name": "i", "image": "init"}]}]'\n`,
      ),
    ),
    folders: ['.'],
  },
  'operations in double quotes': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n- ${OPS}\n  patch: "- op: replace\\n  path: /spec/template/spec/containers/0/image\\n  value: \\"nginx:latest\\"\\n"\n`,
      ),
    ),
    folders: ['.'],
  },
  'a whole pod template': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n- ${OPS}\n  patch: |\n    [{"op": "replace", "path": "/spec/template", "value":\n      {"spec": {"initContainers": [{"name": "i", "image": "i:1"}], "containers": [{"name": "c", "image": "c:1"}]}}}]\n`,
      ),
    ),
    folders: ['.'],
  },
  'a whole container, in a file': {
    files: {
      ...one(['nginx:1'], patched(`patches:\n- path: ops.yaml\n  ${OPS}\n`)),
      'ops.yaml':
        '- op: add\n  path: /spec/template/spec/containers/0\n  value:\n    name: b\n    image: >-\n      busybox\n',
    },
    folders: ['.'],
  },
  'operations in a JSON file, by the old field': {
    files: {
      ...one(
        ['nginx:1'],
        patched(
          `patchesJson6902:\n- path: ops.json\n  target: {group: apps, version: v1, kind: Deployment, name: a}\n`,
        ),
      ),
      'ops.json':
        '[\n {"op": "add", "path": "/spec/template/metadata", "value": {"annotations": {"a/image": "no:1"}}},\n {"op": "replace", "path": "/spec/template/metadata/annotations/a~1image", "value": "no:2"},\n {"op": "replace", "path": "/spec/template/spec/containers/0", "value": {"name": "c0", "image": "x"}}]',
    },
    folders: ['.'],
  },
  'a merge patch in a file': {
    files: {
      ...one(['nginx:1', 'app:1'], patched('patches:\n- path: p.yaml\n')),
      'p.yaml': deployment('a', 'nginx:2'),
    },
    folders: ['.'],
  },
  'a merge patch by the old field, as a text': {
    files: one(
      ['nginx:1'],
      patched(`patchesStrategicMerge:\n- |-\n${deployment('a', 'nginx:2').replaceAll(/^/gm, '  ')}\n`),
    ),
    folders: ['.'],
  },
  'a patch under a new name': {
    files: one(['nginx:1'], {
      ...renamed('nginx', 'mirror.io/nginx'),
      ...patched(
        `patches:\n- ${OPS}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/containers/-\n      value: {name: b, image: nginx:2}\n`,
      ),
    }),
    folders: ['.'],
  },
  'an image that is copied': {
    files: one(
      ['nginx:1'],
      patched(
        `patches:\n- ${OPS}\n  patch: |-\n    - {op: add, path: /spec/template/spec/containers/-, value: {name: b}}\n    - {op: copy, from: /spec/template/spec/containers/0/image, path: /spec/template/spec/containers/1/image}\n`,
      ),
    ),
    folders: ['.'],
  },
  'a kustomization with CRLF': {
    files: Object.fromEntries(
      Object.entries(
        one(
          ['nginx:1'],
          patched(
            `patches:\n- ${OPS}\n  patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: nginx:latest\n`,
          ),
        ),
      ).map(([name, text]) => [name, text.replaceAll('\n', '\r\n')]),
    ),
    folders: ['.'],
  },
};

describeWith(kubectlMissing, 'kubectl kustomize, after pin', () => {
  test.each(Object.entries(RIGHT))(
    'runs the digest of what it ran before: %s',
    async (_title, { files, folders, args }) => {
      const pinned = await pinTree(files, folders, args);
      expect(pinned).toMatchObject({ code: 0 });
      const outcomes = Object.values(pinned?.builds ?? {});
      expect(outcomes.map((images) => images.length > 0)).toEqual(folders.map(() => true));
      expect(outcomes.flat().filter((outcome) => outcome !== 'right')).toEqual([]);
      const checked = await runPin(args ?? ['.'], { check: true });
      expect({ code: checked.code, out: checked.out }).toEqual({ code: 0, out: '' });
      const again = await runPin(args ?? ['.'], { write: true });
      expect({ code: again.code, out: again.out }).toEqual({ code: 0, out: '' });
    },
  );

  test.each(Object.entries(RIGHT).filter(([title]) => !title.includes('at once')))(
    'is red before: %s',
    async (_title, { files, args }) => {
      process.chdir(plant(files));
      expect((await runPin(args ?? ['.'], { check: true })).code).toBe(1);
    },
  );
});

describe('a patch', () => {
  const patches = Object.entries(RIGHT).filter(([, { files }]) =>
    Object.values(files).some((text) => /^patches/m.test(text) && !text.includes('op: copy')),
  );
  test.each(patches)('is red where the manifest is pinned: %s', async (_title, { files }) => {
    const pinned = Object.entries(files).map(([name, text]) => [
      name,
      name === 'a.yaml' ? text.replaceAll(/"([a-z]+:1)"/g, `"$1@${OLD}"`) : text,
    ]);
    process.chdir(plant(Object.fromEntries(pinned) as Files));
    const { code, out } = await runPin(['.'], { check: true });
    expect({ code, manifest: /^a\.yaml/m.test(out) }).toEqual({
      code: 1,
      manifest: false,
    });
  });
});

describe('what cannot be determined', () => {
  const refused: readonly (readonly [title: string, files: Files, notes: readonly string[]])[] = [
    [
      'a base at another place',
      {
        'kustomization.yaml': kustomization({
          resources: ['https://example.com/a//b?ref=v1'],
          ...renamed('nginx', 'm.io/nginx'),
        }),
      },
      [
        'kustomization.yaml:4:3  error  image "m.io/nginx" cannot be pinned: cannot determine its tag: "https://example.com/a//b?ref=v1" cannot be read; add "newTag" to the entry',
        'kustomization.yaml  notice  "https://example.com/a//b?ref=v1" cannot be read, so its images are not checked',
      ],
    ],
    [
      'a base behind a password',
      {
        'kustomization.yaml': kustomization({
          resources: ['https://me:hush@example.com/a'],
          ...renamed('nginx', 'm.io/nginx'),
        }),
      },
      ['cannot determine its tag: "https://me:***@example.com/a" cannot be read; add "newTag" to the entry'],
    ],
    [
      'a base that is missing',
      { 'kustomization.yaml': kustomization({ resources: ['../gone'], ...renamed('nginx', 'm.io/nginx') }) },
      [
        'kustomization.yaml:4:3  error  image "m.io/nginx" cannot be pinned: cannot determine its tag: "../gone" cannot be read; add "newTag" to the entry',
      ],
    ],
    [
      'a component without those that include it',
      { 'kustomization.yaml': kustomization({ kind: 'Component', ...renamed('nginx', 'm.io/nginx') }) },
      [
        'kustomization.yaml:4:3  error  image "m.io/nginx" cannot be pinned: cannot determine its tag: no kustomization in the input files includes this component; add "newTag" to the entry',
      ],
    ],
    [
      'several tags of one name',
      layers(['nginx:1', 'nginx:2'], renamed('nginx', 'm.io/nginx')),
      [
        `base/a.yaml:8:27  error  image "nginx:1" cannot be pinned: it is "nginx:1" (${rightDigest('nginx:1')}) in base/kustomization.yaml and "m.io/nginx:1" (${rightDigest('m.io/nginx:1')}) in layer0/kustomization.yaml, and the entry in "images" of layer0/kustomization.yaml cannot have its own digest because it renames images with different tags (1, 2); add "newTag" to the entry, or use the new name in the manifests`,
      ],
    ],
    [
      'a suffix of the tag',
      one(['nginx:1'], { images: [{ name: 'nginx', tagSuffix: '-alpine' }] }),
      [
        'kustomization.yaml:4:3  error  image "nginx" cannot be pinned: it has a "tagSuffix", so only kustomize knows the tag',
      ],
    ],
    [
      'an operation that takes the image from an annotation',
      one(
        ['nginx:1'],
        patched(
          `patches:\n- ${OPS}\n  patch: |-\n    - op: move\n      from: /metadata/annotations/image\n      path: /spec/template/spec/containers/0/image\n`,
        ),
      ),
      [
        'kustomization.yaml:8:13  error  image "/spec/template/spec/containers/0/image" cannot be pinned: "move" copies it from /metadata/annotations/image when kustomize runs; use "add" with the image as its value',
      ],
    ],
    [
      'an operation that compares the image',
      one(
        ['nginx:1'],
        patched(
          `patches:\n- ${OPS}\n  patch: |-\n    - op: test\n      path: /spec/template/spec/containers/0/image\n      value: nginx:1\n`,
        ),
      ),
      [
        'kustomization.yaml:8:14  error  image "nginx:1" cannot be pinned: the operation "test" compares it with the image in the object, which differs once pinned; remove the operation',
      ],
    ],
    [
      'a replacement of the tag',
      one(
        ['nginx:1'],
        patched(
          'replacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.tag}\n  targets:\n  - select: {kind: Deployment}\n    options: {delimiter: ":", index: 1}\n    fieldPaths: ["spec.template.spec.containers.[name=c0].image"]\n',
        ),
      ),
      [
        'kustomization.yaml:8:18  error  image "spec.template.spec.containers.[name=c0].image" cannot be pinned: a replacement sets it when kustomize runs, after "images"; write the image in the manifest or in "images"',
      ],
    ],
    [
      'a patch with folded lines',
      one(
        ['nginx:1'],
        patched(
          `patches:\n- ${OPS}\n  patch: "[{op: replace, path: /spec/template/spec/containers/0/image,\n    value: folded:1}]"\n`,
        ),
      ),
      [
        'kustomization.yaml:5:10  error  image "folded:1" cannot be pinned: its patch is a string with folded lines or escapes; write it as a block, "patch: |-"',
      ],
    ],
    [
      'a patch that cannot be read',
      one(['nginx:1'], patched(`patches:\n- ${OPS}\n  patch: |-\n    - op: [\n`)),
      ['kustomization.yaml:6:5  error  image "" cannot be pinned: invalid patch (line 1 of the patch): '],
    ],
  ];
  test.each(refused)('is said, and is not written: %s', async (_title, files, notes) => {
    const folder = plant(files);
    process.chdir(folder);
    const { code, note } = await runPin(['.'], { write: true });
    expect({ code, missing: notes.filter((line) => !note.includes(line)), note: code === 2 ? '' : note }).toEqual({
      code: 2,
      missing: [],
      note: '',
    });
    expect((await runPin(['.'], { check: true })).code).not.toBe(0);
    const name = Object.keys(files).findLast((file) => file.endsWith('kustomization.yaml')) ?? '';
    expect(readFileSync(path.join(folder, name), 'utf8')).toBe(files[name]);
  });

  const TOP = {
    'base/a.yaml': deployment('a', 'nginx:1'),
    'base/kustomization.yaml': kustomization({ resources: ['a.yaml'] }),
  };

  test('says which charts and plugins are not seen', async () => {
    const text = 'resources: []\nhelmCharts: [{name: grafana, valuesInline: {image: x}}]\ntransformers: [t.yaml]\n';
    process.chdir(plant({ 'kustomization.yaml': text, 't.yaml': 'apiVersion: builtin\nkind: LabelTransformer\n' }));
    expect(await runPin(['.'], { check: true })).toEqual({
      code: 0,
      out: '',
      note: `kustomization.yaml:2:14  notice  images of chart "grafana" are not checked; only Helm knows them
kustomization.yaml:3:15  notice  "transformers" can add or change images, which are not checked
.  notice  no images found
2 files, 0 images: 0 already pinned
`,
    });
  });

  test('says which images run from files that are not given, and is red', async () => {
    process.chdir(plant({ ...TOP, 'top/kustomization.yaml': kustomization({ resources: ['../base'] }) }));
    expect(await runPin(['top'], { check: true })).toEqual({
      code: 1,
      out: 'base/a.yaml:8:27  unpinned  image "nginx:1" has no digest\n',
      note: '1 file, 1 image: 0 already pinned, 1 unpinned\n',
    });
    expect(await runPin(['top'], { write: true })).toEqual({
      code: 0,
      out: '',
      note: 'top/kustomization.yaml  notice  it runs image "nginx:1", which has no digest, from base/a.yaml; also pass this file\n1 file, 0 images: 0 already pinned\n',
    });
  });

  test.each([
    ['patches: [{path: ../p.yaml}]', deployment('a', 'nginx:latest'), 1],
    [
      'patches: [{path: ../p.yaml, target: {kind: Deployment}}]',
      '[{op: replace, path: /spec/template/spec/containers/0/image, value: x}]',
      1,
    ],
    [
      'patches: [{path: ../p.yaml, target: {kind: Deployment}}]',
      '[{op: copy, from: /metadata/name, path: /spec/template/spec/containers/0/image}]',
      2,
    ],
    [
      'replacements: [{path: ../p.yaml}]',
      'source: {kind: ConfigMap}\ntargets: [{fieldPaths: [spec.template.spec.containers.0.image]}]',
      2,
    ],
    ['components: [../part]', '', 1],
  ])('is red for what other files bring in: %s %#', async (key, text, code) => {
    const pinned = { ...TOP, 'base/a.yaml': deployment('a', `nginx:1@${OLD}`) };
    const part = { 'part/kustomization.yaml': 'kind: Component\nimages: [{name: nginx, newTag: "7"}]\n' };
    process.chdir(
      plant({ ...pinned, ...part, 'p.yaml': text, 'top/kustomization.yaml': `resources: [../base]\n${key}\n` }),
    );
    expect((await runPin(['top'], { check: true })).code).toBe(code);
  });
});

test.each(['/dev/zero', '/dev/stdin', '.', '..', 'kustomization.yaml', '../nowhere', '/', 'x\u0000y'])(
  'a kustomization ends that includes %j',
  async (resource) => {
    process.chdir(
      plant({ 'a/kustomization.yaml': `resources: [${JSON.stringify(resource)}]\nimages: [{name: a, newName: b}]\n` }),
    );
    const { code } = await runPin(['a'], { check: true });
    expect([0, 2]).toContain(code);
  },
);

test('a kustomization that is a link belongs to the directory of the link', async () => {
  const shared = kustomization({ resources: ['a.yaml'], ...renamed('nginx', 'm.io/nginx') });
  const folder = plant({
    'one/a.yaml': deployment('a', 'nginx:1'),
    'two/a.yaml': deployment('a', 'nginx:1'),
    'three/a.yaml': deployment('a', 'nginx:2'),
    'one/kustomization.yaml': shared,
  });
  for (const name of ['two', 'three'])
    symlinkSync('../one/kustomization.yaml', path.join(folder, name, 'kustomization.yaml'));
  process.chdir(folder);
  expect((await runPin(['one', 'two', 'three'], { write: true })).code).toBe(0);
  const images = ['one', 'two', 'three'].map(
    (name) => /image: "(.*)"/.exec(readFileSync(`${name}/a.yaml`, 'utf8'))?.[1],
  );
  const [first, second] = [rightDigest('m.io/nginx:1'), rightDigest('m.io/nginx:2')];
  expect(images).toEqual([`nginx:1@${first}`, `nginx:1@${first}`, `nginx:2@${second}`]);
});

describe('files that kustomizations name', () => {
  const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    resources: {}\n';
  test.each([
    ['a patch without an image', { 'kustomization.yaml': 'patches: [{path: p.yaml}]\n', 'p.yaml': POD }, 0],
    ['the same by the old field', { 'kustomization.yaml': 'patchesStrategicMerge: [p.yaml]\n', 'p.yaml': POD }, 0],
    ['a patch of another directory', { 'a/kustomization.yaml': 'patches: [{path: ../p.yaml}]\n', 'p.yaml': POD }, 0],
    [
      'a patch that removes a container',
      { 'kustomization.yaml': 'patches: [{path: p.yaml}]\n', 'p.yaml': POD.replace('resources: {}', '$patch: delete') },
      0,
    ],
    [
      'a patch without a list of containers',
      {
        'kustomization.yaml': 'patches: [{path: p.yaml}]\n',
        'p.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true}\n',
      },
      0,
    ],
    ['a resource without an image', { 'kustomization.yaml': 'resources: [p.yaml]\n', 'p.yaml': POD }, 2],
    [
      'a patch that is a resource elsewhere',
      {
        'kustomization.yaml': 'patches: [{path: p.yaml}]\n',
        'b/kustomization.yaml': 'resources: [../p.yaml]\n',
        'p.yaml': POD,
      },
      2,
    ],
    ['what no kustomization names', { 'p.yaml': POD }, 2],
  ])('%s', async (_title, files, code) => {
    process.chdir(plant(files));
    expect((await runPin(['.'], { check: true })).code).toBe(code);
  });
});

describe('where the digest goes', () => {
  test('is where the version is written, if all run the same', async () => {
    const folder = plant(layers(['nginx:1'], renamed('nginx', 'm.io/nginx')));
    process.chdir(folder);
    const registry = fakeRegistry({ 'm.io/nginx:1': rightDigest('nginx:1') });
    expect((await runPin(['.'], { write: true }, { registry })).out).toBe(
      `base/a.yaml:8:27  pinned  nginx:1@${rightDigest('nginx:1')}\n`,
    );
  });

  test('is written even if no registry has the image under its first name', async () => {
    process.chdir(plant(layers(['app:1'], renamed('app', 'm.io/app'))));
    const registry = fakeRegistry({ 'docker.io/library/app:1': NOT_FOUND });
    expect((await runPin(['.'], { write: true }, { registry })).out).toBe(
      `base/a.yaml:8:27  pinned  app:1@${rightDigest('m.io/app:1')}\n`,
    );
  });

  test('is beside the new name if the registry of a base is away', async () => {
    process.chdir(plant(layers(['nginx:1'], renamed('nginx', 'm.io/nginx'))));
    const registry = fakeRegistry({ 'docker.io/library/nginx:1': RATE_LIMITED });
    const { code, out, note } = await runPin(['.'], { write: true }, { registry });
    expect({ code, out }).toEqual({
      code: 2,
      out: `layer0/kustomization.yaml:4:3  pinned  m.io/nginx:1@${rightDigest('m.io/nginx:1')}\n`,
    });
    expect(note).toContain(
      'base/a.yaml:8:27  error  image "nginx:1" cannot be pinned: registry.example.com answered 429, retry in 30 s; log in\n',
    );
    expect((await runPin(['.'], { check: true })).code).toBe(0);
  });

  test.each([
    ['the registry of what is deployed is away', { 'm.io/nginx:1': RATE_LIMITED }],
    ['no registry has the deployed image', { 'm.io/nginx:1': NOT_FOUND }],
    ['both are away', { 'm.io/nginx:1': RATE_LIMITED, 'docker.io/library/nginx:1': RATE_LIMITED }],
  ])('is nowhere if %s', async (_title, table) => {
    const files = layers(['nginx:1'], renamed('nginx', 'm.io/nginx'));
    process.chdir(plant(files));
    const { code, out } = await runPin(['.'], { write: true }, { registry: fakeRegistry(table) });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(readFileSync('base/a.yaml', 'utf8')).toBe(files['base/a.yaml']);
  });

  test('is beside the new name, with the tag, where it is another image', async () => {
    const folder = plant(layers(['nginx:1.27'], renamed('nginx', 'm.io/nginx')));
    process.chdir(folder);
    await runPin(['.'], { write: true });
    expect(readFileSync('layer0/kustomization.yaml', 'utf8')).toBe(
      `resources:\n- ../base\nimages:\n- name: "nginx"\n  newName: "m.io/nginx"\n  newTag: "1.27"\n  digest: ${rightDigest('m.io/nginx:1.27')}\n`,
    );
  });

  test.each([
    [
      'images: [{name: nginx, newName: m.io/nginx}]\n',
      `images: [{name: nginx, newName: m.io/nginx, newTag: "1", digest: ${rightDigest('m.io/nginx:1')}}]\n`,
    ],
    [
      '"images": [{"name": "nginx", "newName": "m.io/nginx"}]\n',
      `"images": [{"name": "nginx", "newName": "m.io/nginx", "newTag": "1", "digest": "${rightDigest('m.io/nginx:1')}"}]\n`,
    ],
    [
      'images:\n- {\n    "name": "nginx",\n    "newName": "m.io/nginx"\n  }\n',
      `images:\n- {\n    "name": "nginx",\n    "newName": "m.io/nginx",\n    "newTag": "1",\n    "digest": "${rightDigest('m.io/nginx:1')}"\n  }\n`,
    ],
    [
      'images:\n- newName: m.io/nginx # moved\n  name: nginx\n',
      `images:\n- newName: m.io/nginx # moved\n  newTag: "1"\n  digest: ${rightDigest('m.io/nginx:1')}\n  name: nginx\n`,
    ],
  ])('is laid out as the entry is: %j', async (before, after) => {
    process.chdir(plant({ ...layers(['nginx:1']), 'layer0/kustomization.yaml': `resources: [../base]\n${before}` }));
    expect((await runPin(['.'], { write: true })).code).toBe(0);
    expect(readFileSync('layer0/kustomization.yaml', 'utf8')).toBe(`resources: [../base]\n${after}`);
  });
});

describe('what was pinned in a kustomization', () => {
  const D1 = `sha256:${'1'.repeat(64)}`;
  const drifted: readonly (readonly [title: string, files: Files, images: readonly string[]])[] = [
    ['a new name beside the manifest', one([`nginx:1@${D1}`], renamed('nginx', 'm.io/nginx')), ['m.io/nginx:1']],
    ['a new name above', layers([`nginx:1@${D1}`], renamed('nginx', 'm.io/nginx')), ['m.io/nginx:1']],
    [
      'a chain of names',
      layers([`nginx:1@${D1}`], renamed('nginx', 'app'), renamed('app', 'm.io/app')),
      ['m.io/app:1'],
    ],
    [
      'a new tag, and a new name above',
      layers(['nginx:1'], { images: [{ name: 'nginx', newTag: '2', digest: D1 }] }, renamed('nginx', 'm.io/nginx')),
      ['m.io/nginx:2'],
    ],
    [
      'two layers with different names',
      {
        ...layers([`nginx:1@${D1}`], renamed('nginx', 'm.io/nginx')),
        'other/kustomization.yaml': kustomization({ resources: ['../base'], ...renamed('nginx', 'n.io/nginx') }),
      },
      ['m.io/nginx:1', 'n.io/nginx:1'],
    ],
    [
      'an operation in a patch',
      one(
        ['nginx'],
        patched(
          `patches:\n- ${OPS}\n  patch: |-\n    - {op: replace, path: /spec/template/spec/containers/0/image, value: "app:1@${D1}"}\n`,
        ),
      ),
      ['docker.io/library/app:1'],
    ],
  ];
  test.each(drifted)('drifts by the name that runs: %s', async (_title, files, images) => {
    process.chdir(plant(files));
    const registry = fakeRegistry();
    const { code } = await runDrift(['.'], {}, { registry });
    const lookups = images.flatMap((image) => [image, `${image.replace(/:[^:]*$/, '')}@${D1}`]);
    expect({ code, lookups: registry.lookups.toSorted() }).toEqual({ code: 1, lookups: lookups.toSorted() });
  });

  test('is updated to what the name that runs has', async () => {
    process.chdir(plant(layers([`nginx:1@${D1}`], renamed('nginx', 'm.io/nginx'))));
    expect((await runPin(['.'], { write: true, update: true })).code).toBe(0);
    expect(readFileSync('base/a.yaml', 'utf8')).toContain(`nginx:1@${rightDigest('nginx:1')}`);
    expect(readFileSync('layer0/kustomization.yaml', 'utf8')).toContain(
      `  newTag: "1"\n  digest: ${rightDigest('m.io/nginx:1')}\n`,
    );
    expect((await runPin(['.'], { update: true })).code).toBe(0);
    expect((await runDrift(['.'])).code).toBe(0);
  });

  test.each([
    ['as a text', `newTag: "1@${D1}"`],
    ['plain', `newTag: 1@${D1} # kept`],
    ['beside an empty digest', `newTag: '1@${D1}'\n  digest: ""`],
  ])('is updated in the tag if the tag contains it: %s', async (_title, tag) => {
    const text = (version: string): string => `resources: [a.yaml]\nimages:\n- name: nginx\n  ${version}\n`;
    process.chdir(plant({ 'a.yaml': deployment('a', 'nginx:1'), 'kustomization.yaml': text(tag) }));
    expect((await runPin(['.'], { write: true, update: true })).code).toBe(0);
    expect(readFileSync('kustomization.yaml', 'utf8')).toBe(text(tag.replace(D1, rightDigest('nginx:1'))));
    expect((await runPin(['.'], { check: true })).code).toBe(0);
  });

  test('has its platforms looked up by the name that runs', async () => {
    process.chdir(plant(one(['nginx:1'], renamed('nginx', 'm.io/nginx'))));
    const registry = fakeRegistry();
    expect((await runPin(['.'], { platform: ['linux/amd64'] }, { registry })).code).toBe(0);
    expect(registry.lookups).toEqual(['m.io/nginx:1', `platforms of m.io/nginx@${rightDigest('m.io/nginx:1')}`]);
  });
});
