import type { Edit } from '../../pinning/image-location.ts';

/** A text whose every character knows where in the file it is written, also after quotes, variables and line breaks are gone. */
export interface Word {
  readonly text: string;
  /** Offset of each character; -1 for one that is written nowhere. */
  readonly offsets: readonly number[];
}

export const EMPTY: Word = { text: '', offsets: [] };

/** A text that stands in the file as it is, from `offset` on. */
export function wordAt(text: string, offset = 0): Word {
  return { text, offsets: Array.from({ length: text.length }, (_, index) => offset + index) };
}

/** A text that stands nowhere. */
export function madeUp(text: string): Word {
  return { text, offsets: Array.from({ length: text.length }, () => -1) };
}

export function slice({ text, offsets }: Word, start: number, end = text.length): Word {
  return { text: text.slice(start, end), offsets: offsets.slice(start, end) };
}

export function joined(words: readonly Word[]): Word {
  return { text: words.map(({ text }) => text).join(''), offsets: words.flatMap(({ offsets }) => offsets) };
}

/** As it is when its file is edited; the same one where that is elsewhere. */
export function edited(word: Word, { from, to, text }: Edit): Word {
  if (to <= (word.offsets[0] ?? Infinity) || to - 1 > (word.offsets.at(-1) ?? -1)) return word;
  const end = word.offsets.indexOf(to - 1) + 1;
  if (end === 0) return word;
  return joined([slice(word, 0, end - (to - from)), madeUp(text), slice(word, end)]);
}

/** Collects characters. */
export class WordBuilder {
  private text = '';
  private offsets: number[] = [];

  get length(): number {
    return this.text.length;
  }

  add({ text, offsets }: Word): void {
    this.text += text;
    for (const offset of offsets) this.offsets.push(offset);
  }

  /** What was collected; then it is empty again. */
  take(): Word {
    const word = { text: this.text, offsets: this.offsets };
    this.text = '';
    this.offsets = [];
    return word;
  }
}

/** What Go's unicode.IsSpace takes for white space; JavaScript's \s also has the byte order mark, and lacks U+0085. */
const SPACE = String.raw`\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const NO_SPACE = new RegExp(`[^${SPACE}]`);
const ONLY_SPACE = new RegExp(`^[${SPACE}]*$`);

export function isSpace(text: string): boolean {
  return ONLY_SPACE.test(text);
}

export function trimStart(word: Word): Word {
  const start = word.text.search(NO_SPACE);
  return start === -1 ? EMPTY : slice(word, start);
}

export function trim(word: Word): Word {
  const { text } = word;
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end -= 1;
  return trimStart(slice(word, 0, end));
}

/** At every run of the white space that `separator` is; an empty word has one empty part, as in Go. */
export function split(word: Word, separator: RegExp): readonly Word[] {
  const parts: Word[] = [];
  let at = 0;
  for (const { 0: found, index } of word.text.matchAll(separator)) {
    parts.push(slice(word, at, index));
    at = index + found.length;
  }
  return [...parts, slice(word, at)];
}
