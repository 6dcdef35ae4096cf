/** The files of a recording: begins new ones by size and age, and removes the oldest when all together are too large. */
import { readdirSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { openSegment, type Segment, SEGMENT_NAME } from './segment.ts';
import type { WriterSettings } from './settings.ts';

export interface Segments {
  /** The file that is being written. */
  current(): Segment | undefined;
  /** Begins a file if there is none. */
  open(now: number): Segment;
  /** Reports whether the file is too large or too old. */
  isDue(now: number): boolean;
  /** Makes room on the disk. Throws if the directory cannot be read. */
  prune(now: number): void;
  end(): Promise<void>;
  abandon(): void;
}

const MAX_RESERVE_BYTES = 4 * 1024 * 1024;
/** A file that another server still writes. */
const IN_USE_MS = 60_000;

/** `onBytes` is called with the size of what was written. */
export function createSegments(
  { directory, segmentBytes, segmentMs, totalBytes }: WriterSettings,
  onBytes: (bytes: number) => void,
): Segments {
  let segment: Segment | undefined;
  // What is written until the next check.
  const reserve = Math.min(MAX_RESERVE_BYTES, totalBytes / 8);
  const prune = (now: number): void => {
    const files = filesIn(directory);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes, changedAt } of files) {
      if (total <= totalBytes - reserve) return;
      if (name === segment?.name || now - changedAt < IN_USE_MS) continue;
      unlinkSync(path.join(directory, name));
      total -= bytes;
    }
  };
  const end = async (): Promise<void> => {
    const ending = segment;
    segment = undefined;
    await ending?.end();
  };
  return {
    current: () => segment,
    open(now) {
      if (segment === undefined) {
        prune(now);
        segment = openSegment(directory, now, onBytes);
      }
      return segment;
    },
    isDue: (now) => segment !== undefined && (segment.bytes() >= segmentBytes || now - segment.startedAt >= segmentMs),
    prune,
    end,
    abandon() {
      segment?.abandon();
      segment = undefined;
    },
  };
}

interface SegmentFile {
  readonly name: string;
  readonly bytes: number;
  readonly changedAt: number;
}

/** Oldest first. */
function filesIn(directory: string): readonly SegmentFile[] {
  return readdirSync(directory)
    .filter((name) => SEGMENT_NAME.test(name))
    .sort()
    .flatMap((name) => {
      const stats = statSync(path.join(directory, name), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, bytes: stats.size, changedAt: stats.mtimeMs }];
    });
}
