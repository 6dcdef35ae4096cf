/** How reports get the rows of a replay. */
import type { ReplayRow } from '../../recording/replay-row.ts';
import type { ReplayReport } from './report.ts';

/** Runs the replay once. Rows come in the order of the input; those of reviews that no report lists only if the report needs them (`needsAllRows`). */
export type ReplayRun = (onRow: (row: ReplayRow) => void) => Promise<ReplayReport>;
