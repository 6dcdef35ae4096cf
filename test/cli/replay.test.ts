import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { ReplayReport } from '../../src/report/replay.ts';
import { runCommand } from '../support/command.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';

const RECORDINGS = 'test/recordings';
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, value: unknown): string {
  const full = path.join(folder, name);
  writeFileSync(full, typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return full;
}

async function reportOf(...argv: readonly string[]): Promise<{ code: number; report: ReplayReport }> {
  const { code, out } = await runCommand(['replay', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as ReplayReport };
}

const recorded = (name: string): unknown => JSON.parse(readFileSync(path.join(RECORDINGS, `${name}.json`), 'utf8'));

describe('replay of the recorded reviews', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startAdmissionServer((await compose({ kinds: kindTable(), policies: [] })).context);
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
      expect((await server.post('/validate?timeout=10s', body)).text).toBe(answers.validate);
      expect((await server.post('/mutate?timeout=10s', body)).text).toBe(answers.mutate);
    }
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
    expect({ code, differences: report.reviews.map(({ differences }) => differences) }).toEqual({
      code: 0,
      differences: [[]],
    });
  });

  test('that do not match are reported one by one', async () => {
    const { code, report } = await reportOf(
      file('different.json', [{ review, expected: { allowed: true, findings: [{ rule: 'image-registry' }] } }]),
    );
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({ reviews: 1, compared: 1, different: 1, newlyDenied: 1, newlyAllowed: 0 });
    expect(report.reviews[0]?.differences.map(({ kind }) => kind)).toEqual([
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
    ['an empty expectation', { review, expected: {} }, '/expected: set at least one of allowed, findings, patch'],
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
    ['something else', { a: 1 }, /^expected an AdmissionReview, or \{review, expected\}; found an object/],
    ['a Pod', { kind: 'Pod' }, /^expected an AdmissionReview, or \{review, expected\}; found kind "Pod"/],
    [
      'a review without request',
      { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
      /\/request: expected an object, found nothing/,
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
    ['newly denied', open, strict, 1, { newlyDenied: 1, newlyAllowed: 0 }],
    ['newly allowed', strict, open, 1, { newlyDenied: 0, newlyAllowed: 1 }],
    ['the same', strict, strict, 0, { different: 0 }],
  ])('%s from --policy to --against', async (_name, from, to, code, summary) => {
    const result = await reportOf(one, '--policy', from, '--against', to);
    expect(result.code).toBe(code);
    expect(result.report.summary).toMatchObject(summary);
  });

  test('prints each difference and a summary', async () => {
    const { out } = await runCommand(['replay', one, '--policy', open, '--against', strict]);
    expect(out).toBe(`${one}:1  CREATE Pod shop/web
  newly denied   was allowed, is denied: container "web": image "nginx" has no digest, so its content can change [strict/image-digest]
  - finding      audit container "web": image "nginx" has no digest, so its content can change [open/image-digest]
  + finding      deny container "web": image "nginx" has no digest, so its content can change [strict/image-digest]
1 review: 1 allowed, 0 denied; 1 different (1 newly denied, 0 newly allowed, 0 with other findings) (from policy ${open} to ${strict})
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
    expect(report.summary).toMatchObject({ reviews: 1, newlyDenied: 1 });
    expect(report.reviews[0]?.answers.mutate).toContain('cannot be pinned: registry lookups are disabled');
    expect(report.reviews[0]?.differences.map(({ kind }) => kind)).toEqual([
      'newly-denied',
      'finding-removed',
      'finding-added',
    ]);
  });

  test('have a patch that a recording can expect', async () => {
    const review = recorded('pod-latest');
    const expected = { patch: [{ op: 'replace', path: '/spec/containers/0/image', value: 'nginx@sha256:0' }] };
    const { code, report } = await reportOf(file('expects.json', { review, expected }), '--policy', pinning('allow'));
    expect(code).toBe(1);
    expect(report.reviews[0]?.differences.map(({ kind }) => kind)).toEqual(['patch']);
  });
});
