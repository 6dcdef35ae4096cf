/** What `serve` records, and how much of the disk it uses. */

export interface RecordingSettings {
  readonly directory: string;
  /** Compressed. */
  readonly segmentBytes: number;
  readonly segmentMs: number;
  /** Of all segments in the directory. */
  readonly totalBytes: number;
  /** From 0 to 1. */
  readonly rate: number;
  /** Globs; none: all namespaces, and objects without a namespace. */
  readonly namespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** `shape`: one line for reviews that differ only in UIDs, times, and generated names. */
  readonly each: 'shape' | 'review';
  /** Names of fields that are redacted as well. */
  readonly redact: readonly string[];
}
