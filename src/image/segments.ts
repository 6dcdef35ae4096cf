/** Globs over lists: segments of a path, or labels of a host. `*` matches within one item, `**` any number of items. */
import { compileGlob, type TextTest } from './glob.ts';

export const ANY_SEGMENTS = '**';

export type SegmentsTest = (segments: readonly string[]) => boolean;

export function isGlob(text: string): boolean {
  return text.includes('*');
}

/**
 * Compiles globs to a test of all segments, in order. The globs between two `**` have a fixed length: the first and last groups
 * are compared at the ends, the others at their first match after the previous group. There is no backtracking.
 */
export function compileSegments(globs: readonly string[]): SegmentsTest {
  const runs: TextTest[][] = [[]];
  for (const glob of globs) {
    if (glob === ANY_SEGMENTS) runs.push([]);
    else runs.at(-1)?.push(compileGlob(glob));
  }
  const [head = [], ...rest] = runs;
  const tail = rest.pop();
  if (tail === undefined) return (segments) => segments.length === head.length && fits(head, segments, 0);
  return (segments) => {
    const end = segments.length - tail.length;
    if (end < head.length || !fits(head, segments, 0) || !fits(tail, segments, end)) return false;
    let from = head.length;
    for (const run of rest) {
      while (from + run.length <= end && !fits(run, segments, from)) from += 1;
      from += run.length;
    }
    return from <= end;
  };
}

function fits(run: readonly TextTest[], segments: readonly string[], at: number): boolean {
  for (let index = 0; index < run.length; index += 1) {
    if (!run[index]?.(segments[at + index] ?? '')) return false;
  }
  return true;
}

/**
 * Returns the prefix of all matching paths: the segments before the first glob, and its literal beginning. Without the slash
 * before `**`, because `a/**` also matches `a`.
 */
export function literalPrefix(globs: readonly string[]): string {
  const first = globs.findIndex(isGlob);
  if (first === -1) return globs.join('/');
  const glob = globs[first] ?? '';
  const before = globs.slice(0, first);
  return (glob === ANY_SEGMENTS ? before : [...before, glob.slice(0, glob.indexOf('*'))]).join('/');
}
