/** Replays of recordings that other programs have written or changed, and of reviews with hostile texts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { POD, recordedReview, repeats } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { createReview } from '../../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-odd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, value: string | Buffer): string {
  const full = path.join(folder, name);
  writeFileSync(full, value);
  return full;
}

const policies = (action: string): string =>
  file(
    `${action}.yaml`,
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-digest, action: ${action}}]}\n`,
  );
const SIDES = ['-p', policies('warn'), '--against', policies('deny')];

describe('a recording of another program', () => {
  const lines: readonly object[] = [recordedReview(), repeats(4)];
  const sorted = (line: object): object =>
    Object.fromEntries(Object.entries(line).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const spaced = (line: object): string => JSON.stringify(line, undefined, 1).replaceAll(/\n */g, ' ');
  const text = (write: (line: object) => string): string => lines.map((line) => `${write(line)}\n`).join('');

  test.each([
    ['with sorted keys', text((line) => JSON.stringify(sorted(line)))],
    ['with spaces', text(spaced)],
    ['with carriage returns', text((line) => `${JSON.stringify(line)}\r`)],
  ])('%s is read, from a file and a stream', async (form, input) => {
    const named = await runCommand(['replay', file(form, input), ...SIDES, '-o', 'json']);
    const piped = await runCommand(['replay', '-', ...SIDES, '-o', 'json'], input);
    for (const { out } of [named, piped]) {
      const { summary } = JSON.parse(out) as ReplayDocument;
      expect(summary).toMatchObject({ reviews: 5, errors: 0, changes: { 'newly-denied': 5 } });
    }
  });

  test.each([
    ['indented', text((line) => JSON.stringify(line, undefined, 2))],
    ['as a list', JSON.stringify(lines)],
    ['with a byte order mark', `\uFEFF${text((line) => JSON.stringify(line))}`],
  ])('%s is one error, which says how to convert it', async (form, input) => {
    const { code, out } = await runCommand(['replay', file(form, input), ...SIDES, '-o', 'json']);
    const { errors } = JSON.parse(out) as ReplayDocument;
    expect(code).toBe(2);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('to convert it, use jq -c .')]);
  });
});

test('what is beside a recording in a directory is named', async () => {
  const directory = mkdtempSync(path.join(folder, 'beside-'));
  const at = (name: string): string => path.join(directory, name);
  const line = `${JSON.stringify(recordedReview())}\n`;
  writeFileSync(at('20270301T120000Z-a.ndjson'), line);
  expect(await notices(directory)).toEqual([]);
  mkdirSync(at('server-b'));
  writeFileSync(at('server-b/readme.txt'), line);
  writeFileSync(at('.hidden'), '');
  expect(await notices(directory)).toEqual([`"${at('server-b')}" is not read: it is beside a recording`]);
  writeFileSync(at('review.json'), JSON.stringify(createReview(POD)));
  expect(await notices(directory)).toEqual([
    `2 files and directories are not read because they are beside recordings: "${at('review.json')}" and "${at('server-b')}"`,
  ]);
});

test.each([
  ['plain', (text: string): Buffer => Buffer.from(text)],
  ['compressed', (text: string): Buffer => zstdCompressSync(text)],
])('a small file with much in it is read without keeping it until its counts are known: %s', async (form, write) => {
  const bad = 50_000;
  const lines = [recordedReview(), recordedReview({ id: 'a-2' }), { ...repeats(3), of: 'a-2' }, repeats(4)];
  const [one, other, ...counts] = lines.map((line) => `${JSON.stringify(line)}\n`);
  const named = file(`many-${form}.ndjson`, write(`${one}${'{}\n'.repeat(bad)}${other}${counts.join('')}`));
  const { code, out } = await runCommand(['replay', named, ...SIDES, '-o', 'json']);
  const { summary, reviews } = JSON.parse(out) as ReplayDocument;
  expect({ code, summary }).toMatchObject({ code: 2, summary: { reviews: 9, distinct: 2, errors: bad } });
  expect(reviews.map(({ count }) => count)).toEqual([5, 4]);
});

test('what has the name of a segment and cannot be read is an error, and the others count', async () => {
  const directory = mkdtempSync(path.join(folder, 'unread-'));
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('1.ndjson'), `${JSON.stringify(recordedReview())}\n`);
  symlinkSync('absent', at('2.ndjson'));
  execFileSync('mkfifo', [at('3.ndjson.zst')]);
  mkdirSync(at('4.ndjson'));
  writeFileSync(at('4.ndjson/5.ndjson'), `${JSON.stringify(recordedReview({ id: 'a-2' }))}\n`);
  mkdirSync(at('6.ndjson.gz'));
  const { code, out } = await runCommand(['replay', directory, ...SIDES, '-o', 'json']);
  const { summary, errors, notices: said } = JSON.parse(out) as ReplayDocument;
  expect({ code, errors: errors.map(({ file: from, message }) => [path.basename(from), message]) }).toEqual({
    code: 2,
    errors: [
      ['2.ndjson', 'no such file or directory'],
      ['3.ndjson.zst', 'not a regular file'],
    ],
  });
  expect(summary).toMatchObject({ reviews: 2 });
  expect(said.map(({ message }) => message)).toEqual([`"${at('6.ndjson.gz')}" is not read: it is beside a recording`]);
});

const MANY = Array.from({ length: 300 }, (_, index) => `${JSON.stringify(recordedReview({ id: `m-${index}` }))}\n`);

/** Of 300 lines; a server that is killed leaves files that end anywhere. */
const CUT: readonly (readonly [name: string, bytes: Buffer, least: number])[] = [
  ['a.ndjson', Buffer.from(MANY.join('')).subarray(0, -100), 299],
  ['a.ndjson.gz', gzipSync(MANY.join('')).subarray(0, -40), 200],
  [
    'a.ndjson.zst',
    Buffer.concat([zstdCompressSync(MANY[0] ?? ''), zstdCompressSync(MANY.join('')).subarray(0, -40)]),
    1,
  ],
];

test.each(CUT)('a recording that ends early is no error: %s', async (name, bytes, least) => {
  const at = path.join(mkdtempSync(path.join(folder, 'cut-')), name);
  writeFileSync(at, bytes);
  for (const argv of [[at], ['-']]) {
    const { code, out } = await runCommand(['replay', ...argv, ...SIDES, '--exit-zero', '-o', 'json'], bytes);
    const { summary, errors } = JSON.parse(out) as ReplayDocument;
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(summary.reviews).toBeGreaterThanOrEqual(least);
  }
});

test('compressed reviews of a stream that ends early are an error', async () => {
  const text = MANY.map(
    (_, index) => `---\n${JSON.stringify(createReview({ ...POD, metadata: { name: `a-${index}` } }))}\n`,
  );
  for (const whole of [gzipSync(text.join('')), zstdCompressSync(text.join(''))]) {
    const argv = ['replay', '-', ...SIDES, '--exit-zero', '-o', 'json'];
    expect((await runCommand(argv, whole)).code).toBe(0);
    const { code, out } = await runCommand(argv, whole.subarray(0, -40));
    const { errors } = JSON.parse(out) as ReplayDocument;
    expect({ code, errors: errors.map(({ message }) => message) }).toEqual({
      code: 2,
      errors: ['the compressed content ends early'],
    });
  }
});

test('a directory without recordings is an error, which names their extension', async () => {
  const directory = mkdtempSync(path.join(folder, 'none-'));
  const { code, out } = await runCommand(['replay', directory, ...SIDES, '-o', 'json']);
  const { errors } = JSON.parse(out) as ReplayDocument;
  expect({ code, errors }).toMatchObject({
    code: 2,
    errors: [{ file: directory, message: 'no .ndjson, .yaml, .yml, or .json file found' }],
  });
});

test('recordings of several servers are read from a directory for each, in the order of their time', async () => {
  const directory = mkdtempSync(path.join(folder, 'servers-'));
  const names = [
    'server-b/20270301T120000Z-b.ndjson',
    'server-a/20270301T130000Z-a.ndjson',
    '20270301T140000Z-c.ndjson',
  ];
  for (const name of names) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), `${JSON.stringify(recordedReview({ id: name }))}\n`);
  }
  const { out } = await runCommand(['replay', directory, ...SIDES, '-o', 'json', '--all']);
  const { reviews, notices: said } = JSON.parse(out) as ReplayDocument;
  expect(reviews.map(({ file: from }) => path.relative(directory, from))).toEqual(names);
  expect(said).toEqual([]);
});

async function notices(directory: string): Promise<readonly string[]> {
  const { out } = await runCommand(['replay', directory, ...SIDES, '-o', 'json']);
  return (JSON.parse(out) as ReplayDocument).notices.map(({ message }) => message);
}

describe('hostile texts', () => {
  let ids = 0;
  const HOSTILE = `\u001B[31mred\u001B]8;;x\u0007\u202Eevil\u009B31m\n::error::x ${'long'.repeat(100_000)}`;
  const review = (parts: { readonly namespace?: string; readonly name?: string; readonly kind?: string }): string => {
    const { namespace = 'shop', name = 'web', kind = 'Deployment' } = parts;
    const ownerReferences = [{ apiVersion: 'v1', kind, name, uid: 'u', controller: true }];
    const pod = { ...POD, metadata: { name, namespace, ownerReferences } };
    return `${JSON.stringify(recordedReview({ id: `a-${(ids += 1)}`, review: createReview(pod, { namespace }) }))}\n`;
  };
  const input = [review({ namespace: HOSTILE }), review({ name: HOSTILE }), review({ kind: HOSTILE })].join('');

  test.each(
    ['pretty', 'markdown'].flatMap((format) =>
      ['owner', 'namespace', 'rule', 'registry'].map((by) => [format, by] as const),
    ),
  )('in %s by %s are short, and on one line', async (format, by) => {
    const { out } = await runCommand(['replay', '-', ...SIDES, '-o', format, '--group-by', by, '--verbose'], input);
    expect(out).toMatch(/3 would be newly denied/);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]|(?:long){200}/u);
    expect(out).not.toMatch(/^\s*::/m);
  });

  const recorded = {
    allowed: true,
    status: { code: 403, message: HOSTILE },
    warnings: [HOSTILE],
    auditAnnotations: {},
    patch: [{ op: 'add', path: '/spec/x', value: HOSTILE }],
  };
  const said = [{ by: HOSTILE, policy: HOSTILE, rule: HOSTILE, result: 'fail', action: 'deny', message: HOSTILE }];
  const lines = [
    recordedReview({ response: recorded }),
    recordedReview({ response: recorded, endpoint: 'mutate' }),
    recordedReview({ response: undefined, origin: { source: 'cluster', object: 'stored' }, said } as object),
  ];
  const others = lines.map((line, index) => `${JSON.stringify({ ...line, id: `b-${index}` })}\n`).join('');

  test.each(
    ['pretty', 'markdown'].flatMap((format) =>
      [[], ['--compare-annotations']].map((flags) => [format, flags] as const),
    ),
  )('of other programs in %s with %j are short, and on one line', async (format, flags) => {
    const policy = SIDES.slice(0, 2);
    const { out } = await runCommand(['replay', '-', ...policy, '-o', format, '--verbose', ...flags], others);
    expect(out).toMatch(/Of [12] reviews?, none/);
    expect(out).toContain('long');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]|(?:long){2000}/u);
    expect(out).not.toMatch(/^\s*::/m);
  });
});

test.each([['pretty'], ['json'], ['junit'], ['markdown'], ['html']])(
  'half a surrogate pair in names and images becomes valid UTF-8 in %s',
  async (format) => {
    const pod = { ...POD, metadata: { name: 'half-\uD800', namespace: 'shop' } };
    const image = 'registry.example.com/\uDC00web:1';
    const review = createReview({ ...pod, spec: { containers: [{ name: 'web', image }] } });
    const input = `${JSON.stringify(recordedReview({ review }))}\n`;
    const { code, out } = await runCommand(['replay', '-', ...SIDES, '-o', format], input);
    expect({ code, isWellFormed: out.isWellFormed() }).toEqual({
      code: expect.any(Number) as number,
      isWellFormed: true,
    });
    expect(out.length).toBeGreaterThan(100);
  },
);
