/** The result of `replay`: what `-o json` prints beside the reviews, and its exit code. */
import { REPLAY_CHANGES, type ReplayChange } from '../../recording/comparison.ts';
import type { ErrorRow } from '../check.ts';
import type { NoticeRow } from '../rows.ts';
import type { Agreement } from './agreement.ts';
import type { Grouping, OtherByChange, ReplayGroup } from './groups.ts';

export type ChangeCounts = Readonly<Record<ReplayChange, number>>;

/** Numbers of reviews count each occurrence. */
export interface ReplaySummary {
  readonly files: number;
  readonly reviews: number;
  /** Reviews that were evaluated; a line of a recording can stand for many. */
  readonly distinct: number;
  readonly allowed: number;
  readonly denied: number;
  /** Reviews with a comparison. */
  readonly compared: number;
  readonly different: number;
  readonly changes: ChangeCounts;
  /** Reviews for which the recording does not have a fact that was needed. */
  readonly missingFacts: number;
  /** Reviews that the server did not record, because it could not keep up. */
  readonly dropped: number;
  /** The times of the first and of the last review, in UTC; null: unknown. */
  readonly first: string | null;
  readonly last: string | null;
  readonly errors: number;
}

/** A fact that the recording does not have, and how many reviews need it. */
export interface MissingFact {
  readonly fact: string;
  readonly reviews: number;
}

export interface ReplayReport {
  readonly version: 2;
  /** The replay was interrupted. */
  readonly partial: boolean;
  readonly summary: ReplaySummary;
  /** Only groups with a review that differs; of each change, the first 5,000. */
  readonly groups: Readonly<Record<Grouping, readonly ReplayGroup[]>>;
  /** The groups that are not in `groups`, by change. */
  readonly otherGroups: Readonly<Record<Grouping, OtherByChange>>;
  /** undefined: nothing was compared with other policies. */
  readonly agreement?: Agreement | undefined;
  /** The most frequent ones. */
  readonly missing: readonly MissingFact[];
  /** The first 1000; the summary counts all. */
  readonly errors: readonly ErrorRow[];
  /** Notices about policies and input. They never change the exit code. */
  readonly notices: readonly NoticeRow[];
}

/** The changes that `--fail-on` can name. */
export const DIFFERENCES = REPLAY_CHANGES.filter((change) => change !== 'same');
export type DifferentChange = Exclude<ReplayChange, 'same'>;

export function replayExitCode({ summary }: ReplayReport, failOn: readonly DifferentChange[]): 0 | 1 | 2 {
  if (summary.errors > 0) return 2;
  return failOn.some((change) => summary.changes[change] > 0) ? 1 : 0;
}
