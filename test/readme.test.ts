/** README.md: its output is real, and its commands exist. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from './support/command.ts';
import { inOwnFolders } from './support/own-folders.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

inOwnFolders('readme');

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  containers:\n    - name: web\n      image: ${image}\n`;

/** What README.md shows below `$ COMMAND`. */
function outputOf(command: string): string {
  const start = README.indexOf(`$ ${command}\n`) + command.length + 3;
  return README.slice(start, README.indexOf('```', start));
}

describe('the first screen of README.md', () => {
  test('shows what check prints', async () => {
    write('deploy/web.yaml', pod('nginx'));
    const { code, out } = await runCommand(['check', 'deploy/'], '', { name: 'npx tidewaiter' });
    expect({ code, out }).toEqual({ code: 1, out: outputOf('npx tidewaiter check deploy/') });
  });

  test('shows what pin prints', async () => {
    const diff = outputOf('npx tidewaiter pin deploy/');
    const digest = /sha256:[0-9a-f]{64}/.exec(diff)?.[0] ?? '';
    const entry = { digest, mediaType: 'application/vnd.oci.image.index.v1+json', time: '2026-11-29T00:00:00Z' };
    write('lock.json', JSON.stringify({ version: 1, images: { 'docker.io/library/nginx:1.27': entry } }));
    write('deploy/web.yaml', pod('nginx:1.27'));
    const { code, out } = await runCommand(['pin', 'deploy/', '--lock', 'lock.json']);
    expect({ code, out }).toEqual({ code: 0, out: diff });
  });
});

const POLICY = path.join(ROOT, 'manifests/policies/baseline.yaml');
const SUITE = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyTest
metadata: {name: s}
spec: {policies: [${POLICY}], cases: [{name: it, resources: [../deploy/web.yaml], expect: [{rule: image-digest}]}]}
`;

/** Every command in code, without pipes before it and comments behind it. Those that run until they are stopped are left out. */
const COMMANDS = [
  ...new Set(
    [...README.matchAll(/npx (tidewaiter [^`\n]*)/g)].map(([, text = '']) => text.replace(/\s+(?:#.*)?$/, '')),
  ),
].filter((text) => !text.endsWith(' NAME'));

describe('the commands in README.md', () => {
  test('are many', () => expect(COMMANDS.length).toBeGreaterThan(15));

  test.each(COMMANDS)('%s', async (text) => {
    write('deploy/web.yaml', pod('nginx:1.27'));
    write('Dockerfile', 'FROM nginx:1.27\n');
    write('policies/suite.yaml', SUITE);
    write('recordings/pod.json', readFileSync(path.join(ROOT, 'test/recordings/pod-latest.json'), 'utf8'));
    for (const folder of ['policies', 'today', 'tomorrow']) write(`${folder}/p.yaml`, readFileSync(POLICY, 'utf8'));
    const auth = { 'registry.example.com': { username: 'u', password: 'p' } };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: auth })).toString('base64') };
    const type = 'kubernetes.io/dockerconfigjson';
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'regcred' }, type, data };
    write('regcred.yaml', JSON.stringify(secret));
    // No test queries registries on the internet.
    write('tidewaiter.yaml', 'registryAccess: listed\n');
    const argv = text
      .replace(/ > \S+$/, '')
      .split(' ')
      .slice(1)
      .map(inRepository);
    // Its cluster would be the one of the user who runs the tests.
    const help = ['uninstall', 'doctor'].includes(argv[0] ?? '') ? ['--help'] : [];
    const { code, note } = await runCommand([...argv, ...help], pod('nginx:1.27'));
    expect(note).not.toMatch(/^error: |internal error/m);
    if (!needsRegistry(argv)) expect(code, note).toBeLessThan(2);
  });
});

function inRepository(word: string): string {
  return /^(?:manifests|test)\//.test(word) ? path.join(ROOT, word) : word;
}

function needsRegistry([command = '', ...flags]: readonly string[]): boolean {
  return (command === 'pin' && !flags.includes('--check')) || command === 'drift' || flags.includes('--resolve');
}
