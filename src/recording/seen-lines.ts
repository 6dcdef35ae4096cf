/**
 * Finds reviews that are in recordings twice, for example in a file and in a copy of it. A copy of a file that a server still wrote
 * has fewer occurrences than the file: those of the longer one count, whichever is read first.
 */
import type { Recorded } from './format.ts';

export interface SeenLines {
  /** Reports whether the id of a line comes for the first time, and remembers it. */
  isNew(id: string): boolean;
}

/** Lines of a file are numbered, so that a bit is enough for each. */
const NUMBERED = /^(.*)-(0|[1-9]\d{0,8})$/s;
const BLOCK_LINES = 4096;
/** 10 MiB of numbers, or as many other ids; of more, none is found twice. */
const MAX_BLOCKS = 20_000;
const MAX_ID = 500;

export function seenLines(): SeenLines {
  const blocks = new Map<string, Uint8Array>();
  return {
    isNew(id) {
      if (id.length > MAX_ID) return true;
      const [, file, number] = NUMBERED.exec(id) ?? [];
      const line = number === undefined ? 0 : Number(number) % BLOCK_LINES;
      const key = number === undefined ? id : `${file}-${Math.floor(Number(number) / BLOCK_LINES)}`;
      const block = blocks.get(key) ?? blockFor(key, number !== undefined, blocks);
      const bit = 1 << (line & 7);
      const known = block?.[line >> 3] ?? 0;
      if (block !== undefined) block[line >> 3] = known | bit;
      return (known & bit) === 0;
    },
  };
}

function blockFor(key: string, isNumbered: boolean, blocks: Map<string, Uint8Array>): Uint8Array | undefined {
  if (blocks.size >= MAX_BLOCKS) return undefined;
  const block = new Uint8Array(isNumbered ? BLOCK_LINES / 8 : 1);
  blocks.set(key, block);
  return block;
}

export interface CountedLines {
  /** Returns how often the review of the line counted in the files before, and remembers the line; 0: it is new, Infinity: this is not known. */
  before(id: string): number;
  /** Remembers how often the review of the line occurred in a file. */
  raise(id: string, count: number): void;
}

const MAX_COUNTS = 200_000;

export function countedLines(): CountedLines {
  const seen = seenLines();
  // Others occurred once.
  const counts = new Map<string, number>();
  const known = (id: string): number => counts.get(id) ?? (counts.size < MAX_COUNTS ? 1 : Infinity);
  return {
    before: (id) => (seen.isNew(id) ? 0 : known(id)),
    raise(id, count) {
      if (count > 1 && (counts.has(id) || counts.size < MAX_COUNTS)) counts.set(id, Math.max(count, known(id)));
    },
  };
}

/** Returns a function that reports whether what a line says about dropped reviews is new. `key`: of `droppedKey`. */
export function newDropped(): (key: string) => boolean {
  const keys = new Set<string>();
  return (key) => {
    if (keys.has(key)) return false;
    if (keys.size < MAX_COUNTS) keys.add(key);
    return true;
  };
}

/** The same for a line in a file and in a copy of it. */
export function droppedKey(recorded: Recorded): string {
  return recorded.type === 'review' ? recorded.id : `${recorded.of} ${recorded.first} ${recorded.last}`;
}

/** `count`: reviews. */
export function twiceText(count: number): string {
  const reviews = count === 1 ? '1 review is' : `${count} reviews are`;
  return `${reviews} in the recordings more than once, for example in a file and in a copy of it, and ${count === 1 ? 'counts' : 'count'} once`;
}
