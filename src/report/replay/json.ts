/** Writes the result of `replay` as one JSON object, review after review, so that any number of them needs constant memory. */
import { isListed, type ReplayRow } from '../../recording/replay-row.ts';
import type { ReplayReport } from './report.ts';
import type { ReplayRun } from './run.ts';

export interface ReplayDocument extends ReplayReport {
  readonly reviews: readonly Omit<ReplayRow, 'occurrences' | 'view'>[];
}

/** `all`: also reviews that do not differ. */
export async function jsonReplay(run: ReplayRun, out: (text: string) => void, all: boolean): Promise<string> {
  let separator = '';
  out('{"version":2,"reviews":[');
  const report = await run((row) => {
    if (!all && !isListed(row)) return;
    const { occurrences: _occurrences, view: _view, ...shown } = row;
    out(`${separator}\n${JSON.stringify(shown)}`);
    separator = ',';
  });
  const { version: _version, ...rest } = report;
  const members = Object.entries(rest).map(([key, value]) => `,\n${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `\n]${members.join('')}}\n`;
}
