/** Which of the texts of a report contain a word: all texts as one, because one search is faster than 100,000. */
import type { Strings } from '../pack.ts';

export interface TextIndex {
  /** By the number of a text: 1 if it contains `text`, which is in lower case. */
  readonly having: (text: string) => Uint8Array;
  /** In lower case. */
  readonly at: (code: number) => string;
}

/** What a reader types is looked up again after each change of a filter. */
const MAX_KNOWN = 24;

export function createTextIndex(strings: Strings): TextIndex {
  const all = strings
    .map((text) => (text ?? '').replaceAll('\n', ' '))
    .join('\n')
    .toLowerCase();
  const starts = startsIn(all, strings.length);
  const known = new Map<string, Uint8Array>();
  return {
    having(text) {
      const before = known.get(text);
      if (before !== undefined) return before;
      const found = search(all, starts, text);
      if (known.size === MAX_KNOWN) known.clear();
      known.set(text, found);
      return found;
    },
    at: (code) => all.slice(starts[code], (starts[code + 1] ?? 0) - 1),
  };
}

/** Where each text begins, and where one after the last would. */
function startsIn(all: string, count: number): Int32Array {
  const starts = new Int32Array(count + 1);
  for (let index = 1; index < count; index += 1) starts[index] = all.indexOf('\n', starts[index - 1]) + 1;
  starts[count] = all.length + 1;
  return starts;
}

function search(all: string, starts: Int32Array, text: string): Uint8Array {
  const found = new Uint8Array(starts.length - 1);
  if (text === '') return found.fill(1);
  let index = 0;
  for (let at = all.indexOf(text); at >= 0; at = all.indexOf(text, starts[index + 1])) {
    while ((starts[index + 1] ?? Infinity) <= at) index += 1;
    found[index] = 1;
  }
  return found;
}
