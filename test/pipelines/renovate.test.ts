/** The Renovate preset finds what `pin` writes into kustomizations, and nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { inOwnFolders } from '../support/own-folders.ts';
import { digestOf, runPin } from '../support/pin-registry.ts';

inOwnFolders('renovate');

interface Preset {
  readonly customManagers: readonly {
    readonly managerFilePatterns: readonly string[];
    readonly matchStrings: readonly string[];
  }[];
}

const FILE = path.resolve(import.meta.dirname, '../../manifests/renovate/pins.json');
const [MANAGER] = (JSON.parse(readFileSync(FILE, 'utf8')) as Preset).customManagers;

/** As the manager `regex` with the strategy `any`. */
function found(text: string): readonly (Record<string, string> | undefined)[] {
  return (MANAGER?.matchStrings ?? []).flatMap((pattern) =>
    [...text.matchAll(new RegExp(pattern, 'g'))].map(({ groups }) => groups && { ...groups }),
  );
}

const OLD = `sha256:${'a'.repeat(64)}`;
const HEAD = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';

test.each([
  ['with a new name', '- name: web\n  newName: ghcr.io/acme/web\n  newTag: "1.27"\n', 'ghcr.io/acme/web'],
  ['with its own name', '- name: ghcr.io/acme/web\n  newTag: v1\n', 'ghcr.io/acme/web'],
  ['before others', '- name: ghcr.io/acme/web\n  newTag: v1\n- name: x\n  newName: y\n', 'ghcr.io/acme/web'],
  ['before other keys', '  - name: ghcr.io/acme/web\n    newTag: v1\ncommonLabels: {a: b}\n', 'ghcr.io/acme/web'],
])('an entry %s', async (_name, entries, depName) => {
  mkdirSync('deploy');
  writeFileSync('deploy/kustomization.yaml', `${HEAD}images:\n${entries}`);
  await runPin(['deploy'], { write: true });
  const text = readFileSync('deploy/kustomization.yaml', 'utf8');
  const currentValue = /newTag: "?([^"\n]+)/.exec(text)?.[1] ?? '';
  expect(found(text)).toEqual([{ depName, currentValue, currentDigest: digestOf(`${depName}:${currentValue}`) }]);
});

test.each([
  ['whose new name comes last', `- name: web\n  newTag: v1\n  digest: ${OLD}\n  newName: ghcr.io/acme/web\n`],
  ['without a digest', '- name: web\n  newTag: v1\n'],
  ['without a tag', `- name: web\n  digest: ${OLD}\n`],
  ['with the digest in the tag, which the kustomize manager reads', `- name: web\n  newTag: v1@${OLD}\n`],
  ['with the tag of one and the digest of another', `- name: web\n  newTag: v1\n- name: api\n  digest: ${OLD}\n`],
])('no entry %s', (_name, entries) => {
  expect(found(`${HEAD}images:\n${entries}`)).toEqual([]);
});

test.each([
  ['kustomization.yaml', true],
  ['a/b/kustomization.yml', true],
  ['a/Kustomization', true],
  ['my-kustomization.yaml', false],
])('%s is a kustomization: %s', (file, isOne) => {
  const patterns = MANAGER?.managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1))) ?? [];
  expect(patterns.some((pattern) => pattern.test(file))).toBe(isOne);
});
