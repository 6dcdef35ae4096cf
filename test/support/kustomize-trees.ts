/** Generated trees of kustomizations: bases, layers, components, and patches. */
import fc from 'fast-check';
import { deployment, type Files, kustomization } from './kustomize.ts';

const NAMES = ['nginx', 'app', 'r.io/app', 'localhost:5000/x/app'];
const unpinned = fc
  .record({ name: fc.constantFrom(...NAMES), tag: fc.constantFrom('', ':1', ':2', ':1.27') })
  .map(({ name, tag }) => `${name}${tag}`);
const PINNED = ['nginx:1', 'app', 'r.io/app:2'].map((name) => `${name}@sha256:${'e'.repeat(64)}`);
const image = fc.oneof({ weight: 5, arbitrary: unpinned }, { weight: 1, arbitrary: fc.constantFrom(...PINNED) });
const entry = fc
  .record(
    {
      name: fc.constantFrom(...NAMES),
      newName: fc.constantFrom(...NAMES, 'mirror.io/nginx', 'mirror.io/tagged:7'),
      newTag: fc.constantFrom('1', '3.0'),
      digest: fc.constant(`sha256:${'d'.repeat(64)}`),
    },
    { requiredKeys: ['name'] },
  )
  // Nobody writes digests by hand, or names for nothing, as often as not.
  .chain((made) =>
    fc.boolean().map((keep) => (keep ? made : { name: made.name, newName: made.newName ?? 'mirror.io/app' })),
  );
const entries = fc.array(entry, { maxLength: 3 });

const inline = fc
  .record({ kind: fc.constantFrom('none', 'none', 'merge', 'replace', 'add', 'json', 'file'), image })
  .map(({ kind, image: text }) => {
    const target = '  target: {kind: Deployment, name: a}\n';
    const forms: Readonly<Record<string, string>> = {
      merge: `patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: a}\n    spec: {template: {spec: {containers: [{name: c0, image: "${text}"}]}}}\n`,
      replace: `patches:\n- patch: |\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: ${text}\n${target}`,
      add: `patches:\n- patch: |-\n    - {op: add, path: /spec/template/spec/containers/-, value: {name: more, image: "${text}"}}\n${target}`,
      json: `patches:\n- patch: '[{"op":"add","path":"/spec/template/spec/initContainers","value":[{"name":"i","image":"${text}"}]}]'\n${target}`,
      file: `patchesJson6902:\n- path: patch.json\n  target: {group: apps, version: v1, kind: Deployment, name: a}\n`,
    };
    return {
      text: forms[kind] ?? '',
      file:
        kind === 'file'
          ? `[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "${text}"}]`
          : undefined,
    };
  });

/** Trees with the kustomizations `base`, `one`, `two`, and `top`. */
export const kustomizeTree = fc
  .record({
    a: fc.array(image, { minLength: 1, maxLength: 2 }),
    b: fc.array(image, { minLength: 1, maxLength: 2 }),
    base: entries,
    one: entries,
    two: entries,
    top: entries,
    component: entries,
    patch: inline,
    used: fc.boolean(),
    direct: fc.boolean(),
  })
  .map(({ a, b, base, one, two, top, component, patch, used, direct }): Files => ({
    'base/a.yaml': deployment('a', ...a),
    'base/b.yaml': deployment('b', ...b),
    'base/kustomization.yaml': kustomization({ resources: ['a.yaml', 'b.yaml'], images: base }),
    'component/kustomization.yaml': kustomization({ kind: 'Component', images: component }),
    'one/kustomization.yaml': kustomization({
      resources: ['../base'],
      components: used ? ['../component'] : [],
      images: one,
      patches: patch.text,
    }),
    ...(patch.file === undefined ? {} : { 'one/patch.json': patch.file }),
    'two/kustomization.yaml': kustomization({
      resources: direct ? ['../base/a.yaml', '../base/b.yaml'] : ['../base'],
      components: used ? ['../component'] : [],
      images: two,
    }),
    'top/kustomization.yaml': kustomization({ resources: ['../one'], images: top }),
  }));
