/** In a repository, names of files are other people's: none of them is more than one line, or a command, in what is printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { fileText, locationText } from '../../src/files/location-text.ts';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
const folders: string[] = [];
beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-names-'));
  folders.push(folder);
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the name of a file in a text', () => {
  test.each([
    ['deploy/web.yaml', 'deploy/web.yaml'],
    ['a b/ü/$(x)/[a]-%.yaml', 'a b/ü/$(x)/[a]-%.yaml'],
    ['日本.yaml', '日本.yaml'],
    ['a\n::error::x.yaml', '"a\\u000a::error::x.yaml"'],
    ['a\rb', '"a\\u000db"'],
    ['::add-mask::a', '"::add-mask::a"'],
    ['a::b', 'a::b'],
    [' ', '" "'],
    [' a.yaml', '" a.yaml"'],
    ['a.yaml ', '"a.yaml "'],
    ['\u001B[31mred', '"\\u001b[31mred"'],
    ['a\u2028b', '"a\\u2028b"'],
    ['\u202Elmay.a', '"\\u202elmay.a"'],
    ['a\u0085b', '"a\\u0085b"'],
    ['\uFFFDa', '\uFFFDa'],
    ['a##vso[task.prependpath]b', '"a#\\u0023vso[task.prependpath]b"'],
  ])('%j is %s', (file, shown) => {
    expect(fileText(file)).toBe(shown);
    expect(locationText({ file, line: 3, column: 7 })).toBe(`${shown}:3:7`);
    expect(locationText({ file, line: null, column: null })).toBe(shown);
  });
});

describe('a name that is not UTF-8', () => {
  test.each([
    ['of a file', 'd', '\u00FF.yaml', 2],
    ['of a directory', 'd/\u00FE', 'a.yaml', 2],
    ['of a hidden directory', 'd/.\u00FE', 'a.yaml', 2],
    ['of a file that is not an input', 'd', '\u00FF.jpg', 0],
  ])('%s', async (_what, folder, file, code) => {
    const bytes = (name: string): Buffer => Buffer.from(path.join(process.cwd(), name), 'latin1');
    mkdirSync('d');
    writeFileSync('d/values.yaml', 'a: 1\n');
    mkdirSync(bytes(folder), { recursive: true });
    writeFileSync(bytes(path.join(folder, file)), POD);
    const { code: ended, out } = await runCommand(['check', 'd']);
    expect(ended).toBe(code);
    expect(out.includes('its name is not UTF-8; rename it')).toBe(code === 2);
  });
});

const NAMES = [
  'a\n::error::x.yaml',
  '::stop-commands::x.yaml',
  'a\u001B[2K\r0 denied.yaml',
  'a\u2028::warning::x.yaml',
];
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n';
const RECORDING = JSON.stringify({ review: {}, expectd: {} });
const SUITE = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: A}\nspec: {}\n';
const POLICY = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: A}\nspec: {}\n';

/** `.` is a folder with one file of a hostile name in it. */
const COMMANDS: readonly (readonly [args: readonly string[], content: string])[] = [
  [['check', '.'], POD],
  [['check', '.'], 'a: [\n'],
  [['check', '.'], 'apiVersion: v1\nkind: Deployment\n'],
  [['check', '../pod.yaml', '-p', '.'], POLICY],
  [['pin', '.', '--check'], POD],
  [['pin', '.', '--check'], 'a: [\n'],
  [['pin', '.', '--check'], 'a: 1\n'],
  [['drift', '.'], 'a: [\n'],
  [['replay', '.'], RECORDING],
  [['test', '.'], SUITE],
  [['explain', 'pod', '.'], 'a: [\n'],
];

describe.each(COMMANDS)('%j with %j', (args, content) => {
  test.each(NAMES)('in %j', async (name) => {
    mkdirSync('folder');
    writeFileSync('pod.yaml', POD);
    process.chdir('folder');
    writeFileSync(name, content);
    const { out, note } = await runCommand(args);
    const output = `${out}${note}`;
    expect(output).not.toBe('');
    expect(output).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
    for (const line of output.split('\n')) expect(line).not.toMatch(/^\s*::/);
  });
});
