/** The package as it is published, in an empty folder: a plugin compiles against it, what is wrong with it does not, and it runs. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const EXAMPLE = path.join(ROOT, 'manifests/examples/plugin');
const DOCUMENT = readFileSync(path.join(ROOT, 'docs/plugins.md'), 'utf8');
const run = promisify(execFile);

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The fenced blocks of docs/plugins.md in this language. */
function blocks(language: string): readonly string[] {
  return [...DOCUMENT.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, text]) =>
    name === language && text !== undefined ? [text] : [],
  );
}

const WHOLE = (change: string): string => `import { defineRule } from 'tidewaiter';
export default [
  defineRule({
    name: 'mine',
    description: 'For tests',
    parameters: {
      type: 'object',
      additionalProperties: false,
      properties: { most: { type: 'integer', default: 1 }, when: { enum: ['all', 'none'] } },
    },
    needs: ['namespaceLabels'],
    ${change}
  }),
];
`;

/** Each must have exactly this error. */
const WRONG: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a fact that is not in needs': [
    WHOLE('check: ({ facts }) => (facts.registryImages.size === 0 ? [] : []),'),
    /error TS2339: Property 'registryImages' does not exist on type 'Pick<Facts, "namespaceLabels">'/,
  ],
  'a fact that does not exist': [
    WHOLE('check: () => [],').replace("needs: ['namespaceLabels']", "needs: ['labels']"),
    /error TS2322: Type '"labels"' is not assignable to type 'keyof Facts'/,
  ],
  'a parameter of another type': [
    WHOLE('check: (_subject, { most }) => (most.startsWith("1") ? [] : []),'),
    /error TS2339: Property 'startsWith' does not exist on type 'number'/,
  ],
  'a parameter that is not in the schema': [
    WHOLE('check: (_subject, { least }) => (least === 1 ? [] : []),'),
    /error TS2339: Property 'least' does not exist on type /,
  ],
  'a value that the enum has not': [
    WHOLE('check: (_subject, { when }) => (when === "never" ? [] : []),'),
    /error TS2367: This comparison appears to be unintentional because the types '.*' and '"never"' have no overlap/,
  ],
  'a parameter that may be absent': [
    WHOLE('check: (_subject, { when }) => (when.length === 3 ? [] : []),'),
    /error TS18048: 'when' is possibly 'undefined'/,
  ],
  'an annotation that the schema does not bear out': [
    WHOLE('check: (_subject, parameters: { readonly most: string }) => (parameters.most === "" ? [] : []),'),
    /error TS2322: Type '\(_subject: .*, parameters: \{ readonly most: string; \}\) => .*' is not assignable/,
  ],
  'what prepare does not return': [
    WHOLE('prepare: () => ({ ok: true, value: 1 }), check: (_subject, prepared) => (prepared.most === 1 ? [] : []),'),
    /error TS2339: Property 'most' does not exist on type 'number'/,
  ],
  'an async check': [
    WHOLE('check: async () => [],'),
    /error TS2740: Type 'Promise<never\[\]>' is missing the following properties from type 'readonly Problem\[\]'/,
  ],
  'a problem without a message': [
    WHOLE("check: () => [{ state: 'violation', container: undefined, pointer: '' }],"),
    /error TS2741: Property 'message' is missing in type .* but required in type 'Problem'/,
  ],
  'a container that is written to': [
    WHOLE('check: ({ containers }) => { containers.sort(); return []; },'),
    /error TS2339: Property 'sort' does not exist on type 'readonly Container\[\]'/,
  ],
};

const fileOf = (what: string): string => `${what.replaceAll(' ', '-')}.ts`;

async function tsc(project: string): Promise<string> {
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    return (await run(process.execPath, [compiler, '-p', project], { cwd: folder })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

beforeAll(async () => {
  const npm = { cwd: ROOT, env: { ...process.env, npm_config_loglevel: 'error' } };
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], npm);
  const [tarball] = /tidewaiter-[\w.-]+\.tgz/.exec(stdout) ?? [];
  writeFileSync(path.join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`];
  await run('npm', install, { ...npm, cwd: folder });
  cpSync(EXAMPLE, folder, { recursive: true });
  mkdirSync(path.join(folder, 'wrong'));
  for (const [what, [text]] of Object.entries(WRONG)) writeFileSync(path.join(folder, 'wrong', fileOf(what)), text);
  const [options = ''] = blocks('json');
  const config = JSON.parse(options) as object;
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ ...config, files: ['rules.ts'] }));
  writeFileSync(path.join(folder, 'wrong/tsconfig.json'), JSON.stringify({ ...config, include: ['*.ts'] }));
}, 60_000);

describe('the package', () => {
  test('compiles the example, with the options of the documentation', async () => {
    expect(await tsc('.')).toBe('');
  });

  test('does not compile what is wrong', async () => {
    const lines = (await tsc('wrong')).split('\n');
    for (const [what, [, expected]] of Object.entries(WRONG)) {
      const errors = lines.filter((line) => line.startsWith(`wrong/${fileOf(what)}`));
      expect(errors, what).toEqual([expect.stringMatching(expected)]);
    }
    expect(lines.filter((line) => /: error /.test(line))).toHaveLength(Object.keys(WRONG).length);
  });

  test('runs the example, and tidewaiter.yaml names it', async () => {
    const config = blocks('yaml').find((text) => text.startsWith('plugins:')) ?? '';
    writeFileSync(path.join(folder, 'tidewaiter.yaml'), config);
    writeFileSync(
      path.join(folder, 'pod.yaml'),
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a, securityContext: {privileged: true}}]}\n',
    );
    const [command = ''] = blocks('sh');
    const argv = command.trim().replace('FILE|DIR', 'pod.yaml').split(' ').slice(1);
    for (const args of [argv, ['check', 'pod.yaml']]) {
      const checked = run(process.execPath, ['node_modules/tidewaiter/dist/main.js', ...args], { cwd: folder });
      await expect(checked).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('deny   the container is privileged and has full access to the node'),
        stderr: '',
      });
    }
  });
});

describe('the documentation of plugins', () => {
  test('shows what is in the example', () => {
    const example = ['rules.ts', 'policy.yaml'].map((name) => readFileSync(path.join(EXAMPLE, name), 'utf8')).join('');
    const shown = [...blocks('ts'), ...blocks('yaml')].filter((text) => !text.startsWith('plugins:'));
    expect(shown.length).toBeGreaterThan(3);
    for (const text of shown) expect(example).toContain(text);
  });
});
