import type { Edit } from '../../pinning/image-location.ts';

/** A text with the offset of each character in the file, even after quotes, variables, and line breaks are removed. */
export interface TracedText {
  readonly text: string;
  /** Offset of each character; -1: the character is not in the file. */
  readonly offsets: readonly number[];
}

export const EMPTY: TracedText = { text: '', offsets: [] };

/** Creates a text that is in the file unchanged, from `offset` on. */
export function textAt(text: string, offset = 0): TracedText {
  return { text, offsets: Array.from({ length: text.length }, (_, index) => offset + index) };
}

/** Creates a text that is not in the file. */
export function untraced(text: string): TracedText {
  return { text, offsets: Array.from({ length: text.length }, () => -1) };
}

export function slice({ text, offsets }: TracedText, start: number, end = text.length): TracedText {
  return { text: text.slice(start, end), offsets: offsets.slice(start, end) };
}

export function joined(words: readonly TracedText[]): TracedText {
  return { text: words.map(({ text }) => text).join(''), offsets: words.flatMap(({ offsets }) => offsets) };
}

/** Applies an edit of the file to the text; returns the same text if the edit is elsewhere. */
export function edited(word: TracedText, { from, to, text }: Edit): TracedText {
  if (to <= (word.offsets[0] ?? Infinity) || to - 1 > (word.offsets.at(-1) ?? -1)) return word;
  const end = word.offsets.indexOf(to - 1) + 1;
  if (end === 0) return word;
  return joined([slice(word, 0, end - (to - from)), untraced(text), slice(word, end)]);
}

/** Collects characters. */
export class TracedTextBuilder {
  private text = '';
  private offsets: number[] = [];

  get length(): number {
    return this.text.length;
  }

  add({ text, offsets }: TracedText): void {
    this.text += text;
    for (const offset of offsets) this.offsets.push(offset);
  }

  /** Returns the collected text and empties the builder. */
  take(): TracedText {
    const word = { text: this.text, offsets: this.offsets };
    this.text = '';
    this.offsets = [];
    return word;
  }
}

/** The whitespace of Go's unicode.IsSpace; JavaScript's \s adds the byte order mark and lacks U+0085. */
const SPACE = String.raw`\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const NO_SPACE = new RegExp(`[^${SPACE}]`);
const ONLY_SPACE = new RegExp(`^[${SPACE}]*$`);

export function isSpace(text: string): boolean {
  return ONLY_SPACE.test(text);
}

export function trimStart(word: TracedText): TracedText {
  const start = word.text.search(NO_SPACE);
  return start === -1 ? EMPTY : slice(word, start);
}

export function trim(word: TracedText): TracedText {
  const { text } = word;
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end -= 1;
  return trimStart(slice(word, 0, end));
}

/** Splits at every run of the whitespace `separator`; an empty word has one empty part, as in Go. */
export function split(word: TracedText, separator: RegExp): readonly TracedText[] {
  const parts: TracedText[] = [];
  let at = 0;
  for (const { 0: found, index } of word.text.matchAll(separator)) {
    parts.push(slice(word, at, index));
    at = index + found.length;
  }
  return [...parts, slice(word, at)];
}
