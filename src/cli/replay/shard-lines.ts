/** Chooses the lines of a recording that belong to a shard, without parsing the others. */
import { filePieces } from '../../files/file-pieces.ts';
import { inflated, untilCut } from '../../files/inflate.ts';
import { unreadable } from '../../files/manifest-objects.ts';
import type { LineTest, RecordedEntry } from '../../files/recording-lines.ts';
import type { RecordedItem } from '../../files/recording-events.ts';
import { repeatsLines } from '../../files/repeats-lines.ts';
import type { Recorded, RecordedRepeats } from '../../recording/format.ts';
import { jsonMembers, valueOf } from '../../server/json-members.ts';
import { isInShard, type Shard } from './shard.ts';

export interface OwnLines {
  readonly isIncluded: LineTest | undefined;
  /** How many lines were left out. */
  others(): number;
  /** A line that names itself twice could count in no shard, or in two. */
  problem(file: string, entry: RecordedEntry): RecordedItem | undefined;
}

export function ownLines(shard: Shard | undefined): OwnLines {
  if (shard === undefined) return { isIncluded: undefined, others: () => 0, problem: () => undefined };
  let others = 0;
  return {
    isIncluded(text, line) {
      const isOwn = isInShard(lineIdentity(text, line), shard);
      if (!isOwn) others += 1;
      return isOwn;
    },
    others: () => others,
    problem(file, entry) {
      if ('problem' in entry || isInShard(identityOf(entry.recorded), shard)) return undefined;
      const message = 'the line has "id", "of", or "type" twice; remove one of them';
      return { error: { ...unreadable(file, message), line: entry.line, column: 1 } };
    },
  };
}

/** Reads the lines of type `repeats` of a file that belong to a shard. */
export async function* ownRepeats(file: string, shard: Shard | undefined): AsyncGenerator<RecordedRepeats, void> {
  for await (const repeats of repeatsLines(untilCut(inflated(filePieces(file), { freesPieces: true })))) {
    if (shard === undefined || isInShard(repeats.of, shard)) yield repeats;
  }
}

/** Of a line in a recording, without parsing the review. A line that has none is invalid, and counts by its number. */
export function lineIdentity(line: Buffer, number: number): string {
  const found = new Map<string, unknown>();
  for (const { key, at, end } of jsonMembers(line, 0)) {
    if (!IDENTIFYING.has(key) || end === undefined) continue;
    found.set(key, valueOf(line, at, end));
    const identity = found.get(found.get('type') === 'repeats' ? 'of' : 'id');
    if (found.has('type') && typeof identity === 'string') return identity;
  }
  return String(number);
}

const IDENTIFYING = new Set(['type', 'id', 'of']);

function identityOf(recorded: Recorded): string {
  return recorded.type === 'repeats' ? recorded.of : recorded.id;
}
