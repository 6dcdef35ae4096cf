import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DriftReport } from '../../../src/report/pin.ts';
import { fakeRegistry, NOT_FOUND, RATE_LIMITED, runDrift, type LookupResult } from '../../support/pin-registry.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-drift-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OLD = `sha256:${'a'.repeat(64)}`;
const NEW = `sha256:${'b'.repeat(64)}`;
const TAG = 'r.io/a:1';
const DIGEST = `r.io/a@${OLD}`;

function dockerfile(...images: readonly string[]): string {
  const file = path.join(folder, 'Dockerfile');
  writeFileSync(file, images.map((image) => `FROM ${image}\n`).join(''));
  return file;
}

describe('drift', () => {
  const CASES: readonly (readonly [
    what: string,
    table: Readonly<Record<string, LookupResult>>,
    code: number,
    state: string,
    message: string | null,
  ])[] = [
    ['the tag means the digest', { [TAG]: OLD }, 0, 'current', null],
    ['the tag means another', { [TAG]: NEW }, 1, 'moved', `tag "1" of "r.io/a:1" has moved: ${OLD} -> ${NEW}`],
    [
      'the digest is gone',
      { [TAG]: NEW, [DIGEST]: NOT_FOUND },
      1,
      'gone',
      `image "r.io/a:1@${OLD}" no longer exists: registry.example.com has no such tag; the tag now points to ${NEW}`,
    ],
    [
      'the tag is gone',
      { [TAG]: NOT_FOUND },
      1,
      'untagged',
      `the tag of image "r.io/a:1@${OLD}" no longer exists: registry.example.com has no such tag`,
    ],
    [
      'both are gone',
      { [TAG]: NOT_FOUND, [DIGEST]: NOT_FOUND },
      1,
      'gone',
      `image "r.io/a:1@${OLD}" no longer exists: registry.example.com has no such tag`,
    ],
    [
      'the registry is in trouble',
      { [TAG]: RATE_LIMITED },
      2,
      'unknown',
      `cannot determine whether "r.io/a:1@${OLD}" has drifted: registry.example.com answered 429, retry in 30 s; log in`,
    ],
    [
      'the digest is gone, and of the tag nothing is known',
      { [TAG]: RATE_LIMITED, [DIGEST]: NOT_FOUND },
      1,
      'gone',
      `image "r.io/a:1@${OLD}" no longer exists: registry.example.com has no such tag`,
    ],
    [
      'the tag is right, and of the digest nothing is known',
      { [TAG]: OLD, [DIGEST]: RATE_LIMITED },
      2,
      'unknown',
      `cannot determine whether "r.io/a:1@${OLD}" has drifted: registry.example.com answered 429, retry in 30 s; log in`,
    ],
  ];
  test.each(CASES)('%s', async (_what, table, code, state, message) => {
    const registry = fakeRegistry(table);
    const ran = await runDrift([dockerfile(`r.io/a:1@${OLD}`, 'r.io/unpinned:1')], { output: 'json' }, { registry });
    const { images } = JSON.parse(ran.out) as { images: unknown[] };
    expect(ran.code).toBe(code);
    expect(images).toMatchObject([{ image: `r.io/a:1@${OLD}`, line: 1, column: 6, digest: OLD, state, message }]);
    expect(registry.lookups).toEqual([TAG, DIGEST]);
  });

  test('prints what has drifted, and how many', async () => {
    const file = dockerfile(`r.io/a:1@${OLD}`, `r.io/b@${OLD}`, `r.io/c:1@${OLD}`);
    const registry = fakeRegistry({ [TAG]: NEW, 'r.io/c:1': RATE_LIMITED });
    expect(await runDrift([file], {}, { registry })).toEqual({
      code: 2,
      out: `${file}:1:6  moved  tag "1" of "r.io/a:1" has moved: ${OLD} -> ${NEW}
${file}:3:6  unknown  cannot determine whether "r.io/c:1@${OLD}" has drifted: registry.example.com answered 429, retry in 30 s; log in
1 file, 3 pinned images: 1 drifted, 1 unknown
`,
      note: '',
    });
  });

  test('reads standard input', async () => {
    const stdin = `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"r.io/a:1@${OLD}"}]}}]}`;
    expect(await runDrift(['-'], {}, { registry: fakeRegistry({ [TAG]: OLD }), stdin })).toEqual({
      code: 0,
      out: '1 file, 1 pinned image: 0 drifted, 0 unknown\n',
      note: '',
    });
  });

  test('says what could not be read', async () => {
    const { code, out } = await runDrift([path.join(folder, 'absent.yaml')]);
    expect({ code, out }).toEqual({
      code: 2,
      out: `${folder}/absent.yaml  error  no such file or directory\n1 file, 0 pinned images: 0 drifted, 0 unknown, 1 error\n`,
    });
  });

  const VARIABLE =
    'it contains a variable that has no default and no value in ".env" beside the file; add the value there';

  test.each<readonly [what: string, name: string, text: string, errors: readonly string[]]>([
    [
      'a variable without a value in a Compose file',
      'compose.yaml',
      `services: {a: {image: "r.io/a:1@${OLD}"}, b: {image: "r.io/b:$TAG"}}`,
      [`cannot determine whether image "r.io/b:$TAG" has drifted: ${VARIABLE}`],
    ],
    [
      'an invalid image in a Compose file',
      'compose.yaml',
      `services: {a: {image: "r.io/a:1@${OLD}"}, b: {image: "A"}}`,
      ['cannot determine whether image "A" has drifted: repository names must be lowercase; use "a"'],
    ],
    [
      'an invalid image in a manifest',
      'pod.yaml',
      `{apiVersion: v1, kind: Pod, spec: {containers: [{image: "r.io/a:1@${OLD}"}, {image: "A"}]}}`,
      ['cannot determine whether image "A" has drifted: repository names must be lowercase; use "a"'],
    ],
    [
      'a service that is built',
      'compose.yaml',
      `services: {a: {image: "r.io/a:1@${OLD}"}, b: {image: "r.io/b:$TAG", build: .}}`,
      [],
    ],
  ])('says which images it cannot read: %s', async (_what, name, text, errors) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    const { code, out } = await runDrift([file], { output: 'json' }, { registry: fakeRegistry({ [TAG]: OLD }) });
    const report = JSON.parse(out) as DriftReport;
    expect(report.errors.map(({ message }) => message)).toEqual(errors);
    expect(report.images.map(({ state }) => state)).toEqual(['current']);
    expect(code).toBe(errors.length === 0 ? 0 : 2);
  });

  test('one line for images that have the same problem', async () => {
    const file = path.join(folder, 'compose.yaml');
    const services = ['a', 'b', 'c', 'd'].map((name) => `${name}: {image: "${name}:$TAG"}`);
    writeFileSync(file, `services: {${services.join(', ')}}`);
    expect(await runDrift([file], {}, { registry: fakeRegistry({}) })).toEqual({
      code: 2,
      out: `error  cannot determine whether 4 images have drifted: ${VARIABLE} ("a:$TAG", "b:$TAG", "c:$TAG" and 1 more: see -o json)
1 file, 0 pinned images: 0 drifted, 0 unknown, 4 errors
`,
      note: '',
    });
  });

  test('reports unknown for images that were not looked up before Ctrl-C', async () => {
    const fake = fakeRegistry({ [TAG]: OLD });
    const registry = {
      ...fake,
      resolve(...lookups: Parameters<typeof fake.resolve>) {
        process.emit('SIGINT');
        return fake.resolve(...lookups);
      },
    };
    const many = Array.from({ length: 40 }, (_, index) => `r.io/m:${index}@${OLD}`);
    const { code, out } = await runDrift([dockerfile(...many)], {}, { registry });
    expect(code).toBe(2);
    expect(out).toContain(`cannot determine whether "r.io/m:39@${OLD}" has drifted: interrupted before the lookup\n`);
  });
});
