/** Objects that are evaluated while the files are read: the same report as after the files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/admission/context.ts';
import { countUsage } from '../../src/admission/usage.ts';
import { earlyEvaluation } from '../../src/cli/early-evaluation.ts';
import { evaluateFiles, type EvaluateOptions } from '../../src/cli/evaluate-files.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { compose } from '../../src/wiring.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-early-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const object = (apiVersion: string, kind: string, name: string, rest: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\n${rest}\n`;
const pod = (name: string, ...images: readonly string[]): string =>
  object(
    'v1',
    'Pod',
    name,
    `spec: {containers: [${images.map((image) => `{name: web, image: ${image}}`).join(', ')}]}`,
  );
const deployment = (name: string, image: string): string =>
  object('apps/v1', 'Deployment', name, `spec: {template: {spec: {containers: [{name: web${image}}]}}}`);

/** Each in a file of its own, between others of its kind, so that they are not only in the last batch. */
const FILES: Readonly<Record<string, string>> = {
  'pods.yaml': Array.from({ length: 120 }, (_, n) => pod(`p${n}`, n % 3 === 0 ? 'nginx' : 'ghcr.io/acme/web:1.0')).join(
    '---\n',
  ),
  'equal.yaml': [pod('same', 'redis'), pod('same', 'redis'), pod('empty')].join('---\n'),
  'secret.yaml': object('v1', 'Secret', 'key', 'type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: 7}'),
  'unknown.yaml': object('example.com/v1', 'Site', 'a', 'spec: {containers: [{name: a, image: nginx}]}'),
  'malformed.yaml': object('v1', 'Pod', 'wrong', 'spec: {containers: 7}'),
  'misshapen.yaml': object('minio.min.io/v2', 'Tenant', 'a', 'spec: {image: {tag: v1}, kes: {image: nginx}}'),
  'list.yaml': `apiVersion: v1\nkind: List\nitems:\n${['a', 'b'].map((name) => `  - ${pod(name, 'nginx').trim().replaceAll('\n', '\n    ')}\n`).join('')}`,
  'base/kustomization.yaml': 'resources: [web.yaml]\npatches: [{path: image.yaml}, {path: none.yaml}]\n',
  'base/image.yaml': deployment('web', ', image: nginx'),
  'base/none.yaml': deployment('web', ''),
  'base/web.yaml': deployment('web', ', image: ghcr.io/acme/web:1.0'),
  'compose.yaml': 'services: {web: {image: nginx}}\n',
};

let context: Context;

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  ({ context } = await compose({ kinds: kindTable(), policies: [] }));
});

function optionsWith(more: Partial<EvaluateOptions>): EvaluateOptions {
  return {
    kinds: kindTable(),
    namespace: 'default',
    stdin: process.stdin,
    contextWith: (world) => ({ ...context, world }),
    usage: countUsage(),
    skipMisshapen: true,
    imageFiles: true,
    ...more,
  };
}

test('the report is the same as after the files', async () => {
  const early = optionsWith({});
  const late = optionsWith({ keepObjects: true });
  const found = await evaluateFiles([folder], early);
  const { objects, ...expected } = await evaluateFiles([folder], late);
  expect(objects.size).toBeGreaterThan(40);
  expect({ ...found, objects: undefined }).toEqual({ ...expected, objects: undefined });
  expect(found.findings.map(({ fingerprint }) => fingerprint.slice(33))).toContain('2');
  const usage = [early, late].map(({ usage: counted }) => ({
    workloads: counted.workloads,
    covered: counted.covered,
    tags: counted.findings('baseline', 'image-tag'),
  }));
  expect(usage[0]).toEqual(usage[1]);
});

describe('with policies that change objects', () => {
  const policiesOf = async (changes: string): Promise<Context['policies']> => {
    const file = path.join(folder, 'changes.policy');
    const head = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: changes}\n';
    writeFileSync(
      file,
      `${head}spec: {${changes}, rules: [{rule: image-tag, parameters: {deny: [latest]}}, {rule: image-digest}]}\n`,
    );
    return (await compose({ kinds: kindTable(), policies: [file] })).context.policies;
  };

  test.each([
    ['rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}]', true, 30],
    ['rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]', false, 0],
    ['pullPolicy: [{images: ["**"], set: Always}]', true, 80],
    ['pullPolicy: [{images: ["**"], set: Always, mode: workload}]', true, 80],
    ['pullSecrets: [{images: ["**"], add: [key]}]', false, 0],
    ['pin: {}', false, 0],
  ])('%s: at once: %s, and the report is the same as after the files', async (changes, isEarly, atLeast) => {
    const policies = await policiesOf(changes);
    const asRun = { hasCluster: false };
    expect(earlyEvaluation({ ...context, policies, kinds: kindTable() }, asRun) !== undefined).toBe(isEarly);
    const more = { asRun, contextWith: (world: Context['world']) => ({ ...context, policies, world }) };
    const found = await evaluateFiles([folder], optionsWith(more));
    const { objects: _objects, ...expected } = await evaluateFiles(
      [folder],
      optionsWith({ ...more, keepObjects: true }),
    );
    expect({ ...found, objects: undefined }).toEqual({ ...expected, objects: undefined });
    expect(found.changes?.length).toBeGreaterThanOrEqual(atLeast);
  });
});

describe('what is left of an object', () => {
  test.each([
    ['pods.yaml', true],
    ['list.yaml', true],
    ['secret.yaml', false],
    ['unknown.yaml', false],
    ['malformed.yaml', false],
    ['misshapen.yaml', false],
    ['compose.yaml', false],
  ])('%s: is settled: %s', async (name, isSettled) => {
    const { settle, takeRows } = earlyEvaluation({ ...context, kinds: kindTable() }) ?? {
      settle: undefined,
      takeRows: undefined,
    };
    const { manifests } = await loadManifests([path.join(folder, name)], optionsWith({}));
    for (const manifest of manifests) {
      const left = settle?.(manifest);
      expect(left === manifest).toBe(!isSettled);
      expect(left?.request.object === undefined).toBe(isSettled);
      expect(left && takeRows?.(left) !== undefined).toBe(isSettled);
    }
  });

  test('everything, if a policy needs facts, which other files can contain', () => {
    const needing = context.policies.map((policy) => ({ ...policy, needs: new Set(['pullSecrets'] as const) }));
    expect(earlyEvaluation({ ...context, policies: needing })).toBeUndefined();
  });
});
