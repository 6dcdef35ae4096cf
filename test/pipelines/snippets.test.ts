/** docs/ci.md and action.yml: the snippets are valid for their systems, and their commands run. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { actionlintMissing, pathOf } from '../chart/assets.ts';
import { pipelineFile, preCommitFile } from '../../src/cli/init/pipeline-files.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';
import { programOf, pythonToolsMissing } from './python-tools.ts';

inOwnFolders('snippets');

const ROOT = path.resolve(import.meta.dirname, '../..');
const DOCS = readFileSync(path.join(ROOT, 'docs/ci.md'), 'utf8');

/** By the file name in the comment of the first line. */
const SNIPPETS = new Map(
  [...DOCS.matchAll(/^```\w+\n(?:#|\/\/) (\S+)\n([^]*?)^```$/gm)].map(([, file = '', text = '']) => [file, text]),
);

function write(file: string, text: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const snippet = (file: string): string => write(file, SNIPPETS.get(file) ?? '');

function run(program: string, ...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "nginx:1.27"}]}\n';

describe('the commands in docs/ci.md', () => {
  const commands = [...DOCS.matchAll(/(?:^|\s|\/|')tidewaiter ((?:check|pin) deploy\/[^\n'"]*)/gm)].map(
    ([, text = '']) => text.trim(),
  );

  test('are those of all systems', () => expect(commands).toHaveLength(6));

  test.each(commands)('tidewaiter %s', async (text) => {
    write('deploy/web.yaml', POD);
    // No test queries registries on the internet.
    write('tidewaiter.yaml', 'registryAccess: listed\n');
    const { code, note } = await runCommand(text.split(' '));
    expect(note).not.toMatch(/^error: /m);
    expect(code).toBe(text.startsWith('pin') ? 2 : 0);
  });
});

test('make runs the commands of the Makefile', () => {
  snippet('Makefile');
  const { status, output } = run('make', '--dry-run', 'check-images', 'pin-images');
  expect({ status, output }).toEqual({
    status: 0,
    output: 'tidewaiter check deploy/\ntidewaiter pin deploy/ --write\n',
  });
});

test('the Task for Tekton is a manifest whose image is evaluated', async () => {
  const { out } = await runCommand(['check', snippet('tekton-task.yaml'), '-o', 'json']);
  const { images, errors } = JSON.parse(out) as { images: readonly { image: string }[]; errors: readonly unknown[] };
  expect(images.map(({ image }) => image)).toEqual(['registry.example.com/tidewaiter:0.1.0']);
  expect(errors).toEqual([]);
});

describeWith(pythonToolsMissing, 'the schemas of other systems', () => {
  test.each([
    ['github-workflows', '.github/workflows/tidewaiter.yaml'],
    ['gitlab-ci', '.gitlab-ci.yml'],
    ['azure-pipelines', 'azure-pipelines.yml'],
  ])('%s allows %s, and no misspelled key', (schema, file) => {
    const validate = (): number | null =>
      run(programOf('check-jsonschema'), '--builtin-schema', `vendor.${schema}`, file).status;
    const text = SNIPPETS.get(file) ?? '';
    snippet(file);
    expect(validate()).toBe(0);
    write(file, text.replace(/\bsteps:|\breports:/, 'stepz:'));
    expect(validate()).toBe(1);
  });

  test.each([
    ['github-workflows', pipelineFile('github')],
    ['gitlab-ci', pipelineFile('gitlab')],
  ])('%s allows what init writes, and no misspelled key', (schema, { path: file, text }) => {
    const validate = (): number | null =>
      run(programOf('check-jsonschema'), '--builtin-schema', `vendor.${schema}`, file).status;
    write(file, text);
    expect(validate()).toBe(0);
    write(file, text.replace(/\bsteps:|\breports:/, 'stepz:'));
    expect(validate()).toBe(1);
  });

  test('github-actions allows action.yml', () => {
    const action = path.join(ROOT, 'action.yml');
    expect(run(programOf('check-jsonschema'), '--builtin-schema', 'vendor.github-actions', action).status).toBe(0);
  });

  test('pre-commit allows its files', () => {
    const preCommit = programOf('pre-commit');
    const file = '.pre-commit-config.yaml';
    write(file, (SNIPPETS.get(file) ?? '').replace('COMMIT', 'a'.repeat(40)));
    expect(run(preCommit, 'validate-config', file)).toEqual({ status: 0, output: '' });
    write(file, preCommitFile().text);
    expect(run(preCommit, 'validate-config', file)).toEqual({ status: 0, output: '' });
    const manifest = path.join(ROOT, '.pre-commit-hooks.yaml');
    expect(run(preCommit, 'validate-manifest', manifest)).toEqual({ status: 0, output: '' });
  });
});

describeWith(actionlintMissing, 'actionlint', () => {
  test('accepts the workflow with action.yml, and knows the inputs', () => {
    const workflow = '.github/workflows/tidewaiter.yaml';
    const text = (SNIPPETS.get(workflow) ?? '').replace('OWNER/tidewaiter@COMMIT', './');
    cpSync(path.join(ROOT, 'action.yml'), 'action.yml');
    run('git', 'init', '--quiet');
    const lint = (): { status: number | null; output: string } => run(pathOf('actionlint'), '-no-color', workflow);
    write(workflow, text);
    expect(lint()).toEqual({ status: 0, output: '' });
    write(workflow, text.replace('policy: policies/', 'polizy: policies/'));
    expect(lint().output).toContain('input "polizy" is not defined in action "tidewaiter"');
  });
});

describeWith(actionlintMissing, 'actionlint of the workflow that init writes', () => {
  test('accepts it, and no misspelled key', () => {
    const { path: workflow, text } = pipelineFile('github');
    run('git', 'init', '--quiet');
    const lint = (): { status: number | null; output: string } => run(pathOf('actionlint'), '-no-color', workflow);
    write(workflow, text);
    expect(lint()).toEqual({ status: 0, output: '' });
    write(workflow, text.replace('runs-on:', 'runz-on:'));
    expect(lint().output).toContain('unexpected key "runz-on"');
  });
});

describe('actions', () => {
  const files = ['action.yml', 'docs/ci.md', 'docs/renovate.md', 'README.md'];
  const text = [...files.map((file) => readFileSync(path.join(ROOT, file), 'utf8')), pipelineFile('github').text];
  const used = text.flatMap((one) => [...one.matchAll(/uses: (\S+)@(\S+)(.*)$/gm)].map(([, ...parts]) => parts));
  const others = used.filter(([name]) => name !== 'OWNER/tidewaiter');

  test.each(others)('%s is pinned to a commit, with its version as a comment', (_name, commit, comment) => {
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
  });

  test('have the same commit everywhere', () => {
    expect(others.length).toBeGreaterThanOrEqual(4);
    const commits = Map.groupBy(others, ([name]) => name);
    for (const same of commits.values()) expect(new Set(same.map((parts) => parts.join(' '))).size).toBe(1);
  });
});
