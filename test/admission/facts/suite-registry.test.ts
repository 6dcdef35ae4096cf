/** What a suite says that registries would answer: what is wrong with it, and what is made of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { suiteRegistry } from '../../../src/admission/facts/suite-registry.ts';
import { loadSuites } from '../../../src/files/suites.ts';
import { parseReference } from '../../../src/image/reference.ts';
import type { RegistryResponses } from '../../../src/policy/registry-responses.ts';
import { keyringOf } from '../../../src/credential/keyring.ts';
import { secretFor } from '../../credential/pull-secrets.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-suite-'));
afterAll(() => rmSync(folder, { recursive: true }));

const D = `sha256:${'a'.repeat(64)}`;
const E = `sha256:${'e'.repeat(64)}`;

async function load(registry: string, ofCase = ''): Promise<{ faults: readonly string[]; registry: unknown }> {
  const file = path.join(folder, 'suite.yaml');
  const cases = `[{name: it, resources: [x.yaml], expect: pass${ofCase === '' ? '' : `, registry: ${ofCase}`}}]`;
  writeFileSync(
    file,
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: s}\nspec:\n  registry: ${registry}\n  cases: ${cases}\n`,
  );
  const { suites, errors } = await loadSuites([file], { stdin: process.stdin });
  return {
    faults: errors.map(({ line, column, message }) => `${line}:${column} ${message}`),
    registry: suites[0]?.cases[0]?.registry,
  };
}

test.each<[string, string]>([
  ['{"UPPER:": {digest: x}}', '5:14 spec/registry/UPPER:: "UPPER:" is not an image: '],
  [
    `{nginx: {digest: "sha256:1"}}`,
    '5:30 spec/registry/nginx/digest: "sha256:1" is not a digest; use "sha256:" and 64 hex digits',
  ],
  ['{nginx: {created: 2026-02-30}}', '5:31 spec/registry/nginx/created: "2026-02-30" is not a valid time'],
  [
    '{nginx: {created: yesterday}}',
    '5:31 spec/registry/nginx/created: invalid value "yesterday": expected a date in the form YYYY-MM-DD, or a time such as 2027-01-31T12:00:00Z',
  ],
  [
    '{nginx: {platforms: [amd64]}}',
    '5:34 spec/registry/nginx/platforms/0: invalid value "amd64": expected os/architecture ',
  ],
  ['{nginx: {cause: missing}}', '5:29 spec/registry/nginx/cause: invalid value "missing"'],
  ['{nginx: {}}', '5:21 spec/registry/nginx: '],
  ['{nginx: {digets: x}}', '5:22 spec/registry/nginx/digets: unknown key "digets"; did you mean "digest"?'],
  [
    '{nginx: {sizeBytes: 1}, "docker.io/library/nginx:latest": {sizeBytes: 2}}',
    '5:37 spec/registry/docker.io~1library~1nginx:latest: "docker.io/library/nginx:latest" is the same image as "nginx"',
  ],
])('%s is told with its place', async (registry, expected) => {
  const { faults } = await load(registry);
  expect(faults).toHaveLength(1);
  expect(faults[0]?.startsWith(expected), faults[0]).toBe(true);
});

test('what a case says takes the place of what its suite says of the same image', async () => {
  const both = await load(
    '{nginx: {sizeBytes: 1}, "a:1": {sizeBytes: 2}}',
    '{"docker.io/library/nginx:latest": {sizeBytes: 3}}',
  );
  expect(both).toEqual({
    faults: [],
    registry: { 'a:1': { sizeBytes: 2 }, 'docker.io/library/nginx:latest': { sizeBytes: 3 } },
  });
  expect((await load('{"a:1": {sizeBytes: 2}}')).registry).toEqual({ 'a:1': { sizeBytes: 2 } });
  expect((await load('{"a:1": {sizeBytes: 2}}', '{"b:1": {created: never}}')).faults[0]).toMatch(
    /^6:\d+ spec\/cases\/0\/registry\/b:1\/created: /,
  );
});

describe('an answer', () => {
  const keyring = keyringOf([secretFor('old', 'reg.io'), secretFor('new', 'reg.io')]);
  const ask = async (
    answers: RegistryResponses,
    image: string,
    by: 'image' | 'tag' = 'image',
  ): Promise<readonly string[]> => {
    const parsed = parseReference(image);
    if (!parsed.ok || !keyring.ok) throw new Error(image);
    const { reference } = parsed;
    const question = {
      reference,
      by,
      candidates: keyring.candidatesFor(reference),
      incompleteReason: undefined,
      staleMs: 0,
    };
    const { images, imageDetails } = suiteRegistry(answers);
    const { signal } = new AbortController();
    const found = await images.lookUp(question, signal);
    const details = await imageDetails.lookUp(question, signal);
    return [
      found.state === 'yes'
        ? `${found.value.digest} by ${found.value.credential}`
        : `${found.state}: ${found.failure.message}`,
      details.state === 'yes'
        ? `${details.value.platforms.map(({ os, architecture, variant }) => [os, architecture, variant].join('/')).join(' ')} ${details.value.createdMs} ${details.value.sizeBytes}`
        : `${details.state}: ${details.failure.message}`,
    ];
  };

  test('of a tag is the answer of its digest, too, unless that has one of its own', async () => {
    const answers: RegistryResponses = {
      'nginx:1': { digest: D, platforms: ['linux/arm/v7'], created: '2026-03-01', sizeBytes: 7 },
      'nginx:2': { digest: E },
      [`nginx@${E}`]: { cause: 'notFound', message: 'gone' },
    };
    const one = [`${D} by anonymous`, `linux/arm/v7 ${Date.UTC(2026, 2, 1)} 7`];
    expect(await ask(answers, 'docker.io/library/nginx:1')).toEqual(one);
    expect(await ask(answers, `nginx@${D}`)).toEqual(one);
    expect(await ask(answers, `nginx:2@${E}`)).toEqual(['no: gone', 'no: gone']);
    expect((await ask(answers, `nginx:2@${E}`, 'tag'))[0]).toBe(`${E} by anonymous`);
  });

  test('has recognizable defaults', async () => {
    expect(await ask({ nginx: { mediaType: 'x' } }, 'nginx')).toEqual([
      `sha256:${'0'.repeat(64)} by anonymous`,
      'linux/amd64/ undefined 0',
    ]);
  });

  test('can depend on the pull secret', async () => {
    const answers: RegistryResponses = { 'reg.io/a': { pullSecrets: ['new'] }, 'reg.io/b': { pullSecrets: ['other'] } };
    expect((await ask(answers, 'reg.io/a'))[0]).toBe(`sha256:${'0'.repeat(64)} by pull secret "new"`);
    expect(await ask(answers, 'reg.io/b')).toEqual([
      'unknown: reg.io returned HTTP 401',
      'unknown: reg.io returned HTTP 401',
    ]);
  });

  test('is unknown where none is written', async () => {
    const none = `unknown: the test suite has no registry response for "docker.io/library/nginx:3"`;
    expect(await ask({}, 'nginx:3')).toEqual([none, none]);
    expect((await ask({ 'reg.io/a': { cause: 'forbidden' } }, 'reg.io/a'))[0]).toBe(
      'unknown: reg.io returned forbidden',
    );
  });
});
