/** What the wildcards of a glob stand for, and the text with other wildcards. The leftmost, shortest match counts, as in segments.ts. */
import { ANY_SEGMENTS } from './segments.ts';

/** One text for each `*` of the glob, in order; undefined: the glob does not match. `*` matches any characters. */
export function captureGlob(glob: string, text: string): readonly string[] | undefined {
  const [head = '', ...rest] = glob.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head ? [] : undefined;
  const end = text.length - tail.length;
  if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return undefined;
  const captured: string[] = [];
  let from = head.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, from);
    if (found === -1 || found + piece.length > end) return undefined;
    captured.push(text.slice(from, found));
    from = found + piece.length;
  }
  return [...captured, text.slice(from, end)];
}

/** One text for each wildcard of the globs, in order; the segments of a `**` are joined with `separator`. */
export function captureSegments(
  globs: readonly string[],
  segments: readonly string[],
  separator: string,
): readonly string[] | undefined {
  const [head = [], ...runs] = runsOf(globs);
  const tail = runs.pop();
  if (tail === undefined) return captureRun(head, segments);
  const end = segments.length - tail.length;
  const first = captureRun(head, segments.slice(0, Math.min(head.length, end)));
  const last = captureRun(tail, segments.slice(Math.max(end, 0)));
  if (first === undefined || last === undefined) return undefined;
  const captured = [...first];
  let from = head.length;
  for (const run of runs) {
    const found = firstRun(run, segments.slice(0, end), from);
    if (found === undefined) return undefined;
    captured.push(segments.slice(from, found.at).join(separator), ...found.captured);
    from = found.at + run.length;
  }
  return [...captured, segments.slice(from, end).join(separator), ...last];
}

/** The same with the rightmost match. The globs match in one way only if both have the same result. */
export function captureSegmentsFromEnd(
  globs: readonly string[],
  segments: readonly string[],
  separator: string,
): readonly string[] | undefined {
  const captured = captureSegments(backwards(globs), backwards(segments), separator);
  return captured && backwards(captured);
}

function backwards(texts: readonly string[]): readonly string[] {
  return texts.toReversed().map((text) => Array.from(text).toReversed().join(''));
}

/** The globs between two `**`. */
function runsOf(globs: readonly string[]): readonly (readonly string[])[] {
  const runs: string[][] = [[]];
  for (const glob of globs) {
    if (glob === ANY_SEGMENTS) runs.push([]);
    else runs.at(-1)?.push(glob);
  }
  return runs;
}

function firstRun(
  run: readonly string[],
  segments: readonly string[],
  from: number,
): { readonly at: number; readonly captured: readonly string[] } | undefined {
  for (let at = from; at + run.length <= segments.length; at += 1) {
    const captured = captureRun(run, segments.slice(at, at + run.length));
    if (captured !== undefined) return { at, captured };
  }
  return undefined;
}

function captureRun(globs: readonly string[], segments: readonly string[]): readonly string[] | undefined {
  if (globs.length !== segments.length) return undefined;
  const captured: string[] = [];
  for (const [index, glob] of globs.entries()) {
    const own = captureGlob(glob, segments[index] ?? '');
    if (own === undefined) return undefined;
    captured.push(...own);
  }
  return captured;
}

/** `**`, and `*` for each other star, in order. */
export function wildcardsIn(globs: readonly string[]): readonly string[] {
  return globs.flatMap((glob) => (glob === ANY_SEGMENTS ? [glob] : Array.from(glob.matchAll(/\*/g), String)));
}
