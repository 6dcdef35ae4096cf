/** What `unifiedDiff` prints is what git makes of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { applyEdits, type Edit } from '../../src/pinning/image-location.ts';
import { unifiedDiff } from '../../src/report/diff.ts';
import { paint } from '../../src/report/paint.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plain = paint(false);

describe('unifiedDiff', () => {
  test('takes changes that are near into one hunk, and others into hunks of their own', () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');
    const edits = ['line 2\n', 'line 8\n', 'line 20\n'].map((line) => {
      const from = text.indexOf(line) + line.length - 1;
      return { from, to: from, text: line === 'line 8\n' ? '!\nnew' : '!' };
    });
    const diff = unifiedDiff({ file: './a.yaml', text, edits }, plain);
    expect(diff.match(/^(?:[-+]|@@).*$/gm)).toEqual([
      '--- a/a.yaml',
      '+++ b/a.yaml',
      '@@ -1,11 +1,12 @@',
      '-line 2',
      '+line 2!',
      '-line 8',
      '+line 8!',
      '+new',
      '@@ -17,7 +18,7 @@',
      '-line 20',
      '+line 20!',
    ]);
  });

  test('is empty when nothing changes', () => {
    expect(unifiedDiff({ file: 'a', text: 'a\n', edits: [] }, plain)).toBe('');
  });

  test('gives a terminal no characters that it would obey', () => {
    const text = 'a\u001B[2J\u202E\r\n';
    const edits = [{ from: 1, to: 1, text: 'x' }];
    expect(unifiedDiff({ file: 'a', text, edits }, paint(true))).toContain('-a[2J\n');
    expect(unifiedDiff({ file: 'a', text, edits }, plain)).toContain(`-${text}`);
  });

  test('is taken by git, whatever the text and the changes', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', '', '  c # d', 'e\r'), { minLength: 1, maxLength: 40 });
    const places = fc.array(fc.tuple(fc.nat(), fc.constantFrom('x', 'x\ny', '')), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lines, places, fc.boolean(), (parts, chosen, ended) => {
        const text = `${parts.join('\n')}z${ended ? '\n' : ''}`;
        const offsets = new Map(chosen.map(([place, added]) => [place % text.length, added]));
        const edits: readonly Edit[] = [...offsets].map(([from, added]) => ({ from, to: from, text: added }));
        const after = applyEdits(text, edits);
        const file = path.join(folder, 'a.txt');
        writeFileSync(file, text);
        const diff = unifiedDiff({ file: 'a.txt', text, edits }, plain);
        expect(diff === '').toBe(after === text);
        if (diff !== '')
          execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { input: diff, cwd: folder, stdio: 'pipe' });
        expect(readFileSync(file, 'utf8')).toBe(after);
      }),
      { numRuns: 60 },
    );
  });
});
