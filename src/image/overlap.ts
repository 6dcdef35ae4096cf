/** Decides whether two patterns can match the same image. */
import { splitPort } from './grammar.ts';
import type { ImagePattern } from './pattern.ts';
import { ANY_SEGMENTS, isGlob } from './segments.ts';

/** Exact for hosts, paths, and tags; digests are not considered. */
export function canOverlap(one: ImagePattern, other: ImagePattern): boolean {
  return hostsOverlap(one.host, other.host) && pathsOverlap(one.segments, other.segments) && tagsOverlap(one, other);
}

function hostsOverlap(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return true;
  if (!isGlob(one) && !isGlob(other)) return false;
  const [left, right] = [splitPort(one), splitPort(other)];
  return left.port === right.port && pathsOverlap(left.host.split('.'), right.host.split('.'));
}

function tagsOverlap({ tag: one }: ImagePattern, { tag: other }: ImagePattern): boolean {
  return one === undefined || other === undefined || globsOverlap(one, other);
}

function pathsOverlap(one: readonly string[], other: readonly string[]): boolean {
  return !differAtStart(one, other) && overlap(one, other, { any: ANY_SEGMENTS, meets: globsOverlap });
}

/** Reports whether two lists of globs have different texts before the first glob. Lists are compared with all others of a policy. */
export function differAtStart(one: readonly string[], other: readonly string[]): boolean {
  for (const [index, segment] of one.entries()) {
    const beside = other[index];
    if (beside === undefined || isGlob(segment) || isGlob(beside)) return false;
    if (segment !== beside) return true;
  }
  return false;
}

function globsOverlap(one: string, other: string): boolean {
  return overlap(one.split(''), other.split(''), { any: '*', meets: (left, right) => left === right });
}

interface Alphabet {
  /** Stands for any number of items. */
  readonly any: string;
  readonly meets: (one: string, other: string) => boolean;
}

/** Reports whether some list matches both. `reached[at]`: the items of `one` so far, and those of `other` before `at`, can match. */
function overlap(one: readonly string[], other: readonly string[], { any, meets }: Alphabet): boolean {
  let reached = [true];
  for (const given of other) reached.push(reached.at(-1) === true && given === any);
  for (const item of one) {
    const next = [reached[0] === true && item === any];
    for (const [at, given] of other.entries()) {
      const isMatch =
        item === any || given === any
          ? reached[at + 1] === true || next[at] === true
          : reached[at] === true && meets(item, given);
      next.push(isMatch);
    }
    reached = next;
  }
  return reached.at(-1) === true;
}
