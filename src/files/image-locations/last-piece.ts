/**
 * Finds the part of an image after which its digest goes, and the part with its name, if the image is built from several texts,
 * such as a name and a variable.
 */
import type { ImageReference } from '../../image/reference.ts';
import { nameLength } from '../../pinning/image-location.ts';
import type { TracedText } from './traced-text.ts';

export interface LastPiece {
  /** Offset of the first character that is followed by the rest without a gap. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
}

/** Returns undefined if the tag, or the name without a tag, consists of several texts. */
export function lastPieceOf({ text, offsets }: TracedText, { tag, digest }: ImageReference): LastPiece | undefined {
  const named = digest === undefined ? text.length : text.length - digest.length - 1;
  const untagged = tag === undefined ? text.lastIndexOf('/', named) + 1 : named - tag.length;
  const needed = digest === undefined ? untagged : text.length - digest.length;
  const last = offsets.length - 1;
  const end = offsets[last];
  if (end === undefined || end === -1) return undefined;
  let first = last;
  while (first > 0 && offsets[first - 1] === end - (last - first) - 1) first -= 1;
  return first > needed ? undefined : { start: end - (last - first), end: end + 1 };
}

export interface NameText {
  readonly from: number;
  readonly to: number;
}

/** Returns where the name of an image is written; undefined if it consists of several texts. */
export function nameTextOf({ offsets }: TracedText, reference: ImageReference): NameText | undefined {
  const [from = -1] = offsets;
  const length = nameLength(reference);
  const isOne = from !== -1 && offsets.slice(0, length).every((offset, index) => offset === from + index);
  return isOne ? { from, to: from + length } : undefined;
}

/** Reports whether a variable precedes an offset in a text, other than one whose default begins there: its value would come before the name. */
export function hasVariableBefore(written: TracedText, start: number): boolean {
  const index = written.offsets.indexOf(start);
  return !/^["']?(?:\$\{\w+:?-)*$/.test(written.text.slice(0, Math.max(index, 0)));
}

/** Reports whether a variable follows an offset in a text: its value would come after the digest. */
export function hasVariableBehind(written: TracedText, end: number): boolean {
  const index = written.offsets.indexOf(end - 1);
  return written.text.includes('$', index + 1);
}
