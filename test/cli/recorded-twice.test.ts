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
    4,
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
    if (paths.includes('rec')) expect(summary.reviews).toBe(10);
  });

  test.each([
    ['before its repetitions', 1],
    ['after its repetitions', 2],
  ])('a file and a copy that ended %s', async (_name, lines) => {
    write();
    writeFileSync('rec/0.ndjson', FIRST.split('\n').slice(0, lines).join('\n'));
    const { summary } = await replayed('rec');
    expect(summary.reviews).toBe(10);
    for (const index of [1, 2]) await runCommand(['replay', 'rec', '--shard', `${index}/2`, '--out', 'results']);
    expect((await replayed('--merge', 'results')).summary).toEqual(summary);
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
    expect(note).toContain('2 reviews are in the recordings more than once');
  });
});
