/** A text that is not yet YAML gets one message, at the template expression. */
import { describe, expect, test } from 'vitest';
import { loadManifests } from '../../../src/files/manifests.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { kindTable } from '../../../src/pod/kinds.ts';

const problems = (text: string): readonly string[] =>
  parseDocuments(text).flatMap((document) =>
    document.ok ? [] : [`${document.line}:${document.column}: ${document.problem}`],
  );

const helm = (action: string): string =>
  `${JSON.stringify(action)} is a Helm template expression, not YAML; use the output of helm template CHART (to pin images, use the chart's values file and --helm-image)`;

const other = (expression: string): string =>
  `${JSON.stringify(expression)} is a template expression, not YAML; render the template first`;

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata:\n';

describe('a Helm template', () => {
  const CASES: readonly (readonly [name: string, text: string, problem: string])[] = [
    ['a value', `${HEAD}  name: {{ .Release.Name }}\n`, `4:9: ${helm('{{ .Release.Name }}')}`],
    ['a pipeline', `${HEAD}  name: {{ .Values.x | lower }}\n`, `4:9: ${helm('{{ .Values.x | lower }}')}`],
    ['a pipeline that quotes', `a: {{ .Values.x | quote }}\n`, `1:4: ${helm('{{ .Values.x | quote }}')}`],
    ['a value that only begins so', `a: {{ .Values.x }}-web\n`, `1:4: ${helm('{{ .Values.x }}')}`],
    ['texts within', `a: {{ default "x: y" .Values.x }}\n`, `1:4: ${helm('{{ default "…" .Values.x }}')}`],
    ['lines of conditions', `{{- if .Values.on }}\na: 1\n{{- end }}\n`, `1:1: ${helm('{{- if .Values.on }}')}`],
    ['a condition below', `a:\n  {{- if .x }}\n  b: 1\n  {{- end }}\n`, `2:3: ${helm('{{- if .x }}')}`],
    [
      'an inclusion',
      `a:\n  {{- include "x.labels" . | nindent 4 }}\nb: 1\n`,
      `2:3: ${helm('{{- include "x.labels" . | nindent 4 }}')}`,
    ],
    ['a comment', `{{/* a: b */}}\na: 1\n`, `1:1: ${helm('{{/* … */}}')}`],
    ['a loop', `a:\n{{- range .Values.x }}\n  - {{ . }}\n{{- end }}\n`, `2:1: ${helm('{{- range .Values.x }}')}`],
    ['a key', `a:\n  {{ .Values.key }}: 1\n`, `2:3: ${helm('{{ .Values.key }}')}`],
    ['an item', `a:\n  - {{ .Values.image }}\n`, `2:5: ${helm('{{ .Values.image }}')}`],
    ['an item in brackets', `a: [{{ .Values.image }}]\n`, `1:5: ${helm('{{ .Values.image }}')}`],
    ['an assignment', `{{- $name := .Values.x -}}\na: 1\n`, `1:1: ${helm('{{- $name := .Values.x -}}')}`],
    [
      'over several lines',
      `a: 1\nb: {{ include "x"\n  (dict "k" .Values.k) }}\nc: 2\n`,
      `2:4: ${helm('{{ include "x" (dict "…" .Values.k) }}')}`,
    ],
    ['lines of its own', `{{ include "x" (dict\n  "k" 1\n) }}\n`, `1:1: ${helm('{{ include "x" (dict "…" 1 ) }}')}`],
    ['a list over lines', `a:\n  - {{ list\n    1 2 }}\n`, `2:5: ${helm('{{ list 1 2 }}')}`],
    ['a comment over lines', `{{- /*\na: b: c\n*/ -}}\na: 1\n`, `1:1: ${helm('{{- /* … */ -}}')}`],
    ['another within', 'a: {{ `{{ x }}` }}\n', `1:4: ${helm('{{ "…" }}')}`],
    ['in braces', `a: {b: {{ .Values.x }}}\n`, `1:8: ${helm('{{ .Values.x }}')}`],
    ['behind a quoted text', `a: "x"{{ .Values.x }}\n`, `1:7: ${helm('{{ .Values.x }}')}`],
    ['quotes within quotes', `a: "{{ .x }}-{{ .y | default "z" }}"\n`, `1:14: ${helm('{{ .y | default "…" }}')}`],
  ];
  test.each(CASES)('%s', (_name, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  test('a quoted expression is a text', () => {
    expect(problems(`a: "{{ .Values.x }}"\nb: |\n  {{ .Values.y }}\n# {{ if }}\n`)).toEqual([]);
  });

  test.each([
    ['in quotes', `a: "{{ $labels.x }}"\nb: c: d\n`, '2:5'],
    ['in a block scalar', `a: |\n  {{ range .Alerts }}\n  {{ end }}\nb: c: d\n`, '4:5'],
    ['in a comment', `# {{ .Values.x }}\nb: c: d\n`, '2:5'],
    ['in quotes on its line', `a: 1\nb: "{{ .Values.x }}" c\n`, '2:22'],
    ['in a comment on its line', `a: 1\nb: c: d # {{ .Values.x }}\n`, '2:5'],
    ['in other quotes on its line', `a: 1\nb: ['{{ .x }}']: c: d\n`, '2:16'],
  ])('another fault stays another fault: expressions %s', (_name, text, at) => {
    expect(problems(text)).toEqual([
      `${at}: unexpected content; check the indentation, and quote strings that contain ": "`,
    ]);
  });

  test.each([
    ['a: {{b: c}}\n', '1:5'],
    ['a: {{b: c}: d}\n', '1:5'],
    ['{{"a": b}: c}\n', '1:2'],
    ['a: {{b}, {c}}\n', '1:5'],
    ['- {{b, c}: d}\n', '1:4'],
  ])('a map as a key is not a template: %j', (text, at) => {
    expect(problems(text)).toEqual([`${at}: a map or a list cannot be a key`]);
  });

  test.each([
    ['Jinja, a comment over lines', '{# c\n d: e: f\n#}\na: 1\n', `1:1: ${other('{# c d: e: f #}')}`],
    ['Jinja, a value', '{% set x = 1 %}\na: {{ x }}\n', `1:1: ${other('{% set x = 1 %}')}`],
    ['Jinja, a value below', 'a: "{% if x %}"\nb: {{ x }}\n', `2:4: ${other('{{ x }}')}`],
    ['ERB first', '<% if x %>\na: 1\n<% end %>\n', `1:1: ${other('<% if x %>')}`],
    ['Mustache, a section', 'a: 1\n{{#x}}\nb: 1\n{{/x}}\n', `2:1: ${other('{{#x}}')}`],
    ['Mustache, the opposite', 'a: 1\n{{^x}}\nb: 1\n', `2:1: ${other('{{^x}}')}`],
    ['Mustache, a part', '{{> x }}\n', `1:1: ${other('{{> x }}')}`],
    ['Terraform, a condition', 'a:\n  %{ if x ~}\n  b: 1\n  %{ endif }\n', `2:3: ${other('%{ if x ~}')}`],
    ['Terraform, a line', 'a: 1\n%{ if x }\nb: 1\n', `2:1: ${other('%{ if x }')}`],
    ['envsubst in brackets', 'a: [${X}, ${Y}]\n', `1:5: ${other('${X}')}`],
    ['envsubst, a line', 'a: 1\n${MORE}\nb: 1\n', `2:1: ${other('${MORE}')}`],
    ['envsubst, a default', 'a: ${X:-b: c}\n', `1:4: ${other('${X:-b: c}')}`],
    ['GitHub Actions', 'a: [${{ x }}]\n', `1:5: ${other('${{ x }}')}`],
    ['percent signs', 'a: %%NAME%%\n', `1:4: ${other('%%NAME%%')}`],
    ['percent signs, a key', 'a: 1\n%%NAME%%: b\n', `2:1: ${other('%%NAME%%')}`],
    ['braces', 'a: {IP_PREFIX}.16\n', `1:4: ${other('{IP_PREFIX}')}`],
    ['at signs', 'a: @NAME@\nb: [@@X@@]\n', `1:4: ${other('@NAME@')}`],
    [
      'Jinja',
      '{% if x %}\na: 1\n{% endif %}\n',
      '1:1: "{% if x %}" is a template expression, not YAML; render the template first',
    ],
    [
      'Jinja, further down',
      'a:\n  {%- for x in y %}\nb: 1\n',
      '2:3: "{%- for x in y %}" is a template expression, not YAML; render the template first',
    ],
    [
      'ERB',
      'a: 1\n<% if x %>\nb: 1\n',
      '2:1: "<% if x %>" is a template expression, not YAML; render the template first',
    ],
  ])('%s', (_name, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });
});

const words = (line: string): string =>
  `${JSON.stringify(line)} is a message from a program, not a manifest; pass only its standard output (without 2>&1)`;

test.each([
  [
    'WARNING: Kubernetes configuration file is insecure. Location: /x\n',
    'WARNING: Kubernetes configuration file is insecure. Location: /x',
  ],
  [
    'coalesce.go:237: warning: skipped value for x: no table\n',
    'coalesce.go:237: warning: skipped value for x: no table',
  ],
  ['Warning: resource x: is old\napiVersion: v1\n', 'Warning: resource x: is old'],
  ['W1129 03:40:52.1 1 warnings.go:70] old\napiVersion: v1\nkind: Pod\n', 'W1129 03:40:52.1 1 warnings.go:70] old'],
  ['# c\nError: INSTALLATION FAILED: x: y\n', 'Error: INSTALLATION FAILED: x: y'],
])('a message of a program: %j', (text, line) => {
  expect(problems(`${text}---\na: 1\n`)).toEqual([`${text.startsWith('#') ? 2 : 1}:1: ${words(line)}`]);
});

async function manifests(text: string): Promise<readonly string[]> {
  const read = await loadManifests(['-'], {
    kinds: kindTable(),
    namespace: 'default',
    stdin: (async function* () {
      yield Buffer.from(text);
    })(),
  });
  return [
    ...read.manifests.map(
      (manifest) => `${manifest.request.type.kind} ${manifest.request.name} at ${manifest.placeOf('/kind').line}`,
    ),
    ...read.errors.map(({ line, message }) => `${line}: ${message}`),
  ];
}

const pod = (name: string): string =>
  `---\n# Source: web/x.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
const DRY_RUN =
  'NAME: web\nLAST DEPLOYED: Sun Nov 29 03:40:52 2026\nNAMESPACE: default\nSTATUS: pending-install\nREVISION: 1\n';
const NOTES = 'NOTES:\n1. Get the URL: run\n  export A=$(kubectl get x: y)\n{{ not a template }}\n';

describe('manifests in what helm and kubectl print', () => {
  test.each([
    ['helm install --dry-run', `${DRY_RUN}HOOKS:\nMANIFEST:\n${pod('a')}\n${NOTES}`, ['Pod a at 11']],
    [
      'with hooks',
      `${DRY_RUN}HOOKS:\n${pod('h')}MANIFEST:\n${pod('a')}${pod('b')}`,
      ['Pod h at 10', 'Pod a at 16', 'Pod b at 21'],
    ],
    [
      'with hooks and notes',
      `${DRY_RUN}TEST SUITE: None\nHOOKS:\n${pod('h')}MANIFEST:\n${pod('a')}\n${NOTES}`,
      ['Pod h at 11', 'Pod a at 17'],
    ],
    [
      'helm get all',
      `${DRY_RUN}USER-SUPPLIED VALUES:\na: 1\n\nCOMPUTED VALUES:\nb: {c: d}\n\nHOOKS:\nMANIFEST:\n${pod('a')}`,
      ['Pod a at 17'],
    ],
    [
      'with a warning above',
      `WARNING: Kubernetes configuration file is insecure. Location: x\n${DRY_RUN}HOOKS:\nMANIFEST:\n${pod('a')}`,
      ['Pod a at 12'],
    ],
    ['with Windows line ends', `${DRY_RUN}HOOKS:\nMANIFEST:\n${pod('a')}`.replaceAll('\n', '\r\n'), ['Pod a at 11']],
    [
      'an object that has such keys',
      `HOOKS:\nMANIFEST:\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n`,
      ['Pod a at 4'],
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await manifests(text)).toEqual(expected);
  });

  const REPORT = 'NAME: x\nLAST DEPLOYED: y\n';
  const NO_OBJECT = '1: not a Kubernetes object: apiVersion and kind are missing';

  test.each([
    [
      'a quoted text that looks like the beginning of one',
      `${pod('a')}x: {y: "\n${REPORT}"}\n${pod('b')}x: {y: "\nMANIFEST:\n# "}\n${pod('c')}`,
      ['Pod a at 4', 'Pod b at 13', 'Pod c at 21'],
    ],
    [
      'keys of an object that look like one',
      `${REPORT}apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nMANIFEST:\n${pod('b')}`,
      ['Pod a at 4', 'Pod b at 10'],
    ],
    [
      'a manifest below what looks like notes',
      `${REPORT}MANIFEST:\n${pod('a')}NOTES:\n${pod('b')}`,
      ['Pod a at 7', 'Pod b at 13', NO_OBJECT],
    ],
    [
      'a quoted text that looks like notes',
      `${REPORT}MANIFEST:\n${pod('a')}x: {y: "\nNOTES:\n"}\n${pod('b')}`,
      ['Pod a at 7', 'Pod b at 15', NO_OBJECT],
    ],
    [
      'a key of a manifest that looks like notes',
      `${REPORT}MANIFEST:\n${pod('a')}NOTES: x\nspec: {containers: []}\n`,
      ['Pod a at 7', NO_OBJECT],
    ],
    [
      'a headline with more than a headline',
      `${REPORT}MANIFEST:\n${pod('a')}spec:\n  a: 1\nMANIFEST:\n  a: 2\n`,
      ['Pod a at 7', NO_OBJECT],
    ],
    [
      'a list without apiVersion',
      `${REPORT}kind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\nMANIFEST:\n${pod('b')}`,
      ['Pod a at 5', 'Pod b at 10'],
    ],
  ])('what kubectl reads is never left out: %s', async (_name, text, expected) => {
    expect(await manifests(text)).toEqual(expected);
  });

  test('the values of a chart are no manifest, even if they name a kind', async () => {
    const values = 'USER-SUPPLIED VALUES:\nkind: DaemonSet\nimage: x\n\n';
    expect(await manifests(`${DRY_RUN}${values}HOOKS:\nMANIFEST:\n${pod('a')}\nNOTES:\n`)).toEqual(['Pod a at 15']);
  });

  test.each([
    ['Pulled: ghcr.io/x/web:1.0\nDigest: sha256:ab\n', 'Pulled: ghcr.io/x/web:1.0'],
    ['Warning: x is old\n', 'Warning: x is old'],
    ['Error: release not found\n', 'Error: release not found'],
    ['Error from server (NotFound)\n', 'Error from server (NotFound)'],
    ['I1129 03:40:52.1 1 x.go:70] old\n', 'I1129 03:40:52.1 1 x.go:70] old'],
  ])('a document of messages: %j', async (text, line) => {
    expect(await manifests(`${text}${pod('a')}`)).toEqual([
      'Pod a at 6'.replace('6', String(text.split('\n').length + 3)),
      `1: ${words(line)}`,
    ]);
  });
});
