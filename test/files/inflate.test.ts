/** Compressed content that is whole, or that ends early. */
import { setImmediate } from 'node:timers/promises';
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunks } from '../../src/files/byte-queue.ts';
import { inflated, inflateProblem, PIECE_BYTES, untilCut } from '../../src/files/inflate.ts';

const TEXT = Buffer.from(
  Array.from({ length: 30_000 }, (_, index) => `{"a":${index},"b":"${(index * 7919) % 1_000_003}"}\n`).join(''),
);

const FORMS = {
  gzip: {
    bytes: gzipSync(TEXT),
    readable: (part: Buffer) => gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH }),
  },
  zstd: {
    bytes: zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    readable: (part: Buffer) => zstdDecompressSync(part, { finishFlush: constants.ZSTD_e_continue }),
  },
} as const;
const NAMES = ['gzip', 'zstd'] as const;

async function* inPieces(bytes: Buffer, size: number): Chunks {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** With a reader that takes its time. */
async function read(source: Chunks): Promise<{ readonly bytes: Buffer; readonly problem: string | undefined }> {
  const found: Buffer[] = [];
  try {
    for await (const piece of source) {
      found.push(Buffer.from(piece));
      await setImmediate();
    }
    return { bytes: Buffer.concat(found), problem: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(found), problem: inflateProblem(error) };
  }
}

describe.each(NAMES)('%s', (name) => {
  const { bytes, readable } = FORMS[name];
  const pieces = fc.constantFrom(1000, 70_000, 1_000_000);

  test.each([1000, 70_000, 1_000_000])('that is whole, in pieces of %i bytes', async (size) => {
    const { bytes: found, problem } = await read(inflated(inPieces(bytes, size)));
    expect([found.equals(TEXT), problem]).toEqual([true, undefined]);
  });

  test.each([1000, 70_000, 1_000_000])('whose pieces are freed, in pieces of %i bytes', async (size) => {
    const { bytes: found, problem } = await read(inflated(inPieces(bytes, size), { freesPieces: true }));
    expect([found.equals(TEXT), problem]).toEqual([true, undefined]);
  });

  test('keeps the memory of at most the last pieces if they are freed', async () => {
    const memory = new Set<ArrayBufferLike>();
    for await (const { buffer } of inflated(inPieces(bytes, 1000), { freesPieces: true })) memory.add(buffer);
    expect([memory.size, [...memory].filter(({ byteLength }) => byteLength > 0).length]).toEqual([
      Math.ceil(TEXT.length / PIECE_BYTES),
      1,
    ]);
  });

  test('that ends early is read as far as it goes, and then an error', async () => {
    const ends = fc.oneof(fc.integer({ min: 4, max: bytes.length - 1 }), fc.constantFrom(4, bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(ends, pieces, async (end, size) => {
        const part = bytes.subarray(0, end);
        const expected = readable(part);
        const strict = await read(inflated(inPieces(part, size)));
        expect([strict.bytes.equals(expected), strict.problem]).toEqual([true, 'the compressed content ends early']);
        const lenient = await read(untilCut(inflated(inPieces(part, size))));
        expect([lenient.bytes.equals(expected), lenient.problem]).toEqual([true, undefined]);
      }),
      { numRuns: 60 },
    );
  });

  test('after a whole part', async () => {
    const both = Buffer.concat([bytes, bytes]);
    const { bytes: found, problem } = await read(inflated(inPieces(both.subarray(0, -1), 1000)));
    expect([found.subarray(0, TEXT.length).equals(TEXT), problem]).toEqual([true, 'the compressed content ends early']);
  });

  test('that is damaged elsewhere', async () => {
    const damaged = Buffer.from(bytes).fill(0xff, 2000, 2400);
    for (const source of [inflated(inPieces(damaged, 1000)), untilCut(inflated(inPieces(damaged, 1000)))])
      expect((await read(source)).problem).toBe('the compressed content is damaged');
  });
});
