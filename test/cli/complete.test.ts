/** Shell completion: the answers that shells ask for, and a real bash that asks. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, describe, test, vi } from 'vitest';
import { SCHEMA_NAMES } from '../../src/cli/schema.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';

interface Answer {
  readonly values: readonly string[];
  readonly files: boolean;
}

async function answerTo(...words: readonly string[]): Promise<Answer> {
  const { code, out, note } = await runCommand(['complete', '--', ...words]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  const lines = out.trimEnd().split('\n');
  const directive = lines.pop();
  expect([':0', ':4']).toContain(directive);
  for (const line of lines) expect(line).toMatch(/^[^\t]+\t[^\t]*$/);
  return { values: lines.map((line) => line.split('\t')[0] ?? ''), files: directive === ':0' };
}

const RULE_NAMES = RULES.map(({ name }) => name);
const FORMATS = ['pretty', 'json', 'sarif', 'junit', 'markdown', 'gitlab', 'github', 'html'];

describe('the answer to a shell', () => {
  test.each<readonly [words: readonly string[], values: readonly string[], files: boolean]>([
    [['che'], ['check'], false],
    [['nonsense'], [], false],
    [['help', 'rep'], ['replay'], false],
    [['check', '-o', ''], FORMATS, false],
    [['check', '--output', 's'], ['sarif'], false],
    [['check', '--output=j'], ['json', 'junit'], false],
    [['check', '--fail-on', ''], ['deny', 'warn', 'unknown', 'nothing', 'never'], false],
    [['check', '--fail'], ['--fail-on'], false],
    [['check', '-o', 'json', '--off'], ['--offline'], false],
    [['check', '--only', ''], RULE_NAMES, false],
    [['replay', '--only=image-d'], ['image-digest'], false],
    [['check', '--except', 'image-d'], ['image-digest'], false],
    [['check', '--namespace', ''], [], false],
    [['explain', 'pod', ''], [], true],
    [['serve', '--cluster', ''], ['auto', 'on', 'off'], false],
    [['serve', '--cluster=o'], ['on', 'off'], false],
    [['check', '--cluster', ''], [], true],
    [['check', '-nshop', '-o', 's'], ['sarif'], false],
    [['check', '-osarif', ''], [], true],
    [['check', '-n', 'check', '-o', 'p'], ['pretty'], false],
    [['check', ''], [], true],
    [['check', 'a.yaml', 'b'], [], true],
    [['check', '-p', ''], [], true],
    [['check', '--policy='], [], true],
    [['check', '--offline', ''], [], true],
    [['check', '--', '-o'], [], true],
    [['suggest', '-o', ''], ['pretty', 'yaml', 'json'], false],
    [['suggest', '--from', ''], [], true],
    [['suggest', '--since', ''], [], false],
    [['shrink', '--out', ''], [], true],
    [['replay', '-o', ''], ['pretty', 'json', 'junit', 'markdown', 'html'], false],
    [['explain', 'rule', ''], RULE_NAMES, false],
    [['explain', 'rule', 'image-d'], ['image-digest'], false],
    [['explain', 'rule', '-o', ''], ['text', 'json'], false],
    [['explain', 'rule', 'image-tag', ''], [], false],
    [['explain', 'image', ''], [], false],
    [['schema', ''], SCHEMA_NAMES, false],
    [['completion', ''], ['bash', 'zsh', 'fish', 'powershell'], false],
    [['serve', '--cert', ''], [], true],
    [['--ver'], ['--version'], false],
    [['check', '__proto__', '--constructor', '$(touch x)', ''], [], true],
  ])('of %j is %j, files: %j', async (words, values, files) => {
    expect(await answerTo(...words)).toEqual({ values, files });
  });

  test('of a first word is every command that people use, with what it does', async () => {
    const { out } = await runCommand(['complete', '--', '']);
    expect(out).toContain('check\tCheck manifests against policies\n');
    const { values } = await answerTo('');
    expect(values).toEqual(
      expect.arrayContaining(['serve', 'check', 'replay', 'explain', 'rules', 'schema', 'completion']),
    );
    expect(values).not.toContain('complete');
    expect((await runCommand(['--help'])).out).not.toMatch(/^ {2}complete /m);
  });

  test('of --context is every context of the kubeconfig', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-contexts-'));
    const file = path.join(folder, 'config');
    const contexts = ['shop', 'staging', 'a\tb'].map((name) => ({ name, context: { cluster: 'c', user: 'u' } }));
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', contexts }));
    vi.stubEnv('KUBECONFIG', file);
    try {
      expect(await answerTo('check', '--context', '')).toEqual({ values: ['shop', 'staging'], files: false });
      expect((await answerTo('explain', 'pod', '--context=st')).values).toEqual(['staging']);
      vi.stubEnv('KUBECONFIG', '/dev/null');
      const other = await answerTo('check', '--kubeconfig', file, '--context', '');
      expect(other.values).toEqual(['shop', 'staging']);
      writeFileSync(file, '{');
      vi.stubEnv('KUBECONFIG', file);
      expect((await answerTo('check', '--context', '')).values).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });

  test('has short options where one is begun', async () => {
    expect((await answerTo('check', '-')).values).toEqual(expect.arrayContaining(['-o', '--output', '-p', '--policy']));
    expect((await answerTo('check', '--')).values).not.toContain('-o');
  });
});

describe('completion', () => {
  test('wants to know the shell, and says which there are', async () => {
    expect(await runCommand(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      note: expect.stringContaining('SHELL: invalid value "tcsh" (expected "bash", "zsh", "fish", or "powershell")'),
    });
    expect((await runCommand(['completion', '--help'])).out).toContain('source <(tidewaiter completion bash)');
  });
});

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');
const noBash = spawnSync('bash', ['--version']).status === 0 ? undefined : 'there is no bash on this machine';

describeWith(noBash, 'completion in a real bash', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-completion-'));
    const program = path.join(folder, 'tidewaiter');
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(program, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** As readline would call it: the words as bash has split them, the last one under the cursor. */
  function candidates(words: readonly string[]): readonly string[] {
    const script = `set -u
source <(tidewaiter completion bash); source <(tidewaiter completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
complete -p tidewaiter >&2
_tidewaiter "$1" "\${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "\${COMPREPLY[@]+"\${COMPREPLY[@]}"}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'complete -o default -F _tidewaiter tidewaiter\n' });
    return stdout.split('\n').filter((line) => line !== '');
  }

  test.each([
    [['tidewaiter', 'che'], ['check']],
    [['tidewaiter', 'check', '-o', 's'], ['sarif']],
    [
      ['tidewaiter', 'check', '--output', '=', 'j'],
      ['json', 'junit'],
    ],
    [['tidewaiter', 'check', '--output', '='], FORMATS],
    [
      ['tidewaiter', 'check', '--output=j'],
      ['--output=json', '--output=junit'],
    ],
    [['tidewaiter', 'serve', '--listen', '127.0.0.1', ':', '8443', '--operations-p'], ['--operations-port']],
    [['tidewaiter', 'explain', 'rule', 'image-t'], ['image-tag']],
    [['tidewaiter', 'check', ''], []],
    [['./tidewaiter', 'che'], ['check']],
  ])('%j gives %j', (words, expected) => {
    expect(candidates(words)).toEqual(expected);
  });

  test('runs nothing of what was typed', () => {
    expect(candidates(['tidewaiter', 'check', '$(touch ran)', '`touch ran`', '-o', 'p'])).toEqual(['pretty']);
    expect(spawnSync('ls', { cwd: folder, encoding: 'utf8' }).stdout).toBe('tidewaiter\n');
  });

  test.each(['zsh', 'fish', 'powershell'])('the script for %s asks the same program', (shell) => {
    const { stdout, status } = spawnSync(process.execPath, [MAIN, 'completion', shell], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/tidewaiter complete '?--/);
  });
});
