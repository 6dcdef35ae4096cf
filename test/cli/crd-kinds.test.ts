/** `tidewaiter kinds --from-crd`: the entries it prints are valid configuration, and find the images of objects. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-crds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, text);
  return full;
}

const TEXT = '{type: string}';
const CONTAINERS = `{type: array, items: {type: object, properties: {name: ${TEXT}, image: ${TEXT}}}}`;
const POD = `{type: object, required: [containers], properties: {containers: ${CONTAINERS}, initContainers: ${CONTAINERS}}}`;
const PARTIAL = `{type: object, properties: {containers: ${CONTAINERS}}}`;

const crd = (names: string, spec: string, scope = 'Namespaced', group = 'apps.example.com'): string =>
  `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: a}
spec:
  group: ${group}
  names: ${names}
  scope: ${scope}
  versions: [{name: v1, schema: {openAPIV3Schema: {type: object, properties: {spec: ${spec}, status: {type: object, properties: {image: ${TEXT}}}}}}}]
`;

const WIDGET = crd(
  '{kind: Widget, plural: widgets}',
  `{type: object, properties: {
    template: {type: object, properties: {spec: ${POD}}},
    overrides: {type: object, additionalProperties: ${PARTIAL}},
    sidecarImage: ${TEXT}, imagePullPolicy: ${TEXT}, imageKind: {type: string, enum: [a]},
    volume: {type: object, properties: {image: {type: object, properties: {reference: ${TEXT}, pullPolicy: ${TEXT}}}}},
    agent: {type: object, properties: {image: {type: object, properties: {repository: ${TEXT}, tag: ${TEXT}}}}},
    podTemplate: {x-kubernetes-preserve-unknown-fields: true}, settings: {x-kubernetes-preserve-unknown-fields: true}}}`,
);
const GADGET = crd('{kind: Gadget, plural: gadgets}', `{type: object, properties: {image: ${TEXT}}}`, 'Cluster');
const PLAIN = crd('{kind: Plain, plural: plains}', `{type: object, properties: {size: {type: integer}}}`);

const WIDGET_ENTRY = `  - group: apps.example.com
    kind: Widget
    resource: widgets
    podSpecs:
      - /spec/template/spec
    images:
      - /spec/overrides/*/containers/*/image
      - /spec/sidecarImage
      - /spec/volume/image/reference
`;
const WIDGET_COMMENTS = `# Widget.apps.example.com: /spec/agent/image is composed from several fields, which an entry cannot express
# Widget.apps.example.com: /spec/podTemplate has no schema and can contain images
`;
const GADGET_ENTRY = `  - group: apps.example.com
    kind: Gadget
    resource: gadgets
    images:
      - /spec/image
    clusterScoped: true
`;

test.each([
  ['a kind with Pods and images', WIDGET, `kinds:\n${WIDGET_ENTRY}${WIDGET_COMMENTS}`],
  ['several kinds', `${WIDGET}---\n${GADGET}---\n${PLAIN}`, `kinds:\n${WIDGET_ENTRY}${GADGET_ENTRY}${WIDGET_COMMENTS}`],
  ['a kind without images', PLAIN, 'kinds: []\n'],
  [
    'a known kind: only what the table lacks',
    crd(
      '{kind: Rollout, plural: rollouts}',
      `{type: object, properties: {template: {type: object, properties: {spec: ${POD}}}, extra: {type: object, properties: {image: ${TEXT}}}}}`,
      'Namespaced',
      'argoproj.io',
    ),
    'kinds:\n  - group: argoproj.io\n    kind: Rollout\n    resource: rollouts\n    images:\n      - /spec/extra/image\n',
  ],
  [
    'the form before apiextensions.k8s.io/v1',
    `apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {group: apps.example.com, names: {kind: Gadget, plural: gadgets}, scope: Cluster, validation: {openAPIV3Schema: {properties: {spec: {properties: {image: ${TEXT}}}}}}}\n`,
    `kinds:\n${GADGET_ENTRY}`,
  ],
])('%s', async (_name, text, expected) => {
  const { code, out, note } = await runCommand(['kinds', '--from-crd', file('crds.yaml', text)]);
  expect({ code, out, note }).toEqual({ code: 0, out: expected, note: '' });
});

test('check evaluates the kinds with the printed configuration', async () => {
  const { out: config } = await runCommand(['kinds', '--from-crd', file('widget.yaml', WIDGET)]);
  const object = file(
    'object.yaml',
    `apiVersion: apps.example.com/v1
kind: Widget
metadata: {name: w}
spec:
  template: {spec: {containers: [{name: web, image: "a:1"}]}}
  overrides: {x: {containers: [{name: web, image: "b:1"}]}}
  sidecarImage: c:1
  volume: {image: {reference: "d:1"}}
`,
  );
  const argv = ['check', object, '-c', file('tidewaiter.yaml', config), '-o', 'json'];
  const { images, errors } = JSON.parse((await runCommand(argv)).out) as CheckReport;
  expect(errors).toEqual([]);
  expect(images.map(({ image }) => image)).toEqual(['a:1', 'b:1', 'c:1', 'd:1']);
});

test.each([
  ['no CRD', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n', 'no CustomResourceDefinition found\n'],
  ['no object', 'a: 1\n', /not a Kubernetes object/],
])('%s exits with 2', async (_name, text, note) => {
  const result = await runCommand(['kinds', '--from-crd', file('none.yaml', text)]);
  expect(result.code).toBe(2);
  expect(result.note).toMatch(note);
});

test('--from-crd is required', async () => {
  const { code, note } = await runCommand(['kinds']);
  expect(code).toBe(2);
  expect(note).toContain('--from-crd');
});
