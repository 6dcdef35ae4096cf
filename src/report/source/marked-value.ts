/** The value that a finding is about, found in its file. */
import { valueEnd } from '../value-extent.ts';
import type { ShownValue } from './shown-line.ts';
import type { ShownSource } from './shown-source.ts';

export interface MarkedValue {
  /** Numbered from 1, the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** The value if it is an image, which may be written in quotes. */
  readonly image: string | null;
  /** RFC 6901, from the root of the object; null: the value cannot be evaluated, so it can be anything. */
  readonly pointer: string | null;
}

/** A value at the end of such a pointer can be a secret. */
const PRIVATE = /\/(?:env\/\d+\/value|args(?:\/\d+)?|command(?:\/\d+)?|(?:data|stringData|annotations)\/[^/]*)$/;

/** `last`: the last line of the value. undefined: the file has no such line. */
export function markedIn(
  { text, extent }: ShownSource,
  { line, column, image, pointer }: MarkedValue,
): (ShownValue & { readonly last: number }) | undefined {
  const own = extent(line);
  if (own === undefined) return undefined;
  const from = Math.min(own.from + column - 1, own.to);
  const to = valueEnd(text, from, image);
  const last = line + (text.slice(from, to).match(/\n/g)?.length ?? 0);
  return { from, to, image, isPrivate: pointer === null || PRIVATE.test(pointer), last };
}
