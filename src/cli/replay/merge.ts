/** `tidewaiter replay --merge`: the report of all shards, equal to that of a single replay. */
import { UserError } from '../../error/user-error.ts';
import { RULES } from '../../policy/rules/index.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import type { ReplayReport } from '../../report/replay/report.ts';
import { commandLine } from '../report-origin.ts';
import type { Terminal } from '../terminal.ts';
import { printReplay, type ReportFlags } from './print-report.ts';
import { loadShards, mergedItems } from './shard-files.ts';
import type { ShardFile, ShardItem } from './shard-result.ts';
import { type ReplayTally, replayTally } from './tally.ts';

export async function mergeShards(directory: string, flags: ReportFlags, terminal: Terminal): Promise<number> {
  const files = await loadShards(directory);
  const [first] = files;
  if (first === undefined) throw new RangeError('loadShards returns at least one shard');
  const { basis, rules, about: policies } = first.head;
  const hasAnswers = basis.options.includes('--all');
  if (flags.all === true && !hasAnswers)
    throw new UserError(`${directory}: --all needs the responses of all reviews; run the shards with --all`);
  const about = {
    paths: basis.paths,
    policies: basis.policies,
    ...policies,
    origin: policies.origin && { ...policies.origin, command: commandLine(terminal) },
    rules: [...RULES, ...rules],
    now: Math.min(...files.map(({ head }) => head.now)),
  };
  const keepAnswers = flags.all === true;
  const run = async (onRow: (row: ReplayRow) => void): Promise<ReplayReport> => {
    const tally = replayTally(onRow);
    for (const notice of first.end.notices) tally.addNotice(notice);
    for (let file = 0; file < first.end.end.files; file += 1) tally.addFile();
    for await (const item of withoutTwins(mergedItems(files)))
      tally.take('row' in item ? { row: keepAnswers ? item.row : withoutAnswers(item.row) } : { error: item.error });
    files.forEach((file) => addCounts(file, tally));
    return tally.report(basis.paths, 'whole');
  };
  return printReplay(run, about, { flags, terminal });
}

function addCounts({ end: { end } }: ShardFile, tally: ReplayTally): void {
  tally.take({ dropped: end.dropped });
  tally.take({ unmatched: end.unmatched });
  tally.take({ leftOut: 'timeless', count: end.timeless });
  tally.take({ leftOut: 'filtered', count: end.filtered });
  tally.take({ leftOut: 'twice', count: end.twice });
}

function withoutAnswers(row: ReplayRow): ReplayRow {
  const { answers: _answers, ...rest } = row;
  return rest;
}

/** Every shard reports that a file cannot be read. */
async function* withoutTwins(items: AsyncIterable<ShardItem>): AsyncGenerator<ShardItem, void> {
  let last = '';
  for await (const item of items) {
    const text = 'error' in item ? JSON.stringify(item) : '';
    if (text === '' || text !== last) yield item;
    last = text;
  }
}
