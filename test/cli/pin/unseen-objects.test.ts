/** `pin --check` is green where nothing is left to pin: objects whose images it cannot see are named, as `check` names them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-unseen-'));
const file = path.join(folder, 'a.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const object = (apiVersion: string, kind: string, rest: string, metadata = '{name: a}'): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\n${rest}\n`;
const POD_SPEC = 'spec: {template: {spec: {containers: [{name: c, image: nginx}]}}}';
const ENTRY = 'add {group: x.io, kind: Widget, podSpecs: [/spec/template/spec]} to "kinds" in the configuration file';
const HOLDS =
  'kind "Widget" in the API group "x.io" is unknown and contains containers at /spec/template/spec/containers';
const HELM =
  'is input for a Helm chart, which determines the images; render it with "helm template" and check the result';

test.each([
  ['an unknown kind', object('x.io/v1', 'Widget', POD_SPEC), [`2:7 Widget default/a is not read: ${HOLDS}; ${ENTRY}`]],
  [
    'two of an unknown kind',
    `${object('x.io/v1', 'Widget', POD_SPEC)}---\n${object('x.io/v1', 'Widget', POD_SPEC)}`,
    [`2:7 2 objects of kind "Widget" are not read: ${HOLDS}; ${ENTRY}`],
  ],
  [
    'in a list',
    `apiVersion: v1\nkind: List\nitems:\n- ${object('x.io/v1', 'Widget', POD_SPEC).trimEnd().replaceAll('\n', '\n  ')}\n`,
    [`5:9 Widget default/a is not read: ${HOLDS}; ${ENTRY}`],
  ],
  [
    'a kind in lower case',
    object('apps/v1', 'deployment', POD_SPEC),
    ['2:7 deployment default/a is not read: unknown kind "deployment"; did you mean "Deployment"?'],
  ],
  [
    'a wrong apiVersion and no name',
    object('v1', 'Deployment', POD_SPEC, '{}'),
    [
      '2:7 Deployment "default/(no name)" is not read: apiVersion "v1" has no kind "Deployment"; use apiVersion: apps/v1',
    ],
  ],
  [
    'Helm values',
    object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'spec: {values: {image: nginx}}', '{generateName: a-}'),
    [`4:16 images of HelmRelease default/a- are not read: /spec/values ${HELM}`],
  ],
  [
    'a patch in a text',
    object('argoproj.io/v1alpha1', 'Workflow', 'spec: {podSpecPatch: "containers: [{name: a, image: b}]"}'),
    [
      '4:22 images of Workflow default/a are not read: /spec/podSpecPatch is a patch in a string that the controller merges into its Pods; set images in the container itself',
    ],
  ],
  ['nothing of the kind', object('v1', 'ConfigMap', 'data: {image: nginx}'), []],
])('%s', async (_what, text, expected) => {
  writeFileSync(file, `${text}---\n${object('v1', 'Pod', 'spec: {containers: [{name: c, image: nginx}]}')}`);
  for (const args of [['pin', '--check'], ['pin', '--check', '-o', 'json'], ['drift']]) {
    const { out, note } = await runCommand([...args, file]);
    const reported = args.includes('json') ? fromJson(out) : fromText(note);
    expect(reported).toEqual(expected);
  }
});

function fromText(note: string): readonly string[] {
  return note.split('\n').flatMap((line) => {
    const [place, notice] = line.split('  notice  ');
    return notice === undefined || place === undefined || line.includes('no images found')
      ? []
      : [`${place.slice(file.length + 1)} ${notice}`];
  });
}

function fromJson(out: string): readonly string[] {
  const { notices } = JSON.parse(out) as { notices: { line: number; column: number; message: string }[] };
  return notices.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

const TEMPLATE = `apiVersion: v1\n{{- range .names }}\nkind: ConfigMap\n{{- end }}\n`;
const PARTLY = 'is evaluated without the documents that are templates; render it first';
const POD = object('v1', 'Pod', 'spec: {containers: [{name: c, image: nginx}]}');

test.each([
  { what: 'in a directory', argument: 'partly', code: 1, reports: PARTLY },
  { what: 'a named file', argument: 'partly/a.yaml', code: 2, reports: 'is a Helm template expression, not YAML' },
])('a document that is a template, beside others: $what', async ({ argument, code, reports }) => {
  mkdirSync(path.join(folder, 'partly'), { recursive: true });
  writeFileSync(path.join(folder, 'partly/a.yaml'), `${POD}---\n${TEMPLATE}`);
  const found = await runCommand(['pin', '--check', path.join(folder, argument)]);
  expect(found).toMatchObject({ code, out: expect.stringContaining('image "nginx" has no digest') });
  expect(found.note).toContain(reports);
});

test('the images of a patch beside a template are those of its target', async () => {
  const directory = path.join(folder, 'patched');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'kustomization.yaml'), 'resources: [pod.yaml]\npatches: [{path: patch.yaml}]\n');
  writeFileSync(path.join(directory, 'pod.yaml'), POD);
  writeFileSync(path.join(directory, 'patch.yaml'), `${POD.replace('nginx', 'redis')}---\n${TEMPLATE}`);
  const { code, note } = await runCommand(['pin', '--check', directory]);
  expect(note).toContain(`"${path.join(directory, 'patch.yaml')}" ${PARTLY}`);
  expect(note).not.toContain('  error  ');
  expect(code).toBe(1);
});
