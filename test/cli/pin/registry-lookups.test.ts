import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { lookUpAll, byKey } from '../../../src/cli/pin/registry-lookups.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { tagLookup } from '../../../src/pinning/reference-lookup.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const wanted = byKey(
  Array.from({ length: 100 }, (_, index) => {
    const parsed = parseReference(`r.io/a:${index % 50}`);
    return parsed.ok ? tagLookup(parsed.reference) : undefined;
  }),
);

describe('lookups of many images', () => {
  test('run once for each image, at most 16 at a time, and report the progress every three seconds', async () => {
    const notes: string[] = [];
    const terminal = {
      out: () => {},
      note: (text: string) => void notes.push(text),
      isTerminal: false,
      colors: false,
      input: () => (async function* () {})(),
    };
    let [now, most, all] = [0, 0, 0];
    const lookups = lookUpAll(
      wanted,
      async () => {
        most = Math.max(most, (now += 1));
        all += 1;
        await new Promise((resolve) => setTimeout(resolve, 2500));
        now -= 1;
        return all;
      },
      { terminal, signal: new AbortController().signal },
    );
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await lookups).size).toBe(50);
    expect({ most, all, notes }).toEqual({
      most: 16,
      all: 50,
      notes: ['16 of 50 images looked up\n', '32 of 50 images looked up\n', '48 of 50 images looked up\n'],
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(notes).toHaveLength(3);
  });
});
