/** Custom kinds for the test of an installation: their definitions, files that name them, and objects. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { untilEffective } from '../cluster/registration.ts';

interface Definition {
  readonly spec: { readonly group: string; readonly names: { readonly plural: string } };
}

/** A definition without a schema. */
export function definition(group: string, kind: string, scope: 'Namespaced' | 'Cluster' = 'Namespaced'): Definition {
  const singular = kind.toLowerCase();
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
  return object;
}

export async function createDefinitions(plane: ControlPlane, definitions: readonly Definition[]): Promise<void> {
  for (const each of definitions) {
    await plane.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', each);
  }
  for (const { spec } of definitions) {
    await untilEffective(
      spec.names.plural,
      async () => plane.request('GET', `/apis/${spec.group}/v1/${spec.names.plural}`),
      ({ status }) => status === 200,
    );
  }
}

export const CUSTOM_KINDS = [definition('example.com', 'Widget'), definition('example.com', 'Fleet', 'Cluster')];
export const WIDGETS = '/apis/example.com/v1/namespaces/shop/widgets';
export const FLEETS = '/apis/example.com/v1/fleets';

export const customObject = (kind: string, name: string, image: string): object => ({
  apiVersion: 'example.com/v1',
  kind,
  metadata: { name },
  spec: kind === 'Fleet' ? { image } : { template: { spec: { containers: [{ name: 'web', image }] } } },
});

/** A part of the message of a denial; undefined: the object is created. */
export const CUSTOM_REVIEWS: readonly (readonly [kind: string, name: string, image: string, message?: string])[] = [
  ['Widget', 'web', 'ghcr.io/shop/web:1', 'the tag "1" has no minor version'],
  ['Widget', 'list', 'quay.io/shop/web:1.2', 'is not from an allowed registry'],
  ['Widget', 'excused', 'ghcr.io/shop/web:1'],
  ['Widget', 'fine', 'ghcr.io/shop/web:1.2'],
  ['Fleet', 'web', 'ghcr.io/shop/web:1', 'the tag "1" has no minor version'],
  ['Fleet', 'fine', 'ghcr.io/shop/web:1.2'],
];

/** The paths of a configuration, a directory of policies with a list and an exception, and a plugin that imports a module. */
export function customFiles(directory: string): readonly [config: string, policies: string, plugin: string] {
  const [config, policies, plugin] = ['tidewaiter.yaml', 'policies', 'rules.ts'].map((name) => join(directory, name));
  if (config === undefined || policies === undefined || plugin === undefined) throw new Error('three paths');
  mkdirSync(policies);
  writeFileSync(config, CONFIGURATION);
  writeFileSync(join(policies, 'policy.yaml'), POLICY);
  writeFileSync(join(policies, 'list.yaml'), LIST);
  writeFileSync(join(policies, 'exception.yaml'), EXCEPTION);
  writeFileSync(plugin, PLUGIN);
  writeFileSync(join(directory, 'minor.ts'), MODULE);
  return [config, policies, plugin];
}

const CONFIGURATION = `kinds:
  - {group: example.com, kind: Widget, resource: widgets, podSpecs: [/spec/template/spec]}
  - {group: example.com, kind: Fleet, images: [/spec/image], clusterScoped: true}
`;

const head = (kind: string): string => `apiVersion: tidewaiter.dev/v1alpha1\nkind: ${kind}\n`;

const POLICY = `${head('ImagePolicy')}metadata: {name: company}
spec:
  rules:
    - rule: minor-version
    - rule: image-registry
      parameters: {allow: [{list: registries}]}
`;

const LIST = `${head('ImageNameList')}metadata: {name: registries}
spec: {items: ['ghcr.io/**']}
`;

const EXCEPTION = `${head('ImagePolicyException')}metadata: {name: excused}
spec:
  policy: company
  rules: [minor-version]
  match: {kinds: [Widget], names: [excused]}
  owner: shop
  reason: its next release has one
  expires: "2100-01-01"
`;

const PLUGIN = `import { checkImages, defineRule } from 'tidewaiter';
import { hasMinorVersion } from './minor.ts';

export default [
  defineRule({
    name: 'minor-version',
    description: 'A tag has a minor version',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: (subject) =>
      checkImages(subject, ({ tag = '' }, { imagePointer: pointer }) =>
        hasMinorVersion(tag) ? undefined : { pointer, message: \`the tag "\${tag}" has no minor version\` },
      ),
  }),
];
`;

const MODULE = `export const hasMinorVersion = (tag: string): boolean => /^\\d+\\.\\d+/.test(tag);
`;
