/** A recording on standard input, which is read only once: its reviews wait in a temporary file until all occurrences are known. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { recordedReview, repeats } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('standard-input');

afterEach(() => {
  vi.unstubAllEnvs();
});

/** More than waits in memory. */
const REVIEWS = 4500;

/** All differ, and the first and the last occur more often, as the end of the recording says. */
function recording(): string {
  const review = recordedReview({ response: { allowed: false } });
  const lines = Array.from({ length: REVIEWS }, (_, index) => ({ ...review, id: `a-${index}` }));
  const counts = [0, REVIEWS - 1].map((index) => ({ ...repeats(7), of: `a-${index}` }));
  return [...lines, ...counts, { ...repeats(2), of: 'absent' }].map((line) => `${JSON.stringify(line)}\n`).join('');
}

describe('a recording on standard input', () => {
  test.each(['1', '2'])(
    'has the result of a file, and leaves none, with %s threads',
    { timeout: 60_000 },
    async (jobs) => {
      mkdirSync('tmp');
      vi.stubEnv('TMPDIR', path.resolve('tmp'));
      const text = recording();
      writeFileSync('a.ndjson', text);
      const ofFile = await runCommand(['replay', 'a.ndjson', '-o', 'json', '-j', jobs]);
      const ofInput = await runCommand(['replay', '-', '-o', 'json', '-j', jobs], text);
      expect(ofInput.out.replaceAll('"file":"stdin"', '"file":"a.ndjson"') === ofFile.out).toBe(true);
      expect(ofInput.code).toBe(1);
      expect(JSON.parse(ofInput.out)).toMatchObject({ summary: { reviews: REVIEWS + 14, different: REVIEWS + 14 } });
      expect(readdirSync('tmp')).toEqual([]);
    },
  );

  test('is an error if the temporary file cannot be written', { timeout: 60_000 }, async () => {
    vi.stubEnv('TMPDIR', path.resolve('absent'));
    const { code, note } = await runCommand(['replay', '-', '-j', '1'], recording());
    expect(code).toBe(2);
    expect(note).toContain(`cannot write a temporary file in "${path.resolve('absent')}": no such file or directory`);
  });
});
