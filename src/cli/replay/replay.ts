/** `tidewaiter replay`: evaluates recorded reviews, and compares the decisions. */
import { availableParallelism } from 'node:os';
import type { Config } from '../../config/config.ts';
import { isIrregular } from '../../files/load-text.ts';
import { noticesAt } from '../../files/policies.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { needsAllRows } from '../../report/index.ts';
import type { ReplayReport } from '../../report/replay/report.ts';
import { inputNoticeRow, noticeRow, type NoticeRow } from '../../report/rows.ts';
import { closeAfter } from '../close-after.ts';
import { configured } from '../configured.ts';
import { interruptible } from '../interrupt.ts';
import { clusterFlags } from '../open-cluster.ts';
import type { Terminal } from '../terminal.ts';
import { timeWindow } from '../recorded/time-flag.ts';
import { aboutPolicies } from './about-policies.ts';
import { createEvaluator, type Evaluator, type EvaluatorSettings } from './evaluator.ts';
import type { ReplayFlags } from './flags.ts';
import { withLiveFacts } from './live-facts.ts';
import { printReplay } from './print-report.ts';
import { runReplay } from './run-replay.ts';
import { openShard, shardOf } from './shard-flags.ts';
import { shownUrl, targetOf, type WebhookTarget } from './webhook/target.ts';

export async function replay(paths: readonly string[], flags: ReplayFlags, terminal: Terminal): Promise<number> {
  const { config: file, policy, plugin } = flags;
  const loaded = await configured({ config: file, policy, plugin, ...clusterFlags(flags) }, terminal);
  const { config } = loaded;
  const target = targetOf(flags);
  return withLiveFacts(flags, { config, terminal }, async (live) => {
    const settings = settingsOf(flags, Date.now());
    const evaluator = await createEvaluator(settings, { loaded, live });
    const jobs = live === undefined && target === undefined ? jobsFor(flags, config) : 1;
    return evaluateAndReport({ evaluator, settings, target }, { paths, flags, terminal, jobs });
  });
}

interface Run {
  readonly paths: readonly string[];
  readonly flags: ReplayFlags;
  readonly terminal: Terminal;
  readonly jobs: number;
}

interface Work {
  readonly evaluator: Evaluator;
  readonly settings: EvaluatorSettings;
  /** undefined: the policies decide. */
  readonly target: WebhookTarget | undefined;
}

async function evaluateAndReport(work: Work, { paths, flags, terminal, jobs }: Run): Promise<number> {
  const { evaluator, settings } = work;
  const policies = comparedPolicies(work, flags);
  const window = timeWindow(flags.since?.time, flags.until?.time);
  const shard = openShard({ evaluator, settings, flags, paths, policies, terminal });
  const about = {
    paths,
    policies: `${policies}${shardText(settings)}`,
    // Only for the format that shows it.
    ...(flags.output === 'html' ? aboutPolicies(evaluator, terminal) : {}),
    rules: evaluator.first.rules,
    now: settings.moment,
  };
  const notices = policyNotices(evaluator, settings.moment);
  const input = { paths, terminal, notices, window, jobs, shard };
  const run = async (onRow: (row: ReplayRow) => void): Promise<ReplayReport> => {
    const report = await interruptible(async (interrupted) => {
      const stop = AbortSignal.any([interrupted, ...(terminal.closed === undefined ? [] : [terminal.closed])]);
      return withWebhook(work, { flags, stop }, async (evaluating) =>
        runReplay(evaluating, settings, { ...input, onRow, stop }),
      );
    });
    if (!report.partial) shard?.keep();
    else if (flags.out !== undefined)
      terminal.note('the result of the shard is not kept, because it is not complete\n');
    return report;
  };
  try {
    return await printReplay(run, about, { flags, terminal });
  } finally {
    shard?.close();
  }
}

async function withWebhook<T>(
  { evaluator, settings, target }: Work,
  { flags, stop }: { readonly flags: ReplayFlags; readonly stop: AbortSignal },
  evaluate: (evaluating: Evaluator) => Promise<T>,
): Promise<T> {
  if (target === undefined) return evaluate(evaluator);
  const { webhookEvaluator } = await import('./webhook/evaluator.ts');
  const { shard } = settings;
  const options = { target, comparesPolicies: flags.policy !== undefined, until: flags.until?.time, shard, stop };
  const webhook = webhookEvaluator(evaluator, options);
  return closeAfter(evaluate(webhook), async () => webhook.close());
}

function comparedPolicies({ evaluator, target }: Work, { policy: named, compareAnnotations }: ReplayFlags): string {
  const { first, other } = evaluator;
  const webhook = target && shownUrl(target.url);
  if (webhook !== undefined)
    return named === undefined ? `webhook: ${webhook}` : `from policy ${first.policySource} to webhook ${webhook}`;
  if (other !== undefined) return `from policy ${first.policySource} to ${other.policySource}`;
  const policy = `policy: ${first.policySource}`;
  return compareAnnotations === true ? `${policy}, compared with what other policies said` : policy;
}

function shardText({ shard }: EvaluatorSettings): string {
  return shard === undefined ? '' : `; shard ${shard.index} of ${shard.count}`;
}

/** A thread loads the policies again, so they must not be in a pipe. */
function jobsFor({ jobs, against = [], config: file }: ReplayFlags, { policies, plugins }: Config): number {
  const files = [...policies, ...plugins, ...against, ...(file === undefined ? [] : [file])];
  return files.some((each) => each === '-' || isIrregular(each)) ? 1 : (jobs ?? availableParallelism());
}

function settingsOf(flags: ReplayFlags, now: number): EvaluatorSettings {
  const { config, policy, plugin, against = [], only = [], namespace = [], user = [] } = flags;
  return {
    config,
    policy,
    plugin,
    against: against.length === 0 ? undefined : against,
    now: flags.now,
    moment: flags.now ?? now,
    only,
    namespaces: namespace,
    users: user,
    toSaid: flags.compareAnnotations ?? false,
    shard: shardOf(flags),
    ...reportedParts(flags),
  };
}

/** The format of a merged report is chosen later. */
function reportedParts({
  all = false,
  out,
  output,
}: ReplayFlags): Pick<EvaluatorSettings, 'answers' | 'rows' | 'views'> {
  const isMerged = out !== undefined;
  return {
    answers: all,
    rows: all || isMerged || needsAllRows(output) ? 'all' : 'listed',
    views: isMerged || output === 'html',
  };
}

function policyNotices({ first, other }: Evaluator, now: number): readonly NoticeRow[] {
  return [first, ...(other === undefined ? [] : [other])].flatMap(({ loaded }) => [
    ...loaded.inputNotices.map(inputNoticeRow),
    ...noticesAt(loaded, now).map(noticeRow),
  ]);
}
