/** The volume for recordings of reviews, and what the server may write into it. */
import type { RecordingVolume } from './options.ts';
import type { TreeObject } from './yaml.ts';

/** The directory of the volume in the container. */
export const RECORDINGS = '/var/lib/tidewaiter-recordings';

/** The rest of the volume, in percent, is for files that are being written. A Pod whose emptyDir exceeds its limit is evicted. */
export const FULL_PERCENT = 90;
/** The default of `recordSegmentMib`, of which two files must fit. */
export const SEGMENT_MIB = 64;
const MIN_SEGMENTS = 2;
export const MIN_SIZE_MIB = Math.ceil((100 * MIN_SEGMENTS * SEGMENT_MIB) / FULL_PERCENT);

/** The largest `recordTotalMib`. */
export const MAX_SIZE_MIB = 1_048_576;

export function recordingVolume({ sizeMib, claim }: RecordingVolume): TreeObject {
  if (claim !== undefined) return { persistentVolumeClaim: { claimName: claim } };
  return { emptyDir: { sizeLimit: `${sizeMib}Mi` } };
}

export function recordingSettings({ sizeMib }: RecordingVolume, settings: TreeObject): TreeObject {
  const { recordTotalMib = boundMib(sizeMib) } = settings;
  return { record: RECORDINGS, recordTotalMib };
}

function boundMib(sizeMib: number): number {
  return Math.floor((sizeMib * FULL_PERCENT) / 100);
}

/** Returns why the recordings do not fit into the volume. */
export function recordingProblem({ sizeMib }: RecordingVolume, settings: TreeObject): string | undefined {
  const bound = boundMib(sizeMib);
  const { recordTotalMib = bound, recordSegmentMib = SEGMENT_MIB } = settings;
  const [total, segment] = [Number(recordTotalMib), Number(recordSegmentMib)];
  if (total > bound) {
    return `recordTotalMib, ${total}, must be at most ${FULL_PERCENT} % of the volume, which are ${bound} MiB`;
  }
  if (total >= MIN_SEGMENTS * segment) return undefined;
  return `${total} MiB of recordings must have room for two files (recordSegmentMib, ${segment} MiB each)`;
}
