/** How the program is called in texts, and the command as a plugin of kubectl, by the links that npm makes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invocationOf } from '../../src/cli/invocation.ts';
import { run } from '../../src/cli/program.ts';
import { withName } from '../../src/report/command-lines.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { bin } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };

describe('the name of the command line', () => {
  test.each([
    ['/usr/bin/tidewaiter', ['check', 'a'], {}, 'tidewaiter', ['check', 'a']],
    ['/opt/dist/main.js', ['check'], {}, 'tidewaiter', ['check']],
    ['/shop/node_modules/.bin/tidewaiter', ['check'], { npm_command: 'exec' }, 'npx tidewaiter', ['check']],
    ['/clone/dist/main.js', ['serve'], { npm_command: 'start' }, 'npx tidewaiter', ['serve']],
    ['/usr/bin/kubectl-tidewaiter', ['check'], {}, 'kubectl tidewaiter', ['check']],
    ['/usr/bin/kubectl-tidewaiter', ['check'], { npm_command: 'run-script' }, 'kubectl tidewaiter', ['check']],
    ['/opt/kubectl-tidewaiter.js', [], {}, 'kubectl tidewaiter', []],
    ['/usr/bin/kubectl_complete-tidewaiter', ['che'], {}, 'kubectl tidewaiter', ['complete', '--', 'che']],
    ['/opt/kubectl-tidewaiter/main.js', ['check'], {}, 'tidewaiter', ['check']],
  ])('%s %j with %j', (program, words, env, name, expected) => {
    expect(invocationOf(['node', program, ...words], env)).toEqual({ name, words: expected });
  });

  test.each([
    ['  tidewaiter check', '  NAME check'],
    ['helm template . | tidewaiter check -', 'helm template . | NAME check -'],
    ['(tidewaiter pin FILE --write adds the digest)', '(NAME pin FILE --write adds the digest)'],
    ['next: tidewaiter check -p policies/ && tidewaiter test', 'next: NAME check -p policies/ && NAME test'],
    ['remove the webhooks: tidewaiter uninstall -n shop', 'remove the webhooks: NAME uninstall -n shop'],
    ['that tidewaiter can query', 'that tidewaiter can query'],
    ['tidewaiter tests policies', 'tidewaiter tests policies'],
    ['registry.example.com/tidewaiter check', 'registry.example.com/tidewaiter check'],
    ['npx tidewaiter pin', 'npx tidewaiter pin'],
    ['kubectl tidewaiter pin', 'kubectl tidewaiter pin'],
  ])('is in command lines, and not in sentences: %s', (text, expected) => {
    for (const name of ['kubectl tidewaiter', 'npx tidewaiter', 'tidewaiter'])
      expect(withName(text, name)).toBe(expected.replaceAll('NAME', name));
  });

  async function outputOf(words: readonly string[], name: string | undefined): Promise<string> {
    let output = '';
    const write = (text: string): void => void (output += text);
    const terminal = { out: write, note: write, isTerminal: true, colors: false, columns: 300, input };
    await run(words, terminal, name);
    return output;
  }

  async function* input(): AsyncGenerator<string> {
    yield 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: nginx\n    - {name: b, image: "tidewaiter check"}\n';
  }

  test('is in the usage and the examples of every command', async () => {
    const help = await outputOf(['--help'], 'kubectl tidewaiter');
    const commands = [...help.matchAll(/^ {2}([a-z]+) .* {2}[A-Z]/gm)].flatMap(([, command = '']) => command);
    expect(commands).toEqual(expect.arrayContaining(['serve', 'check', 'uninstall', 'completion']));
    for (const command of commands.filter((one) => one !== 'help')) {
      const text = await outputOf([command, '--help'], 'kubectl tidewaiter');
      expect(text).toContain(`Usage: kubectl tidewaiter ${command} `);
      expect(text).not.toMatch(/^ +(?:.*\| )?tidewaiter /m);
      expect(withName(`run tidewaiter ${command}`, 'x')).toBe(`run x ${command}`);
    }
  });

  test.each([
    [['check', '-'], 'pin the image; NAME pin FILE --write adds the digest'],
    [['check', '-'], 'for image-tag, see NAME explain rule image-tag'],
    [['check', '-'], 'to write a policy for these manifests, run NAME init'],
    [['check', '-', '--source-lines', '1'], '- {name: b, image: "tidewaiter check"}'],
    [['check', '-', '-o', 'json'], 'pin the image; tidewaiter pin FILE --write adds the digest'],
    [['check', '-', '-o', 'markdown'], 'tidewaiter pin FILE --write'],
    [['rules'], 'For details, run NAME explain rule NAME'],
    [['explain', 'rule', 'x'], 'unknown rule "x" (all rules: NAME rules)'],
    [['explain', 'image'], 'usage: NAME explain image REF'],
    [['doctor', '-p', 'absent.yaml'], 'NAME schema policy prints the allowed keys'],
  ])('is in the output of %j', async (words, expected) => {
    for (const name of ['kubectl tidewaiter', 'npx tidewaiter', 'tidewaiter']) {
      const shown = name === 'tidewaiter' ? undefined : name;
      expect(await outputOf(words, shown)).toContain(expected.replace('NAME', name));
    }
  });
});

describeWith(kubectlMissing, 'kubectl tidewaiter', () => {
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
