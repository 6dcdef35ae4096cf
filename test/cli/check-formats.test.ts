/** `check -o` for other programs, through the whole command. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('formats');

const HOSTILE = `apiVersion: v1
kind: Pod
metadata: {name: "a]]>b\\n::error::c%0A", namespace: shop}
spec:
  containers:
    - name: "web\\e[2J"
      image: "nginx]]>\\n::error::[x](http://evil.io)"
---
apiVersion: v1
kind: Pod
metadata: {name: "SARIF_BUILDER_INVALID"}
spec: {containers: [{name: web, image: "ci:s3cret@registry.example.com/web"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: broken}
spec: {containers: 7}
`;

const check = (output: string, ...argv: readonly string[]): ReturnType<typeof runCommand> =>
  runCommand(['check', '-', '-o', output, ...argv], HOSTILE);

describe('check', () => {
  test.each(['pretty', 'json', 'sarif', 'junit', 'markdown', 'gitlab', 'github', 'html'])(
    '-o %s has the same exit code, nothing on stderr, and no password',
    async (output) => {
      const { code, out, note } = await check(output);
      expect({ code, note }).toEqual({ code: 2, note: '' });
      expect(out).toContain('registry.example.com');
      expect(out).not.toContain('s3cret');
      expect(out).not.toContain('\u001B');
    },
  );

  test('-o github begins a line with "::" only where it means it', async () => {
    const { out } = await check('github');
    expect(out.split('\n').map((line) => /^::\w+ title=[^:]*::|^3|^1|^$/.test(line))).not.toContain(false);
    expect(out).toContain(
      '::error title=image-reference::Pod "shop/a]]>b\\u000a::error::c%250A" > "web\\u001b[2J": image "nginx]]>\\u000a::error::[x](http://evil.io)" is not a valid reference',
    );
    expect(out).toMatch(/^::error title=not evaluated::\/spec\/containers: expected a list, found a number$/m);
    expect(out).toMatch(/\n1 file, 2 workloads, 2 images: 2 denied, 0 warned, 0 unknown, 1 error \(policy: built-in\)/);
  });

  test('-o sarif reports an input that cannot be evaluated', async () => {
    const { out } = await check('sarif');
    expect(JSON.parse(out)).toMatchObject({
      runs: [
        {
          invocations: [{ executionSuccessful: false }],
          results: expect.arrayContaining([
            expect.objectContaining({ ruleId: 'image-reference', level: 'error', kind: 'fail' }),
          ]) as unknown,
          artifacts: [{ location: { uri: 'stdin', description: { text: 'standard input' } } }],
        },
      ],
    });
  });

  test('-o junit follows --fail-on', async () => {
    const warned =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "nginx:1"}]}\n';
    const junit = async (...argv: readonly string[]): Promise<readonly [number, boolean]> => {
      const { code, out } = await runCommand(['check', '-', '-o', 'junit', ...argv], warned);
      return [code, out.includes('<failure')];
    };
    expect(await junit()).toEqual([0, false]);
    expect(await junit('--fail-on', 'warn')).toEqual([1, true]);
  });
});

describe('check --report', () => {
  test('writes reports of the same run to files', async () => {
    const { code, out } = await check('github', '--report', 'gitlab=a=b.json', '--report=pretty=c.txt');
    expect({ code, out }).toEqual({ code: 2, out: (await check('github')).out });
    expect(readFileSync('a=b.json', 'utf8')).toBe((await check('gitlab')).out);
    expect(readFileSync('c.txt', 'utf8')).toBe((await check('pretty')).out);
  });

  test.each(['xml=a', 'sarif', 'sarif=', '=a'])('rejects %s', async (value) => {
    const { code, note } = await check('json', '--report', value);
    expect(code).toBe(2);
    expect(note).toContain('(expected FORMAT=FILE with the format "pretty", "json", ');
  });

  test.each([
    ['a manifest', 'apiVersion: v1\nkind: Pod\n'],
    ['a policy in a later document', 'a: 1\n---\n{"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "ImagePolicy"}\n'],
  ])('never replaces %s', async (_what, text) => {
    writeFileSync('mine.yaml', text);
    const { code, note, out } = await check('json', '--report', 'sarif=mine.yaml');
    expect({ code, note, out }).toEqual({
      code: 2,
      note: 'cannot write report "mine.yaml": the file contains a Kubernetes object; choose another file (set by --report)\n',
      out: '',
    });
    expect(readFileSync('mine.yaml', 'utf8')).toBe(text);
  });

  test.each(['pretty', 'json', 'sarif', 'junit', 'gitlab', 'github', 'markdown', 'html'])(
    'replaces the report of an earlier run: %s',
    async (format) => {
      await check('json', '--report', `${format}=earlier`);
      const first = readFileSync('earlier', 'utf8');
      const { note } = await check('json', '--report', `${format}=earlier`);
      expect(note).not.toContain('cannot write');
      expect(readFileSync('earlier', 'utf8').length).toBe(first.length);
    },
  );

  test('says which file cannot be written', async () => {
    const { code, note } = await check('json', '--report', 'sarif=nowhere/a.sarif');
    expect(code).toBe(2);
    expect(note).toContain('cannot write report "nowhere/a.sarif": no such file or directory (set by --report)');
  });
});

test('the source lines of several findings of one place have the color of the strictest, and places of errors are dim', async () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n---\na: [\n';
  const { out } = await runCommand(['check', '-', '--source-lines', '1'], pod, { colors: true });
  expect(out).toMatch(/\u001B\[31m +\^{5}\u001B\[39m/);
  expect(out).not.toMatch(/\u001B\[33m +\^/);
  expect(out).toMatch(/\u001B\[2m *6:\d+\u001B\[22m  \u001B\[31merror/);
});
