/** Kustomizations with new names: what `kubectl kustomize` builds then runs the mirror's images, or what it ran before. */
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseReference } from '../../../src/image/reference.ts';
import {
  deployment,
  type Files,
  imagesOf,
  kustomization,
  type Layer,
  plant,
  removeTrees,
} from '../../support/kustomize.ts';
import { kustomizeTree } from '../../support/kustomize-trees.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { runPin } from '../../support/pin-registry.ts';
import { describeWith } from '../../support/real-part.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'tidewaiter-rewrite-'));
afterAll(() => {
  removeTrees();
  rmSync(scratch, { recursive: true, force: true });
});

const M = 'm.example.com/hub';
const policy = path.join(scratch, 'policy.yaml');
writeFileSync(
  policy,
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rewrite: [{from: "docker.io/**", to: "${M}/**", when: always}]}\n`,
);

interface Run {
  readonly code: number;
  readonly note: string;
  /** The images of each kustomization, before and after. */
  readonly builds: Readonly<Record<string, readonly (readonly [string, string | undefined])[]>>;
  readonly after: Files;
}

async function rewriteTree(
  files: Files,
  folders: readonly string[],
  args: readonly string[] = ['.'],
): Promise<Run | undefined> {
  const folder = plant(files);
  const build = (): Promise<readonly (readonly string[] | undefined)[]> =>
    Promise.all(folders.map((one) => imagesOf(path.join(folder, one))));
  const before = await build();
  if (before.includes(undefined)) return undefined;
  process.chdir(folder);
  const { code, note } = await runPin(args, { rewrite: true, policy: [policy], offline: true, write: true });
  const after = await build();
  const builds = folders.map((one, index) => {
    return [one, (before[index] ?? []).map((image, at) => [image, after[index]?.[at]] as const)] as const;
  });
  const texts = Object.keys(files).map((name) => [name, readFileSync(name, 'utf8')] as const);
  return { code, note, builds: Object.fromEntries(builds), after: Object.fromEntries(texts) };
}

/** The image at the mirror, if it is one of Docker Hub. */
function mirrored(image: string): string {
  const parsed = parseReference(image);
  if (!parsed.ok || parsed.reference.domain !== 'docker.io') return image;
  const { path: name, tag, digest } = parsed.reference;
  return `${M}/${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

const one = (images: readonly string[], layer: Layer): Files => ({
  'a.yaml': deployment('a', ...images),
  'kustomization.yaml': kustomization({ resources: ['a.yaml'], ...layer }),
});

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

interface Row {
  readonly files: Files;
  /** The kustomizations whose images are all from the mirror afterwards. */
  readonly folders: readonly string[];
  readonly args?: readonly string[];
  /** The files that change. */
  readonly after: Files;
}

const RIGHT: Readonly<Record<string, Row>> = {
  'no entry: the manifest': {
    files: layers(['nginx:1'], {}),
    folders: ['base', 'layer0'],
    after: { 'base/a.yaml': deployment('a', `${M}/library/nginx:1`) },
  },
  'an entry with a tag: newName, and name stays': {
    files: one(['nginx:1'], { images: [{ name: 'nginx', newTag: '2' }] }),
    folders: ['.'],
    after: {
      'kustomization.yaml': `resources:\n- a.yaml\nimages:\n- name: "nginx"\n  newName: ${M}/library/nginx\n  newTag: "2"\n`,
    },
  },
  'an entry with a new name': {
    files: one(['app:1'], { images: [{ name: 'app', newName: 'acme/app' }] }),
    folders: ['.'],
    after: { 'kustomization.yaml': `resources:\n- a.yaml\nimages:\n- name: "app"\n  newName: "${M}/acme/app"\n` },
  },
  'an entry with a digest': {
    files: one(['app:1'], { images: [{ name: 'app', digest: `sha256:${'a'.repeat(64)}` }] }),
    folders: ['.'],
    after: {
      'kustomization.yaml': `resources:\n- a.yaml\nimages:\n- name: "app"\n  newName: ${M}/library/app\n  digest: "sha256:${'a'.repeat(64)}"\n`,
    },
  },
  'an entry of a base, and a layer without one': {
    files: {
      ...layers(['app:1'], {}),
      'base/kustomization.yaml': kustomization({ resources: ['a.yaml'], images: [{ name: 'app', newTag: '3' }] }),
    },
    folders: ['base', 'layer0'],
    after: {
      'base/kustomization.yaml': `resources:\n- a.yaml\nimages:\n- name: "app"\n  newName: ${M}/library/app\n  newTag: "3"\n`,
    },
  },
  'a new name in the layer above the one with the tag': {
    files: layers(
      ['app:1'],
      { images: [{ name: 'app', newTag: '3' }] },
      { images: [{ name: 'app', newName: 'acme/app' }] },
    ),
    folders: ['layer1'],
    after: {
      'layer1/kustomization.yaml': `resources:\n- ../layer0\nimages:\n- name: "app"\n  newName: "${M}/acme/app"\n`,
    },
  },
  'an entry that renames images with two tags': {
    files: one(['app:1', 'app:2'], { images: [{ name: 'app', newName: 'acme/app' }] }),
    folders: ['.'],
    after: { 'kustomization.yaml': `resources:\n- a.yaml\nimages:\n- name: "app"\n  newName: "${M}/acme/app"\n` },
  },
  'an entry in one line': {
    files: {
      ...one(['nginx:1'], {}),
      'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: nginx, newTag: "2"}] # tags\n',
    },
    folders: ['.'],
    after: {
      'kustomization.yaml': `resources: [a.yaml]\nimages: [{name: nginx, newName: ${M}/library/nginx, newTag: "2"}] # tags\n`,
    },
  },
  'a patch': {
    files: one(['ghcr.io/a/b:1'], {
      patches:
        'patches:\n- patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: nginx:2 # new\n  target: {kind: Deployment, name: a}\n',
    }),
    folders: ['.'],
    after: {
      'kustomization.yaml': `resources:\n- a.yaml\npatches:\n- patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: ${M}/library/nginx:2 # new\n  target: {kind: Deployment, name: a}\n`,
    },
  },
};

interface WrongRow extends Omit<Row, 'after'> {
  readonly notes: readonly string[];
  readonly code?: number;
}

const LEFT: Readonly<Record<string, WrongRow>> = {
  'a manifest that one layer selects by its name, and another one runs as it is': {
    files: {
      ...layers(['nginx:1'], { images: [{ name: 'nginx', newName: 'ghcr.io/a/nginx' }] }),
      'other/kustomization.yaml': kustomization({ resources: ['../base'] }),
    },
    folders: ['layer0', 'other'],
    notes: [
      `base/a.yaml:8:27  error  image "nginx:1" cannot be rewritten to "${M}/library/nginx:1": "images" in layer0/kustomization.yaml selects it by the name "nginx"; add an entry with "newName" to "images" of each kustomization that uses it`,
    ],
    code: 2,
  },
  'an entry whose images get different names': {
    files: one(['a/nginx:1', 'ghcr.io/a/nginx:1'], { images: [{ name: '.*nginx', newTag: '2' }] }),
    folders: ['.'],
    notes: [
      `kustomization.yaml:4:3  error  image "a/nginx:2" cannot be rewritten to "${M}/a/nginx:2": its name is also that of "ghcr.io/a/nginx:2" in kustomization.yaml, which keeps its name; write both images out`,
    ],
    code: 2,
  },
  'a later entry that selects the new name': {
    files: one(['nginx:1'], {
      images: [
        { name: 'nginx', newTag: '2' },
        { name: `${M}/library/nginx`, newName: 'ghcr.io/other/nginx' },
      ],
    }),
    folders: ['.'],
    notes: [
      `kustomization.yaml:5:11  error  image "nginx:2" cannot be rewritten to "${M}/library/nginx:2": with it, kustomization.yaml would run other images; change it by hand`,
    ],
    code: 2,
  },
  'a manifest that is not an argument': {
    files: layers(['nginx:1'], {}),
    folders: ['layer0'],
    args: ['layer0'],
    notes: [
      `layer0/kustomization.yaml  notice  it runs image "nginx:1", which would become "${M}/library/nginx:1", from base/a.yaml; also pass this file`,
    ],
  },
};

describeWith(kubectlMissing, 'kubectl kustomize, with new names', () => {
  describe('runs the mirror', () => {
    test.each(Object.entries(RIGHT))('%s', { timeout: 60_000 }, async (_what, { files, folders, args, after }) => {
      const run = await rewriteTree(files, folders, args);
      expect(run?.after).toEqual({ ...files, ...after });
      expect(run?.code).toBe(0);
      const images = Object.values(run?.builds ?? {}).flat();
      expect(images.map(([, now]) => now)).toEqual(images.map(([before]) => mirrored(before)));
    });
  });

  describe('stays, and it is said why', () => {
    test.each(Object.entries(LEFT))(
      '%s',
      { timeout: 60_000 },
      async (_what, { files, folders, args, notes, code = 0 }) => {
        const run = await rewriteTree(files, folders, args);
        const lines = (run?.note ?? '').split('\n').filter((line) => /rewritten to|would become/.test(line));
        expect(lines).toEqual(notes);
        expect(run?.code).toBe(code);
        expect(run?.after).toEqual(files);
      },
    );
  });

  test(
    'generated trees: what is deployed runs the mirror, or it is said that it does not',
    { timeout: 240_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(kustomizeTree, async (files) => {
          const run = await rewriteTree(files, ['base', 'one', 'two', 'top']);
          fc.pre(run !== undefined);
          for (const images of Object.values(run.builds))
            for (const [before, now] of images) expect([before, mirrored(before)]).toContain(now);
          const left = ['two', 'top']
            .flatMap((name) => run.builds[name] ?? [])
            .filter(([before, now]) => now !== mirrored(before));
          expect(left.length > 0 && run.code === 0).toBe(false);
          const again = await rewriteTree(run.after, []);
          expect(again?.after).toEqual(run.after);
        }),
        { numRuns: 12, endOnFailure: true },
      );
    },
  );
});
