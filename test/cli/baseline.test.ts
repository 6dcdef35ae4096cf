/** A baseline: old findings do not fail and do not hide new ones, and the file shrinks when findings are gone. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-baseline-'));
  process.chdir(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => process.chdir(before));

function write(name: string, text: string): void {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
}

interface Container {
  readonly name: string;
  readonly image: string;
}

const WEB: Container = { name: 'web', image: 'nginx' };
const PROXY: Container = { name: 'proxy', image: 'envoyproxy/envoy:v1' };

function deployment(containers: readonly Container[], name = 'shop', apiVersion = 'apps/v1'): string {
  const list = containers.map((one) => `        - {name: ${one.name}, image: "${one.image}"}\n`).join('');
  return `apiVersion: ${apiVersion}
kind: Deployment
metadata: {name: ${name}}
spec:
  template:
    spec:
      containers:
${list}`;
}

interface Result {
  readonly code: number;
  readonly report: CheckReport;
}

async function check(...argv: readonly string[]): Promise<Result> {
  const { code, out } = await runCommand(['check', 'd', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport };
}

const KNOWN = ['--baseline', 'known.json'] as const;

/** Expressions whose findings point to a container, to a Pod template, and to two rules of one policy. */
const CEL = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: ours}
spec:
  rules:
    - {rule: cel, parameters: {message: not ours, expression: 'container.image.startsWith("ours/")'}}
    - {rule: cel, parameters: {message: not all ours, expression: 'object.spec.template.spec.containers.all(c, c.image.startsWith("ours/"))'}}
`;

test('of CEL rules does not hide another image in a container', async () => {
  write('p.yaml', CEL);
  write('d/a.yaml', deployment([WEB]));
  await check('-p', 'p.yaml', '--write-baseline', 'known.json');
  expect(await check('-p', 'p.yaml', ...KNOWN)).toMatchObject({
    code: 0,
    report: { summary: { known: 2, denied: 0 } },
  });
  write('d/a.yaml', deployment([{ ...WEB, image: 'theirs/nginx' }]));
  expect(await check('-p', 'p.yaml', ...KNOWN)).toMatchObject({
    code: 1,
    report: { summary: { known: 0, denied: 2 } },
  });
});

describe('a baseline', () => {
  beforeEach(async () => {
    write('d/a.yaml', deployment([WEB, PROXY]));
    await check('--write-baseline', 'known.json');
  });

  test('makes all findings known when it is written', async () => {
    const { code, report } = await check('--write-baseline', 'known.json');
    expect({ code, known: report.summary.known, denied: report.summary.denied }).toEqual({
      code: 0,
      known: 4,
      denied: 0,
    });
  });

  test('is not an input in a directory, and neither are the configuration and reports', async () => {
    write('tidewaiter.yaml', 'ignore: [x]\n');
    write('other.json', '{}');
    const argv = ['check', '.', ...KNOWN, '-o', 'json', '--report', 'sarif=a.json'];
    for (const _run of [1, 2]) {
      const { out } = await runCommand(argv);
      expect((JSON.parse(out) as CheckReport).notices.map(({ message }) => message)).toEqual([
        '"other.json" contains no Kubernetes object',
      ]);
    }
  });

  test('is a file for people: sorted, and one line per finding', () => {
    const text = readFileSync('known.json', 'utf8');
    expect(text.split('\n').filter((line) => line.includes('"fingerprint"'))).toHaveLength(4);
    expect(JSON.parse(text)).toMatchObject({ version: 1 });
    expect(text).toContain('"workload":"Deployment default/shop","container":"web","image":"nginx"');
  });

  test.each<readonly [what: string, change: () => void, code: number, fresh: number, gone: number]>([
    ['the same', () => undefined, 0, 0, 0],
    [
      'another file',
      () => {
        rmSync('d/a.yaml');
        write('d/sub/b.yaml', deployment([WEB, PROXY]));
      },
      0,
      0,
      0,
    ],
    ['other lines', () => write('d/a.yaml', `# a comment\n\n${deployment([WEB, PROXY])}`), 0, 0, 0],
    ['another order of containers', () => write('d/a.yaml', deployment([PROXY, WEB])), 0, 0, 0],
    ['another version of the API', () => write('d/a.yaml', deployment([WEB, PROXY], 'shop', 'apps/v1beta1')), 0, 0, 0],
    ['one that is gone', () => write('d/a.yaml', deployment([PROXY])), 0, 0, 2],
    ['another container', () => write('d/a.yaml', deployment([WEB, PROXY, { name: 'new', image: 'redis' }])), 1, 2, 0],
    ['another image', () => write('d/a.yaml', deployment([{ ...WEB, image: 'redis' }, PROXY])), 1, 2, 2],
    ['another workload', () => write('d/b.yaml', deployment([WEB], 'other')), 1, 2, 0],
    ['the same workload twice', () => write('d/b.yaml', deployment([WEB])), 1, 2, 0],
    [
      'another namespace',
      () => write('d/a.yaml', deployment([WEB, PROXY]).replace('{name: shop}', '{name: shop, namespace: x}')),
      1,
      3,
      4,
    ],
  ])('%s', async (_what, change, code, fresh, gone) => {
    change();
    const result = await check(...KNOWN);
    expect(result.code).toBe(code);
    const { findings, notices, summary } = result.report;
    expect(findings.filter(({ known, action }) => !known && action !== 'audit')).toHaveLength(fresh);
    expect(summary.denied + summary.warned).toBe(fresh);
    const told = notices.map(({ message }) => message).find((message) => message.includes('gone'));
    expect(told).toBe(
      gone === 0
        ? undefined
        : `${gone} findings of the baseline are gone: ${_what === 'another namespace' ? 'Deployment default/shop > proxy and Deployment default/shop > web' : 'Deployment default/shop > web'}; to remove them, run check with --write-baseline`,
    );
  });

  test('shows only new findings, and counts the others', async () => {
    write('d/b.yaml', deployment([WEB], 'other'));
    const { code, out } = await runCommand(['check', 'd', ...KNOWN]);
    expect(code).toBe(1);
    expect(out).not.toContain('d/a.yaml');
    expect(out).toMatch(
      /2 files, 2 workloads, 3 images: 1 denied, 1 warned, 0 unknown, 4 known \(policy: built-in\)\n$/,
    );
  });

  test('counts in each format', async () => {
    const sarif = await runCommand(['check', 'd', ...KNOWN, '-o', 'sarif']);
    const [run] = (
      JSON.parse(sarif.out) as { runs: { results: { baselineState: string; partialFingerprints: object }[] }[] }
    ).runs;
    expect(run?.results.map(({ baselineState }) => baselineState)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
    const fingerprints = run?.results.map(({ partialFingerprints }) => Object.values(partialFingerprints)[0] as string);
    for (const fingerprint of fingerprints ?? []) expect(readFileSync('known.json', 'utf8')).toContain(fingerprint);
    expect((await runCommand(['check', 'd', ...KNOWN, '-o', 'github'])).out).not.toMatch(/^::/m);
    expect((await runCommand(['check', 'd', ...KNOWN, '-o', 'junit'])).out).not.toContain('<failure');
  });

  test('--fail-on warn does not fail for a known warning', async () => {
    expect((await check(...KNOWN, '--fail-on', 'warn')).code).toBe(0);
  });

  test('shrinks, and is written again over itself', async () => {
    write('d/a.yaml', deployment([PROXY]));
    expect((await check('--write-baseline', 'known.json')).code).toBe(0);
    expect(readFileSync('known.json', 'utf8').match(/fingerprint/g)).toHaveLength(2);
  });
});

describe('a result that is not a violation', () => {
  test('is never known if a rule failed', async () => {
    write(
      'r.ts',
      "import { defineRule } from 'tidewaiter';\nexport default [defineRule({name: 'own', description: 'Fails', parameters: {type: 'object', additionalProperties: false, properties: {}}, needs: [], check() { throw new Error('no'); }})];\n",
    );
    write(
      'p.yaml',
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: own}, {rule: image-tag, parameters: {required: true}}]}\n',
    );
    write('d/a.yaml', deployment([WEB]));
    const own = ['-p', 'p.yaml', '--plugin', 'r.ts'] as const;
    const written = await check(...own, '--write-baseline', 'known.json');
    expect(written.code).toBe(1);
    expect(written.report.notices.map(({ message }) => message)).toEqual([
      '1 finding written to "known.json"',
      '1 finding is not written because rules failed ("own"), so check reports it again',
    ]);
    expect(readFileSync('known.json', 'utf8')).not.toContain('own');
    // A baseline of an earlier version can contain it.
    const fingerprint = written.report.findings.find(({ outcome }) => outcome === 'error')?.fingerprint;
    write(
      'known.json',
      JSON.stringify({
        version: 1,
        findings: [{ fingerprint, rule: 'own', workload: 'x', container: null, image: null }],
      }),
    );
    const { code, report } = await check(...own, ...KNOWN);
    expect({ code, known: report.summary.known }).toEqual({ code: 1, known: 0 });
  });

  test('is known only with the same reason if it is unknown', async () => {
    write(
      'p.yaml',
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-exists, onUnknown: deny}]}\n',
    );
    write('d/a.yaml', deployment([{ name: 'a', image: '127.0.0.1:1/a:1' }]));
    expect((await check('-p', 'p.yaml', '--offline', '--write-baseline', 'known.json')).code).toBe(0);
    expect((await check('-p', 'p.yaml', '--offline', ...KNOWN)).report.summary).toMatchObject({ known: 1, unknown: 0 });
    const other = await check('-p', 'p.yaml', ...KNOWN);
    expect({ code: other.code, ...other.report.summary }).toMatchObject({ code: 1, known: 0, unknown: 1 });
  });
});

describe('bad input', () => {
  test.each([
    [
      'no file',
      undefined,
      'cannot read baseline "known.json": no such file or directory (set by --baseline); create it with --write-baseline known.json',
    ],
    ['no YAML', 'a: [', 'known.json:1:4: unclosed "["'],
    ['another format', '{"version": 2, "findings": []}', 'known.json:1:13: version: expected 1, found 2'],
    [
      'a wrong fingerprint',
      '{"version": 1, "findings": [{"fingerprint": "x", "rule": "a", "workload": "b", "container": null, "image": null}]}',
      'known.json:1:45: findings/0/fingerprint: invalid value "x"',
    ],
    ['an unknown key', '{"version": 1, "findings": [], "more": 1}', 'known.json:1:40: more: unknown key "more"'],
  ])('%s', async (_what, text, message) => {
    write('d/a.yaml', deployment([WEB]));
    if (text !== undefined) write('known.json', text);
    const { code, note } = await runCommand(['check', 'd', ...KNOWN]);
    expect(code).toBe(2);
    expect(note).toContain(message);
  });

  test('a baseline that cannot be written', async () => {
    write('d/a.yaml', deployment([WEB]));
    const { code, note } = await runCommand(['check', 'd', '--write-baseline', 'nowhere/known.json']);
    expect({ code, note }).toEqual({
      code: 2,
      note: expect.stringContaining('cannot write baseline "nowhere/known.json": no such file or directory') as string,
    });
    expect(existsSync('nowhere')).toBe(false);
  });

  test.each([
    ['a manifest', 'd/a.yaml', 'the file exists and is not a baseline; choose another file'],
    ['a directory', 'd', 'expected a file, found a directory'],
    ['text that is not UTF-8', 'latin1', 'not UTF-8 text, from line 1 on'],
  ])('a baseline never replaces %s', async (_what, file, problem) => {
    const manifest = deployment([WEB]);
    write('d/a.yaml', manifest);
    writeFileSync('latin1', Buffer.from([0xe9]));
    const { code, note, out } = await runCommand(['check', 'd', '--write-baseline', file]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toBe(`cannot write baseline "${file}": ${problem} (set by --write-baseline)\n`);
    expect(readFileSync('d/a.yaml', 'utf8')).toBe(manifest);
  });

  test.each([
    ['an empty file', ''],
    ['conflicts of a merge', '<<<<<<< main\n  "findings": [\n=======\n>>>>>>> branch\n'],
  ])('a baseline replaces %s', async (_what, text) => {
    write('d/a.yaml', deployment([WEB]));
    write('known.json', text);
    expect((await check('--write-baseline', 'known.json')).code).toBe(0);
    expect((await check('--baseline', 'known.json')).report.summary).toMatchObject({ denied: 0, warned: 0 });
  });

  test('an error in the input still exits with 2', async () => {
    write('d/a.yaml', 'apiVersion: v1\nkind: [\n');
    expect((await check('--write-baseline', 'known.json')).code).toBe(2);
  });
});
