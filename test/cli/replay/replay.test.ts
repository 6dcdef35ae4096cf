import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generationOf } from '../../../src/cli/generation-hash.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { compose } from '../../../src/wiring.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { POD, recordedReview, repeats } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { createReview } from '../../support/review.ts';
import { type TestServer, startAdmissionServer } from '../../support/admission-server.ts';

const RECORDINGS = 'test/recordings';
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, value: unknown): string {
  const full = path.join(folder, name);
  writeFileSync(full, typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value, null, 2));
  return full;
}

async function reportOf(...argv: readonly string[]): Promise<{ code: number; report: ReplayDocument }> {
  const { code, out } = await runCommand(['replay', ...argv, '-o', 'json', '--all']);
  return { code, report: JSON.parse(out) as ReplayDocument };
}

const recorded = (name: string): unknown => JSON.parse(readFileSync(path.join(RECORDINGS, `${name}.json`), 'utf8'));

describe('replay of the recorded reviews', () => {
  let server: TestServer;
  beforeAll(async () => {
    const loaded = await loadConfig({}, {});
    const composed = await compose(loaded.config);
    const generation = generationOf(loaded, composed, '');
    server = await startAdmissionServer({ ...composed.context, generation });
  });
  afterAll(() => server.stop());

  test('answers byte for byte what the server answers, for both endpoints', async () => {
    const { code, report } = await reportOf(RECORDINGS);
    expect(code).toBe(0);
    expect(report.errors).toEqual([]);
    const names = readdirSync(RECORDINGS).filter((name) => name.endsWith('.json'));
    expect(report.reviews).toHaveLength(names.length);
    for (const { file: name, answers } of report.reviews) {
      const body = readFileSync(name, 'utf8');
      expect((await server.post('/validate?timeout=10s', body)).text).toBe(answers?.validate);
      expect((await server.post('/mutate?timeout=10s', body)).text).toBe(answers?.mutate);
    }
  });
});

describe('a recording of a server', () => {
  const lines = [
    recordedReview({ response: { allowed: false } }),
    repeats(3),
    recordedReview({
      endpoint: 'mutate',
      id: 'a-2',
      response: { allowed: true, patch: [{ op: 'remove', path: '/a' }] },
    }),
  ].map((line) => `${JSON.stringify(line)}\n`);

  test('is compared with its responses, at its time and with its facts', async () => {
    const { code, report } = await reportOf(file('a.ndjson.gz', gzipSync(lines.join(''))));
    expect(code).toBe(1);
    expect(report.errors).toEqual([]);
    expect(report.reviews.map(({ line, change, count }) => [line, change, count])).toEqual([
      [1, 'newly-allowed', 4],
      [3, 'patch', 1],
    ]);
  });

  test('is read from a directory of segments, up to a line that is cut', async () => {
    const directory = mkdtempSync(path.join(folder, 'segments-'));
    writeFileSync(path.join(directory, 'b.ndjson'), lines.join('').replaceAll('"id":"', '"id":"b').slice(0, -10));
    writeFileSync(path.join(directory, 'a.ndjson.zst'), zstdCompressSync(lines.join('')));
    const { report } = await reportOf(directory);
    expect(report.errors).toEqual([]);
    expect(report.reviews.map(({ file: name, line }) => [path.basename(name), line])).toEqual([
      ['a.ndjson.zst', 1],
      ['a.ndjson.zst', 3],
      ['b.ndjson', 1],
    ]);
  });

  test.each([
    ["object.metadata.annotations['team'] == 'shop'", 'unknown'],
    ['object.metadata.name == "web"', 'same'],
    ['object.metadata.name != "web"', 'newly-denied'],
  ])('has an unknown result if the rule reads a value that is not recorded: %s', async (expression, change) => {
    const policy = {
      apiVersion: 'tidewaiter.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'own' },
      spec: { rules: [{ rule: 'cel', parameters: { expression } }] },
    };
    const pod = { ...POD, metadata: { ...POD.metadata, annotations: { team: '[redacted]' } } };
    const line = recordedReview({
      review: createReview(pod),
      redacted: ['/request/object/metadata/annotations/team'],
      response: { allowed: true },
    });
    const { report } = await reportOf(file('lost.ndjson', `${JSON.stringify(line)}\n`), '-p', file('own.yaml', policy));
    expect(report.reviews.map((row) => row.change)).toEqual([change]);
  });

  test('lists the first thousand errors, and counts all', async () => {
    const bad = file('many.ndjson', `${lines[0]}${'{"a":1}\n'.repeat(1100)}`);
    const { code, report } = await reportOf(bad);
    expect(code).toBe(2);
    expect(report.summary.errors).toBe(1100);
    expect(report.errors).toHaveLength(1000);
    const { out } = await runCommand(['replay', bad]);
    expect(out).toContain(`${bad}:4:1  error  expected a line of a recording`);
    expect(out).not.toContain(`${bad}:5:1`);
    expect(out).toContain('  and 997 more with this message; --verbose lists them\n  and 100 more errors\n');
  });

  test('tells which line is not one', async () => {
    const { code, report } = await reportOf(file('bad.ndjson', `${lines[0]}{"a":1}\n${lines[1]}`));
    expect(code).toBe(2);
    expect(report.errors.map(({ line, message }) => [line, message])).toEqual([
      [2, 'expected a line of a recording, with "format" and "type"'],
    ]);
  });
});

describe('expectations', () => {
  const review = recorded('pod-latest');

  test('that hold are the same', async () => {
    const { code, report } = await reportOf(
      file('same.json', {
        review,
        expected: {
          allowed: false,
          findings: [{ rule: 'image-tag', action: 'deny', container: 'web' }, { rule: 'image-digest' }],
          patch: [],
        },
      }),
    );
    expect({ code, changes: report.reviews.map(({ change }) => change) }).toEqual({
      code: 0,
      changes: ['same'],
    });
  });

  test('that do not match are reported one by one', async () => {
    const { code, report } = await reportOf(
      file('different.json', [{ review, expected: { allowed: true, findings: [{ rule: 'image-registry' }] } }]),
    );
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({
      reviews: 1,
      compared: 1,
      different: 1,
      changes: { 'newly-denied': 1, 'newly-allowed': 0 },
    });
    expect(report.reviews[0]?.differences?.map(({ kind }) => kind)).toEqual([
      'newly-denied',
      'finding-removed',
      'finding-added',
      'finding-added',
    ]);
  });

  const only = '(expected review or expected)';
  const beside = 'belongs next to "review": {review: …, expected: …}';
  const inside = (key: string, ...at: readonly string[]): unknown => {
    const copy = structuredClone(review);
    let holder = copy as Record<string, unknown>;
    for (const name of at) holder = holder[name] as Record<string, unknown>;
    holder[key] = { allowed: true };
    return copy;
  };

  test.each([
    [
      'expcted',
      { review, expcted: { allowed: true } },
      `/expcted: unknown key "expcted"; did you mean "expected"? ${only}`,
    ],
    ['Expected', { review, Expected: {} }, `/Expected: unknown key "Expected"; did you mean "expected"? ${only}`],
    ['expects', { review, expects: {} }, `/expects: unknown key "expects"; did you mean "expected"? ${only}`],
    ['allowed beside it', { review, allowed: true }, `/allowed: unknown key "allowed" ${only}`],
    [
      'findings beside it',
      { review, expected: { allowed: false }, findings: [] },
      `/findings: unknown key "findings" ${only}`,
    ],
    ['a comment', { review, comment: 'x' }, `/comment: unknown key "comment" ${only}`],
    ['reveiw', { reveiw: review, expected: {} }, `/reveiw: unknown key "reveiw"; did you mean "review"? ${only}`],
    ['expected inside of the review', { review: inside('expected') }, `/review/expected: "expected" ${beside}`],
    ['expected in a bare review', inside('expected'), `/expected: "expected" ${beside}`],
    ['exspected in a bare review', inside('exspected'), `/exspected: "exspected" ${beside}`],
    ['expected in the request', inside('expected', 'request'), `/request/expected: "expected" ${beside}`],
    [
      'expect in the request of a review',
      { review: inside('expect', 'request') },
      `/review/request/expect: "expect" ${beside}`,
    ],
    [
      'allowed in a bare review',
      inside('allowed'),
      '/allowed: "allowed" belongs in "expected": {review: …, expected: {allowed: …}}',
    ],
    [
      'allow in a bare review',
      inside('allow'),
      '/allow: "allow" belongs in "expected": {review: …, expected: {allowed: …}}',
    ],
    [
      'findings inside of the review',
      { review: inside('findings') },
      '/review/findings: "findings" belongs in "expected": {review: …, expected: {findings: …}}',
    ],
    [
      'patch in the request',
      inside('patch', 'request'),
      '/request/patch: "patch" belongs in "expected": {review: …, expected: {patch: …}}',
    ],
    [
      'allowed beside items',
      { items: [{ review }], allowed: true },
      '/allowed: "allowed" belongs in "expected": {review: …, expected: {allowed: …}}',
    ],
    ['expected beside items', { items: [{ review }], expected: { allowed: true } }, `/expected: "expected" ${beside}`],
    ['expected without a value', { review, expected: null }, '/expected: expected an object, found null'],
    ['an empty expectation', { review, expected: {} }, '/expected: set at least one of allowed, findings, or patch'],
    [
      'expected.allow',
      { review, expected: { allow: true } },
      '/expected/allow: unknown key "allow"; did you mean "allowed"? (expected allowed, findings, or patch)',
    ],
    [
      'a key of a finding',
      { review, expected: { findings: [{ rules: 'image-tag' }] } },
      '/expected/findings/0/rules: unknown key "rules"; did you mean "rule"? (expected policy, rule, action, outcome, container, pointer, or message)',
    ],
  ])('%s is never passed over', async (name, value, message) => {
    const { code, report } = await reportOf(file(`stray ${name}.json`, value));
    expect(report.errors.map((error) => error.message)).toContain(message);
    expect(code).toBe(2);
  });

  test('hidden files that hold no review are named, and others are replayed', async () => {
    const { code, report } = await reportOf('test/recordings');
    expect({ code, notices: report.notices }).toEqual({ code: 0, notices: [] });
    mkdirSync(path.join(folder, 'hidden'));
    file('hidden/.review.json', review);
    file('hidden/.ci.yml', 'a: 1\n');
    const hidden = await reportOf(path.join(folder, 'hidden'));
    expect(hidden.report.reviews).toHaveLength(1);
    expect(hidden.report.notices.map(({ message }) => message)).toEqual([
      `"${folder}/hidden/.ci.yml" is hidden and contains no AdmissionReview`,
    ]);
  });

  test.each([
    ['a misspelt key', { review, expected: { alowed: true } }, /unknown key "alowed"; did you mean "allowed"/],
    [
      'something else',
      { a: 1 },
      /^expected an AdmissionReview, \{review, expected\}, or an object with apiVersion and kind; found an object/,
    ],
    ['a part of a Pod', { kind: 'Pod' }, /^expected an AdmissionReview, .*; found kind "Pod"/],
    [
      'a review without request',
      { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
      /\/request: expected an object, but the field is missing/,
    ],
    ['broken JSON', '{"kind": "AdmissionReview",', /./],
    ['an empty file', '', /no AdmissionReview found/],
  ])('%s is named, exit 2, and the others are replayed', async (name, value, message) => {
    const { code, report } = await reportOf(file(`bad ${name}.json`, value), file('good.json', review));
    expect(code).toBe(2);
    expect(report.errors).toHaveLength(1);
    expect(report.errors[0]?.message).toMatch(message);
    expect(report.errors[0]?.file).toContain(`bad ${name}.json`);
    expect(report.reviews).toHaveLength(1);
  });
});

describe('two policies', () => {
  const strict = file(
    'strict.yaml',
    'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: strict}\nspec: {rules: [{rule: image-digest}]}\n',
  );
  const open = file(
    'open.yaml',
    'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: open}\nspec: {rules: [{rule: image-digest, action: audit}]}\n',
  );
  const one = file('one.json', recorded('pod-latest'));

  test.each([
    ['newly denied', open, strict, 1, { changes: { 'newly-denied': 1, 'newly-allowed': 0 } }],
    ['newly allowed', strict, open, 1, { changes: { 'newly-denied': 0, 'newly-allowed': 1 } }],
    ['the same', strict, strict, 0, { different: 0 }],
  ])('%s from --policy to --against', async (_name, from, to, code, summary) => {
    const result = await reportOf(one, '--policy', from, '--against', to);
    expect(result.code).toBe(code);
    expect(result.report.summary).toMatchObject(summary);
  });

  test('prints the result, and each difference by owner', async () => {
    const { out } = await runCommand(['replay', one, '--policy', open, '--against', strict]);
    expect(out).toBe(`Of 1 review, 1 would be newly denied, in 1 workload of 1 namespace.

newly denied
  Pod shop/web  1 review
    audit -> deny  container "web": image "nginx" has no digest, so its content can change [strict/image-digest]
      pin the image; tidewaiter pin FILE --write adds the digest
    ${one}:1  CREATE Pod shop/web

from policy ${open} to ${strict}
`);
  });

  test('writes JUnit XML with a failure per different review', async () => {
    const { code, out } = await runCommand(['replay', one, '--policy', open, '--against', strict, '-o', 'junit']);
    expect(code).toBe(1);
    expect(out).toContain('failures="1"');
    expect(out).toContain('newly-denied');
  });
});

describe('policies that pin', () => {
  const pinning = (onFailure: string): string =>
    file(
      `pin-${onFailure}.yaml`,
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: pin}\nspec: {pin: {onFailure: ${onFailure}}}\n`,
    );
  const one = file('to-pin.json', recorded('pod-latest'));

  test('resolve nothing here, and what they say of that is compared', async () => {
    const { code, report } = await reportOf(one, '--policy', pinning('warn'), '--against', pinning('deny'));
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({ reviews: 1, changes: { 'newly-denied': 1 } });
    expect(report.reviews[0]?.answers?.mutate).toContain('cannot be pinned: registry lookups are disabled');
    expect(report.reviews[0]?.findings).toMatchObject([{ policy: 'pin', rule: 'pin', before: 'warn', after: 'deny' }]);
  });

  test('have a patch that a recording can expect', async () => {
    const review = recorded('pod-latest');
    const expected = { patch: [{ op: 'replace', path: '/spec/containers/0/image', value: 'nginx@sha256:0' }] };
    const { code, report } = await reportOf(file('expects.json', { review, expected }), '--policy', pinning('allow'));
    expect(code).toBe(1);
    expect(report.reviews[0]?.differences?.map(({ kind }) => kind)).toEqual(['patch']);
  });
});
