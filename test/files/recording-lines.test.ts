import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { isRecording } from '../../src/files/recording-files.ts';
import { recordedEntries } from '../../src/files/recording-lines.ts';
import { repeats } from '../recording/lines.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-lines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lines(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => `${JSON.stringify(repeats(index + 1))}\n`).join(''));
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function counts(bytes: Buffer, size = 1000): Promise<readonly (number | string)[]> {
  const found: (number | string)[] = [];
  for await (const entry of recordedEntries('file', pieces(bytes, size))) {
    if ('problem' in entry) found.push(`${entry.line}: ${entry.problem}`);
    else if (entry.recorded.type === 'repeats') found.push(entry.recorded.count);
  }
  return found;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** As the writer compresses: what was flushed can be read although the frame has not ended. */
async function openFrame(parts: readonly Buffer[]): Promise<Buffer> {
  const engine = createZstdCompress();
  const written: Buffer[] = [];
  engine.on('data', (chunk: Buffer) => written.push(chunk));
  for (const part of parts) {
    await new Promise<void>((resolve) => engine.write(part, () => engine.flush(constants.ZSTD_e_flush, resolve)));
  }
  return Buffer.concat(written);
}

describe('a recording', () => {
  const text = lines(3);
  const forms: readonly (readonly [string, Buffer])[] = [
    ['plain', text],
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['several gzip files joined', Buffer.concat([gzipSync(lines(3).subarray(0, 10)), gzipSync(text.subarray(10))])],
    [
      'several zstd files joined',
      Buffer.concat([zstdCompressSync(text.subarray(0, 9)), zstdCompressSync(text.subarray(9))]),
    ],
  ];

  test.each(forms)('is read: %s', async (_form, bytes) => {
    for (const size of [1, 7, 1000]) expect(await counts(bytes, size)).toEqual([1, 2, 3]);
  });

  test('has line numbers and tells what a line is not', async () => {
    const other = Buffer.from('{"format":"tidewaiter.dev/recording/v2"}\n\n[1]\nnot json\n');
    expect(await counts(Buffer.concat([text, other]))).toEqual([
      1,
      2,
      3,
      '4: format: expected "tidewaiter.dev/recording/v1", found "tidewaiter.dev/recording/v2"',
      '6: expected a line of a recording, with "format" and "type"',
      '7: not valid JSON',
    ]);
  });

  test('is recognized by its start', async () => {
    const names: readonly (readonly [string, Buffer | string, boolean])[] = [
      ['plain', text, true],
      ['zstd', zstdCompressSync(text), true],
      ['spaces', '{"format": "tidewaiter.dev/recording/v1", "type": "review"}\n', true],
      ['sorted', '{"dropped":0,"format":"tidewaiter.dev/recording/v1"}\n{}', true],
      ['cut', '{"dropped":0,"format":"tidewaiter.dev/recording/v1","rev', true],
      ['inside', '{"a":{"format":"tidewaiter.dev/recording/v1"}}\n', false],
      ['indented', '{\n  "format": "tidewaiter.dev/recording/v1"\n}\n', false],
      ['review', '{"kind":"AdmissionReview"}', false],
      ['empty', '', false],
      ['broken', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), false],
    ];
    for (const [name, content, expected] of names) {
      const file = path.join(folder, name);
      writeFileSync(file, content);
      expect(await isRecording(file), name).toBe(expected);
    }
  });
});

describe('a recording that was cut', () => {
  test('is read up to its last whole line, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (count, cut) => {
          const text = lines(count);
          const length = Math.floor(text.length * cut);
          const whole = text.subarray(0, length).toString().split('\n').length - 1;
          const found = await counts(text.subarray(0, length));
          // The line break alone can be missing.
          expect([whole, whole + 1]).toContain(found.length);
          expect(found).toEqual(upTo(found.length));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is read up to the last flush of its compressed form', async () => {
    const before = await openFrame([lines(5)]);
    const both = await openFrame([lines(5), lines(5)]);
    expect(await counts(before)).toEqual(upTo(5));
    for (let length = before.length; length < both.length; length += 1) {
      expect((await counts(both.subarray(0, length))).slice(0, 5), String(length)).toEqual(upTo(5));
    }
    expect(await counts(gzipSync(lines(2000)).subarray(0, 3000))).not.toContain('not valid JSON');
  });

  test('tells that it is damaged elsewhere', async () => {
    const bytes = zstdCompressSync(lines(2000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    bytes.fill(0xff, 200, 400);
    expect((await counts(bytes)).at(-1)).toMatch(/^\d+: (the compressed content is damaged|not valid JSON)$/);
    expect((await counts(gzipSync(lines(2000)).fill(0xff, 200, 400))).at(-1)).toMatch(/damaged$/);
  });
});
