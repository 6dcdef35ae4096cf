/** The command as a plugin of kubectl, by the links that npm makes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invocationOf, withName } from '../../src/cli/invocation.ts';
import { run } from '../../src/cli/program.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { bin } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };

describe('the name of the command line', () => {
  test.each([
    ['/usr/bin/tidewaiter', ['check', 'a'], 'tidewaiter', ['check', 'a']],
    ['/opt/dist/main.js', ['check'], 'tidewaiter', ['check']],
    ['/usr/bin/kubectl-tidewaiter', ['check'], 'kubectl tidewaiter', ['check']],
    ['/opt/kubectl-tidewaiter.js', [], 'kubectl tidewaiter', []],
    ['/usr/bin/kubectl_complete-tidewaiter', ['che'], 'kubectl tidewaiter', ['complete', '--', 'che']],
    ['/opt/kubectl-tidewaiter/main.js', ['check'], 'tidewaiter', ['check']],
  ])('%s %j', (program, words, name, expected) => {
    expect(invocationOf(['node', program, ...words])).toEqual({ name, words: expected });
  });

  test('is in command lines, and not in sentences or after npx', () => {
    const text =
      '  tidewaiter check\n  helm template . | tidewaiter check -\n  npx tidewaiter pin\nthat tidewaiter can query';
    expect(withName(text, 'kubectl tidewaiter')).toBe(
      '  kubectl tidewaiter check\n  helm template . | kubectl tidewaiter check -\n  npx tidewaiter pin\nthat tidewaiter can query',
    );
    expect(withName(text, 'tidewaiter')).toBe(text);
  });

  test('is in the usage, the examples, and the errors of every command', async () => {
    const outputOf = async (...words: readonly string[]): Promise<string> => {
      let output = '';
      const write = (text: string): void => void (output += text);
      const terminal = { out: write, note: write, isTerminal: false, colors: false, async *input() {} };
      await run(words, terminal, 'kubectl tidewaiter');
      return output;
    };
    for (const command of [
      'serve',
      'check',
      'test',
      'replay',
      'pin',
      'drift',
      'explain',
      'rules',
      'schema',
      'completion',
    ]) {
      const help = await outputOf(command, '--help');
      expect(help).toContain(`Usage: kubectl tidewaiter ${command} `);
      expect(help).not.toMatch(/^ +(?:.*\| )?tidewaiter /m);
    }
    expect(await outputOf('explain', 'image')).toContain('usage: kubectl tidewaiter explain image REF');
  });
});

describeWith(kubectlMissing(), 'kubectl tidewaiter', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-plugin-'));
    for (const [name, file] of Object.entries(bin)) symlinkSync(path.join(ROOT, file), path.join(folder, name));
    symlinkSync(process.execPath, path.join(folder, 'node'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function kubectl(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
    return spawnSync('kubectl', args, { encoding: 'utf8', input, env, cwd: folder });
  }

  test('is in the list of plugins', () => {
    expect(kubectl(['plugin', 'list']).stdout).toContain(path.join(folder, 'kubectl-tidewaiter'));
  });

  test('runs a command, with its exit code', () => {
    const pod = '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}';
    expect(kubectl(['tidewaiter', 'check', '-n', 'shop', '-'], pod)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('Pod shop/a > a'),
    });
    expect(kubectl(['tidewaiter', 'check', '--help']).stdout).toContain('Usage: kubectl tidewaiter check ');
  });

  test.each([
    [['explain', 'cred'], 'credentials\tList the credentials', ':4'],
    [['check', '-o', ''], 'pretty', ':4'],
    [['check', '--fail-on', 'no'], 'nothing', ':4'],
    [['check', ''], '', ':0'],
  ])('completes %j', (words, value, directive) => {
    const { status, stdout } = kubectl(['__complete', 'tidewaiter', ...words]);
    expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({ status: 0, last: directive });
    expect(stdout.startsWith(value)).toBe(true);
  });
});
