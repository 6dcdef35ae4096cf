/** action.yml: its script, run as GitHub runs it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('action');

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Step {
  readonly id?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

const ACTION = load(readFileSync(path.join(ROOT, 'action.yml'), 'utf8')) as Action;
const STEP = ACTION.runs.steps.find(({ id }) => id === 'check') ?? {};

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "${image}"}]}\n`;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: string;
  readonly summary: string;
}

function runStep(inputs: Readonly<Record<string, string>>): Outcome {
  writeFileSync('output', '');
  writeFileSync('summary', '');
  const given = Object.entries(STEP.env ?? {}).map(([name, value]) => {
    const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value) ?? [];
    return [name, inputs[input] ?? ACTION.inputs[input]?.default ?? ''];
  });
  const env = {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    GITHUB_ACTION_PATH: ROOT,
    GITHUB_OUTPUT: path.resolve('output'),
    GITHUB_STEP_SUMMARY: path.resolve('summary'),
    ...Object.fromEntries(given),
  };
  const bash = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', STEP.run ?? 'exit 99'];
  const { status, stdout, stderr } = spawnSync('bash', bash, { encoding: 'utf8', env });
  return { status, stdout, stderr, output: readFileSync('output', 'utf8'), summary: readFileSync('summary', 'utf8') };
}

describe('action.yml', () => {
  test('has inputs and contexts in no script', () => {
    const scripts = ACTION.runs.steps.flatMap(({ run }) => run ?? []);
    expect(scripts).toHaveLength(2);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  test('passes every input on', () => {
    const used = Object.values(STEP.env ?? {});
    expect(used).toEqual(Object.keys(ACTION.inputs).map((name) => `\${{ inputs.${name} }}`));
  });

  test('writes annotations, the exit code, a summary, and SARIF', () => {
    mkdirSync('deploy dir');
    writeFileSync('deploy dir/web.yaml', pod('nginx'));
    const { status, stdout, output, summary } = runStep({ paths: 'deploy dir\n', 'sarif-file': 'a b.sarif' });
    expect({ status, output }).toEqual({ status: 1, output: 'exit-code=1\n' });
    expect(stdout).toContain('::error file=deploy dir/web.yaml,line=4,col=40,title=image-tag::Pod default/web');
    expect(summary).toContain('| deny | deploy dir/web.yaml:4 | Pod default/web &#62; web | image-tag |');
    expect(JSON.parse(readFileSync('a b.sarif', 'utf8'))).toMatchObject({ version: '2.1.0' });
  });

  test.each<readonly [inputs: Readonly<Record<string, string>>, status: number]>([
    [{}, 0],
    [{ 'fail-on': 'warn,unknown' }, 1],
    [{ offline: 'true', config: 'settings.yaml' }, 0],
    [{ policy: path.join(ROOT, 'manifests/policies/baseline.yaml') }, 0],
    [{ policy: 'nowhere.yaml' }, 2],
    [{ config: 'nowhere.yaml' }, 2],
    [{ paths: 'nowhere.yaml' }, 2],
  ])('with %j exits with %i', (inputs, status) => {
    writeFileSync('web.yaml', pod('nginx:1.27'));
    writeFileSync('settings.yaml', 'registryAccess: listed\n');
    const outcome = runStep({ paths: 'web.yaml', ...inputs });
    expect(outcome.status, outcome.stderr).toBe(status);
    expect(outcome.output).toBe(`exit-code=${status}\n`);
  });

  test.each([
    '$(touch hacked)',
    '`touch hacked`',
    '"; touch hacked; "',
    "'; touch hacked #",
    '--write-baseline=hacked',
  ])('takes %s as a value', (value) => {
    for (const name of Object.keys(ACTION.inputs)) expect(runStep({ [name]: value }).status).toBeGreaterThanOrEqual(0);
    expect(existsSync('hacked')).toBe(false);
  });
});
