/** Runs a replay: reads the sources, evaluates their reviews, and counts the rows in their order. */
import { type RecordingSource, recordingSources } from '../../files/recordings.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import type { ReplayReport } from '../../report/replay/report.ts';
import { inputNoticeRow, type NoticeRow } from '../../report/rows.ts';
import type { TimeWindow } from '../../recording/time-window.ts';
import { closeAfter } from '../close-after.ts';
import { withBoundedGrowth, withBusyThreads } from '../little-memory.ts';
import type { Terminal } from '../terminal.ts';
import type { Evaluator, EvaluatorSettings } from './evaluator.ts';
import { evaluatedSources } from './pieces.ts';
import { chunkEvaluator } from './pool.ts';
import { replayProgress } from './replay-progress.ts';
import type { ShardRun } from './shard-run.ts';
import { type ReplayTally, replayTally } from './tally.ts';
import { type WeightedItem, withoutTwins } from './weights.ts';

export interface ReplayInput {
  readonly paths: readonly string[];
  readonly terminal: Terminal;
  readonly window: TimeWindow;
  readonly notices: readonly NoticeRow[];
  /** How many threads evaluate. */
  readonly jobs: number;
  readonly onRow: (row: ReplayRow) => void;
  /** undefined: all reviews are evaluated. */
  readonly shard?: ShardRun | undefined;
  /** Aborted by Ctrl-C. */
  readonly stop: AbortSignal;
}

export async function runReplay(
  evaluator: Evaluator,
  settings: EvaluatorSettings,
  input: ReplayInput,
): Promise<ReplayReport> {
  const { paths, terminal, notices, jobs, shard, stop } = input;
  const tally = replayTally(input.onRow);
  const addNotice = (notice: NoticeRow): void => {
    tally.addNotice(notice);
    shard?.addNotice(notice);
  };
  notices.forEach(addNotice);
  let totalBytes = 0;
  const progress = replayProgress(terminal, () => totalBytes);
  const chunks = chunkEvaluator(evaluator, settings, jobs);
  const ended = async (): Promise<void> => {
    progress.stop();
    await chunks.close();
  };
  const evaluate = jobs > 1 ? async (): Promise<void> => withBusyThreads(evaluateAll) : evaluateAll;
  await closeAfter(withBoundedGrowth(evaluate), ended);
  return tally.report(paths, !stop.aborted ? 'whole' : terminal.closed?.aborted === true ? 'unread' : 'interrupted');

  async function evaluateAll(): Promise<void> {
    const { kinds } = evaluator.first.context;
    const objects = { kinds, namespace: 'default' };
    const onPiece = (piece: Uint8Array | string): void => {
      progress.addBytes(piece.length);
      shard?.addPiece(piece);
    };
    const { bytes, isLarge, sources } = await recordingSources(paths, terminal.input(), onPiece, objects);
    totalBytes = bytes;
    if (isLarge) chunks.start();
    const { takeItem, takeEnd } = takers(tally, shard, addNotice);
    const own = shard?.ownSources(sources) ?? sources;
    const evaluators = { evaluator, chunks, window: input.window, shard: settings.shard, stop };
    for await (const result of evaluatedSources(own, evaluators)) {
      if ('items' in result) progress.addReviews(takeAll(result.items, takeItem));
      else takeEnd(result.end);
    }
  }
}

interface Takers {
  readonly takeItem: (item: WeightedItem) => void;
  readonly takeEnd: (source: RecordingSource) => void;
}

function takers(tally: ReplayTally, shard: ShardRun | undefined, addNotice: (notice: NoticeRow) => void): Takers {
  const own = withoutTwins();
  return {
    takeItem(each) {
      for (const item of own(each)) {
        tally.take(item);
        shard?.take(item);
      }
    },
    takeEnd(source) {
      if (shard !== undefined) tally.take({ others: shard.end(source) });
      if (source.form !== 'skipped') tally.addFile();
      if (source.form !== 'lines') source.notices.map(inputNoticeRow).forEach(addNotice);
    },
  };
}

function takeAll(items: Iterable<WeightedItem>, takeItem: Takers['takeItem']): number {
  let taken = 0;
  for (const item of items) {
    takeItem(item);
    taken += 1;
  }
  return taken;
}
