/** Ignore files and the key `ignore` mean the same to all commands that look for manifests or test suites in directories. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { enterNewDirectory, plant } from '../support/planted.ts';

let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
});
afterEach(() => leave());

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: web, image: "nginx:1.27"}]}\n`;
const suite = (name: string, resource: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: ${name}}\nspec:\n  policies: [../policy]\n  cases: [{name: a, resources: [${resource}], expect: pass}]\n`;
const POLICY =
  'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-qualified, action: audit}]}\n';

const TREE = {
  'policy/p.yaml': POLICY,
  'deploy/kept.yaml': pod('kept'),
  'deploy/git.yaml': pod('git'),
  'deploy/.gitignore': 'git.yaml\n',
  'deploy/own.yaml': pod('own'),
  'deploy/.tidewaiterignore': 'own.yaml\n',
  'suites/.tidewaiterignore': 'own.yaml\n',
  'deploy/configured.yaml': pod('configured'),
  'tidewaiter.yaml': 'ignore: [configured.yaml]\n',
};
const SUITES = {
  ...TREE,
  'suites/kept.yaml': suite('kept', '../deploy'),
  'suites/own.yaml': suite('own', '../deploy'),
};

const COMMANDS: readonly (readonly [command: string, pattern: RegExp])[] = [
  ['check deploy -o json', /"name": "(\w+)",\n *"container"/g],
  ['pin deploy --check -o json', /"file": "deploy\/(\w+)\.yaml",\n *"format"/g],
  ['explain pod deploy', /Pod default\/(\w+)/g],
  ['test suites -o json', /"name": "(kept|own|configured|git)",\n *"container"/g],
];
const ALL = ['configured', 'git', 'kept', 'own'];

test.each(COMMANDS)('%s', async (command, pattern) => {
  plant(SUITES);
  const words = command.split(' ');
  const named = async (...more: readonly string[]): Promise<readonly string[]> => {
    const { out } = await runCommand([...words, ...more]);
    return [
      ...new Set([...out.matchAll(pattern)].flatMap(([, name = '']) => (ALL.includes(name) ? [name] : []))),
    ].sort();
  };
  expect(await named()).toEqual(['kept']);
  expect(await named('--no-ignore')).toEqual(ALL);
});

test('names the ignore files if they leave no suite', async () => {
  plant({ ...TREE, 'suites/own.yaml': suite('own', '../deploy') });
  const { code, out } = await runCommand(['test', 'suites']);
  expect(code).toBe(2);
  expect(out).toContain('(ignore files exclude 1 path; to read all, use --no-ignore)');
});
