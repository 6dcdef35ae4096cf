/**
 * Go's filepath.Match on one label of a host: `*`, `?`, classes, and escapes. Names are ASCII without "/", as the labels of an
 * image's host are; the pattern is a byte string. A malformed pattern matches nothing: the kubelet drops the error.
 */
import { textOf } from './bytes.ts';

type Step = (character: string) => boolean;

/** The steps between two stars. */
type Chunk = readonly Step[];

export function isFilepathGlob(label: string): boolean {
  return /[*?[\\]/.test(label);
}

/** Takes at most time proportional to the product of both lengths. */
export function compileFilepathGlob(pattern: string): (name: string) => boolean {
  const chunks = chunksOf(Array.from(textOf(pattern, BAD_BYTE)));
  if (chunks === undefined) return () => false;
  const [head, ...others] = chunks;
  const tail = others.at(-1);
  const middle = others.slice(0, -1);
  return (name) => {
    if (head === undefined || !matchesAt(head, name, 0)) return false;
    if (tail === undefined) return name.length === head.length;
    return matchesRest(name, head.length, middle, tail);
  };
}

/** Matches each chunk as far left as possible, and the last one at the end. */
function matchesRest(name: string, from: number, middle: readonly Chunk[], tail: Chunk): boolean {
  let at = from;
  for (const chunk of middle) {
    while (at + chunk.length <= name.length && !matchesAt(chunk, name, at)) at += 1;
    if (at + chunk.length > name.length) return false;
    at += chunk.length;
  }
  const end = name.length - tail.length;
  return at <= end && matchesAt(tail, name, end);
}

function matchesAt(chunk: Chunk, name: string, at: number): boolean {
  return at + chunk.length <= name.length && chunk.every((step, index) => step(name.charAt(at + index)));
}

/** Replaces bytes that are not UTF-8. It equals no character, and makes a class malformed. */
const BAD_BYTE = '\ud800';

/** Returns undefined for a malformed pattern. */
function chunksOf(pattern: readonly string[]): readonly Chunk[] | undefined {
  const chunks: Step[][] = [[]];
  for (let at = 0; at < pattern.length;) {
    const term = termAt(pattern, at);
    if (term === undefined) return undefined;
    if (term.step === undefined) chunks.push([]);
    else chunks.at(-1)?.push(term.step);
    at = term.next;
  }
  return chunks;
}

interface Term {
  /** `undefined` for a star. */
  readonly step: Step | undefined;
  readonly next: number;
}

function termAt(pattern: readonly string[], at: number): Term | undefined {
  const character = pattern[at];
  if (character === '*') return { step: undefined, next: at + 1 };
  if (character === '[') return classAt(pattern, at + 1);
  if (character === '?') return { step: () => true, next: at + 1 };
  const literal = character === '\\' ? pattern[at + 1] : character;
  if (literal === undefined) return undefined;
  return { step: (found) => found === literal, next: character === '\\' ? at + 2 : at + 1 };
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly next: number;
}

function classAt(pattern: readonly string[], start: number): Term | undefined {
  const negated = pattern[start] === '^';
  const ranges: Range[] = [];
  let at = negated ? start + 1 : start;
  while (pattern[at] !== ']' || ranges.length === 0) {
    const range = rangeAt(pattern, at);
    if (range === undefined) return undefined;
    ranges.push(range);
    at = range.next;
  }
  const step: Step = (found) => {
    const code = found.charCodeAt(0);
    return ranges.some(({ low, high }) => low <= code && code <= high) !== negated;
  };
  return { step, next: at + 1 };
}

function rangeAt(pattern: readonly string[], at: number): Range | undefined {
  const low = classCharacter(pattern, at);
  if (low === undefined || pattern[low.next] !== '-') return low && { low: low.code, high: low.code, next: low.next };
  const high = classCharacter(pattern, low.next + 1);
  return high && { low: low.code, high: high.code, next: high.next };
}

/** Requires a following character, at least the closing bracket. */
function classCharacter(
  pattern: readonly string[],
  at: number,
): { readonly code: number; readonly next: number } | undefined {
  if (pattern[at] === '-' || pattern[at] === ']') return undefined;
  const place = pattern[at] === '\\' ? at + 1 : at;
  const code = pattern[place]?.codePointAt(0);
  if (code === undefined || pattern[place] === BAD_BYTE || place + 1 >= pattern.length) return undefined;
  return { code, next: place + 1 };
}
