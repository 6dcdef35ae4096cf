/** `pin --write` on files as people write them: test/fixtures/pin/CASE/before becomes CASE/after, byte for byte. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fakeRegistry, runPin } from '../support/pin-registry.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures/pin');
const CASES = readdirSync(FIXTURES);
const HELM_IMAGES = ['/image', '/withDigest', '/plain', '/sidecars/*/image'];

const scratch = mkdtempSync(path.join(tmpdir(), 'tidewaiter-pin-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const config = path.join(scratch, 'tidewaiter.yaml');
writeFileSync(config, 'kinds: [{group: example.com, kind: Runner, images: [/spec/runner]}]\n');

const flagsOf = (name: string): { readonly config: string; readonly helmImage: readonly string[] } => ({
  config,
  helmImage: name === 'helm-values' ? HELM_IMAGES : [],
});

function copyOf(folder: string, name: string): string {
  const copy = path.join(scratch, name);
  cpSync(path.join(FIXTURES, folder), copy, { recursive: true });
  return copy;
}

/** By name; `latin1` so that every byte is compared. */
function contents(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]));
}

describe('pin --write', () => {
  test.each(CASES)('%s: changes the images and nothing else', async (name) => {
    const folder = copyOf(`${name}/before`, name);
    const { code, out } = await runPin([folder], { ...flagsOf(name), write: true });
    expect(contents(folder)).toEqual(contents(path.join(FIXTURES, name, 'after')));
    expect({ code, written: out !== '' }).toEqual({ code: 0, written: true });
  });

  test.each(CASES)('%s: finds nothing to do the second time', async (name) => {
    const folder = copyOf(`${name}/after`, `${name}-again`);
    const registry = fakeRegistry();
    const { code, out } = await runPin([folder], { ...flagsOf(name), write: true }, { registry });
    expect(contents(folder)).toEqual(contents(path.join(FIXTURES, name, 'after')));
    expect({ code, out, lookups: registry.lookups }).toEqual({ code: 0, out: '', lookups: [] });
  });

  test.each(CASES)('%s: shows the very change as a diff that git takes', async (name) => {
    copyOf(`${name}/before`, `diff-${name}`);
    const before = process.cwd();
    process.chdir(scratch);
    try {
      const { out } = await runPin([`diff-${name}`], { ...flagsOf(name) });
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { input: out, cwd: scratch, stdio: 'pipe' });
    } finally {
      process.chdir(before);
    }
    expect(contents(path.join(scratch, `diff-${name}`))).toEqual(contents(path.join(FIXTURES, name, 'after')));
  });

  test.each(CASES)('%s: is what --check asks for, and the files before are not', async (name) => {
    const check = (state: string): ReturnType<typeof runPin> =>
      runPin([path.join(FIXTURES, name, state)], { ...flagsOf(name), check: true });
    expect((await check('before')).code).toBe(1);
    expect((await check('after')).code).toBe(0);
  });
});

describeWith(kubectlMissing, 'kubectl kustomize', () => {
  test.each(['kustomization', 'kustomization-json'])('%s: renders the images that pin has written', (name) => {
    const render = (state: string): readonly string[] => {
      const out = execFileSync('kubectl', ['kustomize', path.join(FIXTURES, name, state)], { encoding: 'utf8' });
      return [...out.matchAll(/image: (.*)/g)].map(([, image = '']) => image);
    };
    const [before, after] = [render('before'), render('after')];
    // The tag stays, the digest is new; those that had one already are as they were.
    expect(after.map((image) => image.replace(/@.*/, ''))).toEqual(before.map((image) => image.replace(/@.*/, '')));
    expect(after.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image))).toEqual([]);
  });

  test('refuses a tag that is a number, as pin says', () => {
    const folder = path.join(scratch, 'number');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'kustomization.yaml'), 'images: [{name: nginx, newTag: 1.27}]\n');
    const { stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
    expect(stderr).toContain('cannot unmarshal number');
  });
});
