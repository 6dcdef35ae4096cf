/** How reports get the rows of a replay. */
import type { ReplayRow } from '../../recording/replay-row.ts';
import type { ReplayReport } from './report.ts';

/** Runs the replay once. Rows come in the order of the input. */
export type ReplayRun = (onRow: (row: ReplayRow) => void) => Promise<ReplayReport>;

/** Reviews that differ, and those with nothing to compare with. */
export function isListed({ change }: ReplayRow): boolean {
  return change !== 'same';
}
