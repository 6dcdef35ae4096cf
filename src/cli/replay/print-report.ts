/** Prints the result of a replay, whether it was evaluated here or by shards. */
import type { Grouping } from '../../report/replay/groups.ts';
import { type DifferentChange, replayExitCode, type ReplayReport } from '../../report/replay/report.ts';
import type { ReplayRun } from '../../report/replay/run.ts';
import { type FormatName, formatReport, type ReplayResult } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { VERSION } from '../../version.ts';
import { print, type Terminal } from '../terminal.ts';

export interface ReportFlags {
  readonly output: FormatName<'replay'>;
  readonly failOn: readonly DifferentChange[];
  readonly exitZero?: boolean | undefined;
  readonly groupBy: Grouping;
  readonly verbose?: boolean | undefined;
  readonly all?: boolean | undefined;
}

export type ReplayAbout = Pick<ReplayResult, 'paths' | 'policies' | 'policyChange' | 'origin' | 'rules' | 'now'>;

/** Returns the exit code. */
export async function printReplay(
  run: ReplayRun,
  about: ReplayAbout,
  { flags, terminal }: { readonly flags: ReportFlags; readonly terminal: Terminal },
): Promise<number> {
  const { output, failOn, exitZero, groupBy, verbose = false, all = false } = flags;
  let report: ReplayReport | undefined;
  const formatted = await formatReport('replay', output, {
    ...about,
    version: VERSION,
    ink: paint(terminal.colors),
    failOn,
    groupBy,
    verbose,
    all,
    columns: terminal.columns,
    name: terminal.name,
    out: (text) => terminal.out(text),
    run: async (onRow) => {
      report = await run(onRow);
      return report;
    },
  });
  print(formatted, terminal);
  if (report === undefined) return 2;
  const code = replayExitCode(report, failOn);
  return code === 1 && exitZero === true ? 0 : code;
}
