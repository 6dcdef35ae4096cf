import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answersTo, byKey } from '../../src/cli/registry-lookups.ts';
import { parseReference } from '../../src/image/reference.ts';
import { tagQuestion } from '../../src/pinning/pinned-references.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const questions = byKey(
  Array.from({ length: 100 }, (_, index) => {
    const parsed = parseReference(`r.io/a:${index % 50}`);
    return parsed.ok ? tagQuestion(parsed.reference) : undefined;
  }),
);

describe('asking for many images', () => {
  test('asks for each once, at most 16 at a time, and tells every five seconds how far it is', async () => {
    const notes: string[] = [];
    const terminal = {
      out: () => {},
      note: (text: string) => void notes.push(text),
      isTerminal: false,
      colors: false,
      input: () => (async function* () {})(),
    };
    let [now, most, all] = [0, 0, 0];
    const answering = answersTo(
      questions,
      async () => {
        most = Math.max(most, (now += 1));
        all += 1;
        await new Promise((resolve) => setTimeout(resolve, 3000));
        now -= 1;
        return all;
      },
      { terminal, signal: new AbortController().signal },
    );
    await vi.advanceTimersByTimeAsync(12_000);
    expect((await answering).size).toBe(50);
    expect({ most, all, notes }).toEqual({
      most: 16,
      all: 50,
      notes: ['asked for 16 of 50 images\n', 'asked for 48 of 50 images\n'],
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(notes).toHaveLength(2);
  });
});
