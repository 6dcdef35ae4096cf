import { describe, expect, test } from 'vitest';
import { progressOn } from '../../src/cli/progress.ts';

describe('progress', () => {
  test('is reported at intervals until the work ends', async () => {
    const notes: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const note = (text: string): void => {
      notes.push(text);
      if (notes.length === 2) resolve();
    };
    const progress = progressOn({ note }, 'objects evaluated', 5);
    progress.at(3, 10);
    await promise;
    progress.stop();
    const before = notes.length;
    await new Promise((after) => setTimeout(after, 30));
    expect(notes).toHaveLength(before);
    expect(notes.slice(0, 2)).toEqual(['3 of 10 objects evaluated\n', '3 of 10 objects evaluated\n']);
  });

  test('is not reported before the first item', async () => {
    const notes: string[] = [];
    const progress = progressOn({ note: (text) => void notes.push(text) }, 'x', 1);
    await new Promise((after) => setTimeout(after, 20));
    progress.stop();
    expect(notes).toEqual([]);
  });
});
