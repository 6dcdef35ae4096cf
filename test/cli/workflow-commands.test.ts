/**
 * GitHub Actions and Azure Pipelines run commands in what a program prints: `::…::` at the start of a line, `##[…]`, and `##vso[…]`.
 * No text of a file becomes one, in any command for people. JSON and other data stay as they are.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { wrap, wrapPaths } from '../../src/report/wrap.ts';

inOwnFolders('workflow-commands');

const EVIL = ['::error::a', '##[error]b', '##vso[task.prependpath]c'];
const COMMAND = /(?:^|\r)\s*::|##(?:vso)?\[/;
/** As a quoted string; it has line breaks. */
const TEXT = JSON.stringify(`x\n${EVIL.join('\n')}\n x`);
const DIGEST = `sha256:${'a'.repeat(64)}`;

const pod = (image: string, more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${TEXT}, annotations: {a: ${TEXT}}}\nspec:\n  containers:\n    - name: ${TEXT}\n      image: ${image}\n${more}`;

const FILES: Readonly<Record<string, string>> = {
  'deploy/pod.yaml': pod(TEXT),
  'deploy/kind.yaml': `apiVersion: example.com/v1\nkind: ${TEXT}\nmetadata: {name: a}\nspec: {image: nginx, containers: [{image: nginx}]}\n`,
  'deploy/broken.yaml': `${pod('nginx')}      env: [{name: ::error::x, value: "a\n::error::b\n##[error]`,
  'deploy/repeated.yaml': `${pod('nginx')}x: 1\n${TEXT}: 1\n${TEXT}: 2\n`,
  'deploy/wrong.yaml': `${pod(`[${TEXT}]`)}\n      ports: [{containerPort: ${TEXT}, name: ${TEXT}}]\n`,
  'deploy/compose.yaml': `services:\n  ${TEXT}: {image: ${TEXT}, ports: ["80:80", "80:81"]}\n`,
  'deploy/Dockerfile': 'FROM ::error::a AS ##[error]b\nFROM ##vso[task.prependpath]c\n',
  'deploy/kustomization.yaml': `resources: [${TEXT}]\nimages: [{name: ${TEXT}, newTag: ${TEXT}}]\n`,
  'crd.yaml': `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec:\n  group: ${TEXT}\n  names: {kind: ${TEXT}}\n  versions: [{name: v1, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {image: {type: string}, open: {type: object, x-kubernetes-preserve-unknown-fields: true}, ${TEXT}: {type: object, properties: {image: {type: string}}}}}}}}}]\n`,
  'recording.json': JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'x\n::error::',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      name: `x\n${EVIL.join('\n')}`,
      namespace: `n\n${EVIL.join('\n')}`,
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `x\n${EVIL.join('\n')}` },
        spec: { containers: [{ name: EVIL.join('\n'), image: EVIL.join('\n') }] },
      },
    },
  }),
  'suite/suite.yaml': `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: a}\nspec:\n  policies: [policy.yaml]\n  cases: [{name: ${TEXT}, resources: [pod.yaml], expect: pass}]\n`,
  'suite/policy.yaml': `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-tag, parameters: {required: true}, message: ${TEXT}}]}\n`,
  'suite/pod.yaml': pod('nginx'),
  'bad/policy.yaml': `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${TEXT}}\nspec: {rules: [{rule: ${TEXT}, ${TEXT}: 1}], ${TEXT}: 2}\n`,
  'tidewaiter.yaml': '{}\n',
  'wrong.yaml': `${TEXT}: 1\nkinds: [{group: ${TEXT}}]\n`,
};

const PRINTERS: readonly (readonly string[])[] = [
  ['check', 'deploy'],
  ['check', 'deploy', '--source-lines', '20'],
  ...['workload', 'rule', 'namespace', 'image'].map((by) => ['check', 'deploy', '--group-by', by]),
  ['check', 'deploy', '-o', 'markdown'],
  ['check', 'deploy', '-p', 'suite/policy.yaml'],
  ['check', 'deploy', '--guess-kinds'],
  ['check', 'deploy', '--list-files'],
  ['check', 'deploy', '--strict'],
  ['check', 'deploy', '-p', 'bad'],
  ['check', 'deploy', '--config', 'wrong.yaml'],
  ['check', 'deploy', '--fix', '--offline'],
  ['pin', 'deploy', '--check'],
  ['explain', 'pod', 'deploy'],
  ['explain', 'image', EVIL.join('\n')],
  ['explain', 'credentials', EVIL.join('\n')],
  ['explain', 'rule', EVIL.join('\n')],
  ['kinds', '--from-crd', 'crd.yaml'],
  ['replay', 'recording.json'],
  ['test', 'suite'],
];

function plant(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(name, text);
  }
}

describe('what a file contains is no command in the output of', () => {
  test.each(PRINTERS.map((argv) => [argv.join(' ').replaceAll('\n', '|'), argv] as const))(
    '%s',
    async (_name, argv) => {
      plant(FILES);
      for (const colors of [false, true]) {
        const { out, note } = await runCommand(argv, '', { colors });
        expect(`${out}${note}`).not.toBe('');
        expect(`${out}\n${note}`.split('\n').filter((line) => COMMAND.test(line))).toEqual([]);
      }
    },
  );

  test('init --dry-run', async () => {
    plant({ 'd/pod.yaml': `${pod('nginx:1.27')}    - {name: ${TEXT}, image: ghcr.io/acme/web:1}\n` });
    const { out, note } = await runCommand(['init', 'd', '--dry-run']);
    expect(`${out}\n${note}`.split('\n').filter((line) => COMMAND.test(line))).toEqual([]);
  });
});

describe('a diff', () => {
  const LOCK = `version: 1\nimages:\n  docker.io/library/nginx:1.27:\n    digest: ${DIGEST}\n    mediaType: application/vnd.oci.image.index.v1+json\n    time: "2026-01-01T00:00:00Z"\n`;
  const lines = (...around: readonly string[]): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: nginx:1.27\n${around.join('\n')}\n`;

  test.each<readonly [what: string, text: string, line: number | undefined]>([
    ['nothing', lines('# a'), undefined],
    ['a command that is not at the start of its line', lines('    # ::error::'), undefined],
    ['a command above', `# ::error::x\n${lines()}`, undefined],
    ['an indented one', lines('      args:', '        - |', '          ::add-mask::x'), 10],
    ['one behind a carriage return', lines('      args: ["a\r::error::x"]'), 8],
    ['one of GitHub in a comment', lines('      # a ##[error]b'), 8],
    ['one of Azure in the line of the image', lines().replace('1.27', '1.27 # ##vso[task.prependpath]x'), 7],
  ])('with %s', async (_what, text, line) => {
    plant({ 'd/a.yaml': text, 'lock.yaml': LOCK });
    for (const argv of [
      ['pin', 'd', '--lock', 'lock.yaml'],
      ['check', 'd', '--fix', '--offline', '--only', 'image-digest', '--lock', 'lock.yaml'],
    ]) {
      const { code, out, note } = await runCommand(argv);
      const problem = `d/a.yaml:${line}:1  error  the diff is not printed: GitHub Actions or Azure Pipelines would run this line as a command; use --write, and look at the change with git diff\n`;
      expect({ isPrinted: out.includes('@@'), isExplained: note.includes(problem) }).toEqual({
        isPrinted: line === undefined,
        isExplained: line !== undefined,
      });
      if (line !== undefined) expect(code).toBe(2);
      const shown = await runCommand(argv, '', { colors: true });
      expect(shown.out).toContain('@@');
      for (const each of `${shown.out}${shown.note}`.split('\n')) expect(each).not.toMatch(COMMAND);
    }
    await runCommand(['pin', 'd', '--lock', 'lock.yaml', '--write']);
    expect(readFileSync('d/a.yaml', 'utf8')).toBe(text.replace('nginx:1.27', `nginx:1.27@${DIGEST}`));
  });

  test('of a file with a command in its name is taken by git', async () => {
    plant({ 'd/##[error]a.yaml': lines(), 'lock.yaml': LOCK });
    const { out } = await runCommand(['pin', 'd', '--lock', 'lock.yaml']);
    expect(out).not.toMatch(COMMAND);
    execFileSync('git', ['apply', '-'], { input: out });
    expect(readFileSync('d/##[error]a.yaml', 'utf8')).toContain(DIGEST);
  });
});

test.each([wrap, wrapPaths])('a broken line never begins with a command: %o', (broken) => {
  for (let width = 1; width < 40; width += 1)
    for (const line of broken('image "a ::error::b  ::x::" of https://x/::y/::z is wrong', width))
      expect(line).not.toMatch(/^\s*::/);
});
