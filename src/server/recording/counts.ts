/** What happened to the reviews of a recording. */

/** For metrics: each review counts once, when it is known. */
export interface RecordingCounts {
  /** The line is on the disk. */
  recorded: number;
  /** Of a shape that already has a line, in a line of type repeats on the disk. */
  repeated: number;
  /** Secrets, which are never recorded. */
  unrecorded: number;
  /** Of a namespace that has used its share of the recording. */
  limited: number;
  /** Lost because they could not be read or written. */
  dropped: number;
  /** Compressed bytes. */
  bytes: number;
}

/** What lines say that may not be on the disk yet. */
export interface Unsafe {
  recorded: number;
  repeated: number;
  /** Told in these lines. */
  dropped: number;
}

export function noneUnsafe(): Unsafe {
  return { recorded: 0, repeated: 0, dropped: 0 };
}

export function noCounts(): RecordingCounts {
  return { recorded: 0, repeated: 0, unrecorded: 0, limited: 0, dropped: 0, bytes: 0 };
}
