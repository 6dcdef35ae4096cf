/** A reader that has seen enough, such as `head -1`, ends a replay at once. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { recordedReview } from '../../recording/lines.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('closed-output');

const MAIN = path.resolve(import.meta.dirname, '../../../src/main.ts');

test.each([['1'], ['2']])(
  'without messages, and with the exit code of what it has evaluated, in %s threads',
  async (jobs) => {
    mkdirSync('rec');
    // More than a pipe holds.
    for (let file = 0; file < 300; file += 1) {
      const review = recordedReview({
        id: `${file}-1`,
        response: { allowed: false, status: { message: 'x'.repeat(2000) } },
      });
      writeFileSync(`rec/${file}.ndjson`, `${JSON.stringify(review)}\n`);
    }
    // It is read last, and never has content: a replay that went on would not end.
    execFileSync('mkfifo', ['endless']);
    const argv = ['replay', 'rec', 'endless', '-o', 'json', '-j', jobs];
    const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      let notes = '';
      child.stderr.on('data', (text: Buffer) => (notes += text.toString()));
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const [code] = (await once(child, 'close')) as [number];
      expect({ code, notes }).toEqual({ code: 1, notes: '' });
    } finally {
      child.kill('SIGKILL');
    }
  },
);
