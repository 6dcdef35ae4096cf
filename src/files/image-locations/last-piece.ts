/** An image that is put together from several texts, such as a name and a variable: the piece of it that a digest goes behind. */
import type { ImageReference } from '../../image/reference.ts';
import type { TracedText } from './traced-text.ts';

export interface LastPiece {
  /** Of its first character in the file, of all that is written before it without a gap. */
  readonly start: number;
  /** Behind its last one. */
  readonly end: number;
}

/** Undefined where what the digest is of, the tag or the name without one, is not written in one piece. */
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

/** Whether a variable is written behind a place in a text: with another value it would come behind the digest. */
export function hasVariableBehind(written: TracedText, end: number): boolean {
  const index = written.offsets.indexOf(end - 1);
  return written.text.includes('$', index + 1);
}
