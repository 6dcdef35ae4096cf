/**
 * Finds the part of an image after which its digest goes, if the image is built from several texts, such as a name and a
 * variable.
 */
import type { ImageReference } from '../../image/reference.ts';
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

/** Reports whether a variable follows an offset in a text: its value would come after the digest. */
export function hasVariableBehind(written: TracedText, end: number): boolean {
  const index = written.offsets.indexOf(end - 1);
  return written.text.includes('$', index + 1);
}
