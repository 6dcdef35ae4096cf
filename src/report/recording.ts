/** The result of commands that write a recording: the object that `-o json` prints, and its exit code. */
import type { ErrorRow } from './check.ts';

export interface RecordingReport {
  readonly version: 1;
  readonly directory: string;
  readonly summary: RecordingSummary;
  /** What did not become a review, by reason. */
  readonly refused: readonly RefusedRow[];
  readonly errors: readonly ErrorRow[];
  /** Ctrl-C ended the command; what it read is recorded. */
  readonly isInterrupted: boolean;
}

export interface RecordingSummary {
  /** Events, or objects of a cluster. */
  readonly read: number;
  readonly reviews: number;
  /** Reviews that differ in more than UIDs, times, and generated names; others are counted in them. */
  readonly lines: number;
  /** Compressed. */
  readonly bytes: number;
  readonly create: number;
  readonly update: number;
  /** Updates whose old objects are unknown. */
  readonly withoutOldObject: number;
  readonly dryRun: number;
  /** Requests that admission webhooks or policies denied. */
  readonly denied: number;
  /** Reviews about which other policies said something. */
  readonly said: number;
  /** Facts that could not be determined, for example for lack of access. */
  readonly unknownFacts: number;
  /** null: there are no reviews. */
  readonly first: string | null;
  readonly last: string | null;
}

export interface RefusedRow {
  readonly reason: string;
  readonly description: string;
  readonly count: number;
  /** The first of them. */
  readonly example: { readonly file: string; readonly line: number } | null;
}

export function recordingExitCode({ summary, errors, isInterrupted }: RecordingReport): number {
  return errors.length > 0 || isInterrupted || summary.reviews === 0 ? 2 : 0;
}
