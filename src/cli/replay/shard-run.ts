/** What is different in the replay of a shard: which reviews are evaluated, and that its result is kept for `--merge`. */
import { createHash } from 'node:crypto';
import type { RecordingSource } from '../../files/recordings.ts';
import { isWhole } from '../../recording/replay-row.ts';
import type { NoticeRow } from '../../report/rows.ts';
import { isInShard, type Shard } from './shard.ts';
import type { ShardPlace } from './shard-result.ts';
import type { ShardWriter } from './shard-writer.ts';
import type { WeightedItem } from './weights.ts';

export interface ShardRun {
  /** What was read of recordings. */
  addPiece(piece: Uint8Array | string): void;
  /** Leaves out reviews of other shards that are not lines of a recording. */
  ownSources(sources: AsyncIterable<RecordingSource>): AsyncGenerator<RecordingSource, void>;
  take(item: WeightedItem): void;
  /** All items of the source were taken. Returns how many of its reviews belong to other shards. */
  end(source: RecordingSource): number;
  addNotice(notice: NoticeRow): void;
  /** Keeps the result. */
  keep(): void;
  /** Leaves no result, unless it was kept: nothing must merge a part of one. */
  close(): void;
}

/** `writer`: undefined if the result is not kept. */
export function shardRun(shard: Shard, writer: ShardWriter | undefined): ShardRun {
  // The pieces of a pipe can be read at any time.
  const [content, names] = [createHash('sha256'), createHash('sha256')];
  const notices: NoticeRow[] = [];
  const counts = { files: 0, dropped: 0, unmatched: 0, timeless: 0, filtered: 0, twice: 0 };
  let isOpen = true;
  /** Of the sources that were read and whose items were not all taken. */
  const reading: { readonly at: Places; readonly others: number }[] = [];
  const placeOf = (item: WeightedItem): ShardPlace => {
    const [first] = reading;
    if (first === undefined) throw new RangeError('an item comes after its source');
    return { source: counts.files, at: first.at(item) };
  };
  return {
    addPiece: (piece) => void content.update(piece),
    async *ownSources(sources) {
      for await (const source of sources) {
        names.update(`${JSON.stringify(describe(source))}\n`);
        const { chosen, indexes, others } = ownReviews(source, shard);
        reading.push({ at: placesIn(chosen, indexes), others });
        yield chosen;
      }
    },
    take(item) {
      if ('row' in item && isWhole(item.row)) writer?.add({ ...placeOf(item), row: item.row });
      else if ('error' in item) writer?.add({ ...placeOf(item), error: item.error });
      else if ('dropped' in item) counts.dropped += item.dropped;
      else if ('unmatched' in item) counts.unmatched += item.unmatched;
      else if ('leftOut' in item) {
        placeOf(item);
        counts[item.leftOut] += item.count;
      }
    },
    end({ form }) {
      if (form !== 'skipped') counts.files += 1;
      return reading.shift()?.others ?? 0;
    },
    addNotice: (notice) => void notices.push(notice),
    keep() {
      isOpen = false;
      writer?.end({ counts, inputs: `${content.digest('hex')}${names.digest('hex')}`, notices });
    },
    close: () => {
      if (isOpen) writer?.abandon();
    },
  };
}

/** Reviews are in memory, so what they are is enough; recordings are read piece by piece. */
function describe(source: RecordingSource): unknown {
  if (source.form !== 'reviews') return source.form === 'lines' ? source.file : null;
  const { file, recordings, errors } = source;
  return [file, recordings.map(({ line, review }) => [line, review.request.uid]), errors];
}

interface OwnReviews {
  readonly chosen: RecordingSource;
  /** The indexes of its reviews, and then of its errors, among all in the source. */
  readonly indexes: readonly number[];
  /** How many reviews are left out. */
  readonly others: number;
}

function ownReviews(source: RecordingSource, shard: Shard): OwnReviews {
  if (source.form !== 'reviews') return { chosen: source, indexes: [], others: 0 };
  const all = source.recordings.map((recording, index) => ({ recording, index }));
  const own = all.filter(({ recording }) => isInShard(recording.review.request.uid, shard));
  const errors = source.errors.map((_, index) => all.length + index);
  return {
    chosen: { ...source, recordings: own.map(({ recording }) => recording) },
    indexes: [...own.map(({ index }) => index), ...errors],
    others: all.length - own.length,
  };
}

/** Returns the place of each item of a source, in their order. */
type Places = (item: WeightedItem) => number;

function placesIn({ form }: RecordingSource, indexes: readonly number[]): Places {
  if (form === 'lines') return lineOf;
  let next = 0;
  return () => indexes[next++] ?? 0;
}

function lineOf(item: WeightedItem): number {
  if ('row' in item && isWhole(item.row)) return item.row.line;
  return 'error' in item ? (item.error.line ?? 0) : 0;
}
