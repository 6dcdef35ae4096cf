/** Recordings that contain the same reviews: a copy of a file, and a file of all lines beside the files that they are from. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ReplayDocument } from '../../src/report/replay/json.ts';
import { POD, recordedReview, repeats } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { createReview } from '../support/review.ts';

inOwnFolders('recorded-twice');

/** Five reviews, and two without repetitions. */
const [FIRST, SECOND] = ['one', 'two'].map((name, file) => {
  const review = createReview({ ...POD, metadata: { name, namespace: 'shop' } });
  const lines = [
    recordedReview({ id: `${name}-1`, shape: `${name}-1`, review }),
    { ...repeats(4 - 4 * file + 1), of: `${name}-1` },
    recordedReview({ id: `${name}-2`, shape: `${name}-2`, review }),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}) as [string, string];

function write(): void {
  mkdirSync('rec');
  writeFileSync('rec/a.ndjson', FIRST);
  writeFileSync('rec/b.ndjson', SECOND);
}

const NOTICE = (count: number): string =>
  `${count} reviews are in the recordings more than once, for example in a file and in a copy of it, and count once`;

const COPIES: readonly (readonly [name: string, copy: () => readonly string[], twice: number])[] = [
  ['files that are named twice', () => ['rec', 'rec/a.ndjson', './rec'], 0],
  ['a link', () => (symlinkSync('rec', 'link'), ['rec', 'link']), 0],
  ['a copy of a file', () => (copyFileSync('rec/a.ndjson', 'rec/c.ndjson'), ['rec']), 7],
  ['a copy beside it', () => (copyFileSync('rec/a.ndjson', 'c.ndjson'), ['rec', 'c.ndjson']), 7],
  ['a compressed copy', () => (writeFileSync('rec/c.ndjson.zst', zstdCompressSync(FIRST)), ['rec']), 7],
  ['a file of all lines', () => (writeFileSync('all.ndjson', FIRST + SECOND), ['rec', 'all.ndjson']), 10],
  [
    'the same lines in one file',
    () => (writeFileSync('all.ndjson', FIRST + SECOND + FIRST + SECOND), ['all.ndjson']),
    10,
  ],
];

async function replayed(...argv: readonly string[]): Promise<ReplayDocument> {
  const { out } = await runCommand(['replay', ...argv, '-o', 'json']);
  return JSON.parse(out) as ReplayDocument;
}

describe('reviews count once, with a notice, of', () => {
  test.each(COPIES)('%s', async (_name, copy, twice) => {
    write();
    const paths = copy();
    const { summary, notices } = await replayed(...paths);
    expect(notices.map(({ message }) => message)).toEqual(twice === 0 ? [] : [NOTICE(twice)]);
    expect(summary).toMatchObject({ reviews: 10, distinct: 4 });
  });

  test('a copy, in shards as well', async () => {
    write();
    copyFileSync('rec/a.ndjson', 'rec/c.ndjson');
    for (const index of [1, 2, 3]) await runCommand(['replay', 'rec', '--shard', `${index}/3`, '--out', 'results']);
    const { summary, notices, groups } = await replayed('rec');
    const merged = JSON.parse((await runCommand(['replay', '--merge', 'results', '-o', 'json'])).out) as ReplayDocument;
    expect({ ...merged.summary, notices: merged.notices, groups: merged.groups }).toEqual({
      ...summary,
      notices,
      groups,
    });
  });

  test.each([
    ['suggest', ['suggest', '--from', 'rec', '-o', 'json'], /"reviews": 10,/],
    ['shrink', ['shrink', 'rec', '--out', 'tests'], /the smallest of 10 reviews/],
  ])('a copy, in %s', async (_name, argv, text) => {
    write();
    copyFileSync('rec/a.ndjson', 'rec/c.ndjson');
    const { out, note } = await runCommand(argv);
    expect(out).toMatch(text);
    expect(note).toContain(NOTICE(7));
  });
});

/** A line of a server that has dropped reviews, with twice as many repetitions later. */
const LONG = [
  { ...recordedReview({ id: 'web-1', review: createReview(POD), dropped: 3 }) },
  { ...repeats(4), of: 'web-1' },
  recordedReview({ id: 'web-2', shape: 'web-2', review: createReview(POD) }),
  { ...repeats(2), of: 'web-1', first: '2027-03-01T12:01:00.000Z', last: '2027-03-01T12:02:00.000Z', dropped: 5 },
  { ...repeats(3), of: 'web-1', first: '2027-03-01T12:03:00.000Z', last: '2027-03-01T12:04:00.000Z' },
].map((line) => `${JSON.stringify(line)}\n`);

/** How many lines a shorter copy has, and how many reviews are in both. */
const SHORTER: readonly (readonly [lines: number, twice: number])[] = [
  [1, 1],
  [2, 5],
  [3, 6],
  [4, 8],
  [5, 11],
];
const ORDERS = ['shorter first', 'longer first', 'in one file', 'in one file, longer first', 'compressed'] as const;

function writeCopies(order: (typeof ORDERS)[number], lines: number): void {
  const [long, short] = [LONG.join(''), LONG.slice(0, lines).join('')];
  mkdirSync('rec');
  if (order === 'in one file') writeFileSync('rec/a.ndjson', short + long);
  else if (order === 'in one file, longer first') writeFileSync('rec/a.ndjson', long + short);
  else if (order === 'compressed') {
    writeFileSync('rec/a.ndjson.zst', zstdCompressSync(short));
    writeFileSync('rec/b.ndjson.zst', zstdCompressSync(long));
  } else {
    writeFileSync(order === 'shorter first' ? 'rec/a.ndjson' : 'rec/b.ndjson', short);
    writeFileSync(order === 'shorter first' ? 'rec/b.ndjson' : 'rec/a.ndjson', long);
  }
}

describe.each(ORDERS)('a shorter copy, %s', (order) => {
  test.each(SHORTER)('of %i lines: the longer one counts', async (lines, twice) => {
    writeCopies(order, lines);
    const { summary, notices, groups } = await replayed('rec');
    const expected = { reviews: 11, distinct: 2, dropped: 8, last: '2027-03-01T12:04:00.000Z' };
    expect([summary, notices.map(({ message }) => message)]).toMatchObject([
      expected,
      [twice === 1 ? ONCE : NOTICE(twice)],
    ]);
    for (const index of [1, 2]) await runCommand(['replay', 'rec', '--shard', `${index}/2`, '--out', 'results']);
    const merged = await replayed('--merge', 'results');
    expect(merged).toMatchObject({ summary, notices, groups });

    const suggested = await runCommand(['suggest', '--from', 'rec', '-o', 'json']);
    expect(JSON.parse(suggested.out)).toMatchObject({ recording: { lines: 2, reviews: 11, dropped: 8 } });
    const shrunk = await runCommand(['shrink', 'rec', '--out', 'tests']);
    expect(shrunk.out).toContain('the smallest of 11 reviews');
    expect([suggested.note, shrunk.note].map((note) => note.includes(twice === 1 ? ONCE : NOTICE(twice)))).toEqual([
      true,
      true,
    ]);
  });
});

const ONCE = '1 review is in the recordings more than once, for example in a file and in a copy of it, and counts once';

test('repetitions of a longer copy count in the time that is chosen', async () => {
  writeCopies('shorter first', 2);
  const since = ['--since', '2027-03-01T12:00:30Z'];
  const { summary } = await replayed('rec', ...since);
  expect(summary).toMatchObject({ reviews: 5, distinct: 1 });
  const { out } = await runCommand(['suggest', '--from', 'rec', '-o', 'json', ...since]);
  expect(JSON.parse(out)).toMatchObject({ recording: { reviews: 5 } });
});

test('a review with more occurrences in a longer copy is marked', async () => {
  writeCopies('shorter first', 2);
  const { reviews } = await replayed('rec', '--all');
  expect(reviews.map(({ id, count, again }) => [id, count, again])).toEqual([
    ['web-1', 5, undefined],
    ['web-1', 5, true],
    ['web-2', 1, undefined],
  ]);
});
