/** Pieces and chunks share memory that is used again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createChunkMemory } from '../../src/files/chunk-memory.ts';
import { filePieces } from '../../src/files/file-pieces.ts';
import { PIECE_BYTES } from '../../src/files/inflate.ts';
import { lineChunks } from '../../src/files/recording-chunks.ts';
import { repeatsLines } from '../../src/files/repeats-lines.ts';
import { repeats } from '../recording/lines.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-chunks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Overwrites a piece when the next one is read. */
async function* reused(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(memory, 0, at, at + size);
    yield memory.subarray(0, length);
    memory.fill('!');
  }
}

const SIZES = { size: fc.integer({ min: 1, max: 40 }), chunkBytes: fc.integer({ min: 1, max: 60 }) };

test('chunks are whole lines with their numbers, also if all memory is used again', async () => {
  const lines = fc.array(fc.stringMatching(/^[a-z]{0,80}$/), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.record({ ...SIZES, lines, end: fc.constantFrom('', '\n') }), async (given) => {
      const text = given.lines.join('\n') + given.end;
      const memory = createChunkMemory(given.chunkBytes);
      let read = '';
      for await (const chunk of lineChunks(reused(Buffer.from(text), given.size), memory)) {
        if ('error' in chunk) throw chunk.error;
        const { bytes, line, isCut } = chunk;
        expect(line).toBe(read.split('\n').length);
        read += bytes.toString();
        expect(isCut).toBe(!read.endsWith('\n'));
        bytes.fill('?');
        memory.giveBack(bytes.buffer);
      }
      expect(read).toBe(text);
    }),
  );
});

test('lines of type repeats are found in any pieces', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 8 });
  const review = `{"type":"review","text":"\\"repeats\\"${'x'.repeat(5000)}"}`;
  await fc.assert(
    fc.asyncProperty(counts, fc.integer({ min: 50, max: 9000 }), fc.boolean(), async (all, size, ends) => {
      const text = all.flatMap((count) => [review, JSON.stringify(repeats(count))]).join('\n') + (ends ? '\n' : '');
      const found: number[] = [];
      for await (const { count } of repeatsLines(reused(Buffer.from(text), size))) found.push(count);
      expect(found).toEqual(all);
    }),
  );
});

test.each([0, 1, PIECE_BYTES, PIECE_BYTES + 1])('a file of %i bytes is read in pieces', async (size) => {
  const at = path.join(folder, 'file');
  const content = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
  writeFileSync(at, content);
  const pieces: Buffer[] = [];
  for await (const piece of filePieces(at)) pieces.push(Buffer.from(piece));
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
});

test('a file that cannot be opened is an error of its first piece', async () => {
  await expect(filePieces(path.join(folder, 'missing')).next()).rejects.toThrow(/ENOENT/);
});
