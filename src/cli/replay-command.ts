/** The command-line definition of `replay`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { orValues } from '../image/or-list.ts';
import { GROUPINGS } from '../report/replay/groups.ts';
import { DIFFERENCES, type DifferentChange } from '../report/replay/report.ts';
import {
  clusterOptions,
  collect,
  configOption,
  nowOption,
  outputOption,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import { shardOptions } from './shard-options.ts';
import type { Terminal } from './terminal.ts';
import { timeFlagOf, timeOptions } from './time-options.ts';
import { webhookOptions } from './webhook-options.ts';

export function addReplay(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('replay')
    .description('Evaluate recorded AdmissionReviews and report what would change')
    .argument(
      '[FILE|DIR|-...]',
      'Recordings, AdmissionReviews, {review, expected} objects, or manifests in JSON or YAML; "-" is standard input',
    )
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(againstOption())
    .addOption(
      new Option(
        '--compare-annotations',
        'Compare with what other policies said, such as those of Kyverno and Gatekeeper (see import-audit and record)',
      ).conflicts('against'),
    )
    .addOption(outputOption('replay'));
  for (const option of [...selectOptions(), ...viewOptions(), ...liveOptions(), ...shardOptions(), ...webhookOptions()])
    command.addOption(option);
  command
    .addOption(
      new Option('-j, --jobs <N>', 'Threads that evaluate; small inputs need one (default: one per core)').argParser(
        jobsOf,
      ),
    )
    .addOption(nowOption())
    .addHelpText('after', EXAMPLES)
    .action(async (paths, flags) => {
      const { merge } = flags;
      if (merge === undefined ? paths.length === 0 : paths.length > 0) command.error(WITHOUT_INPUT);
      if (merge !== undefined) {
        const { mergeShards } = await import('./replay/merge.ts');
        result.code = await mergeShards(merge, flags, terminal);
        return;
      }
      const { replay } = await import('./replay/replay.ts');
      result.code = await replay(paths, flags, terminal);
    });
}

export const againstOption = (): Option =>
  new Option(
    '--against <FILE|DIR>',
    'Planned policies: report what changes from --policy to these; repeatable',
  ).argParser(collect);

const WITHOUT_INPUT = 'error: expected recordings to evaluate, or --merge <DIR> without recordings';

const selectOptions = (): readonly Option[] => [
  new Option('--only <RULE|POLICY>', 'Compare only the findings of this rule or policy; repeatable').argParser(collect),
  new Option('-n, --namespace <GLOB>', 'Only reviews in these namespaces, such as "shop-*"; repeatable').argParser(
    collect,
  ),
  new Option('--user <GLOB>', 'Only reviews of requests by these users; repeatable').argParser(collect),
  ...timeOptions(timeFlagOf),
];

const viewOptions = (): readonly Option[] => [
  new Option('--fail-on <CHANGE>', 'Exit with 1 only for these changes; repeatable')
    .choices(DIFFERENCES)
    .argParser(changesOf)
    .default(DIFFERENCES, 'all'),
  new Option('--exit-zero', 'Exit with 0 also if something differs'),
  new Option('--group-by <WHAT>', 'How to group what differs, in text and Markdown')
    .choices(GROUPINGS)
    .default('owner'),
  new Option('--all', 'List all reviews in JSON, each with the bytes of its responses'),
  new Option('--verbose', 'Print all groups, and more examples of each'),
];

const MAX_JOBS = 64;

function jobsOf(value: string): number {
  if (/^[1-9]\d?$/.test(value) && Number(value) <= MAX_JOBS) return Number(value);
  throw new InvalidArgumentError(`expected a number from 1 to ${MAX_JOBS}`);
}

const liveOptions = (): readonly Option[] => [
  new Option(
    '--live',
    'Look up facts today instead of those in the recording: registries, and the cluster with --cluster',
  ),
  ...clusterOptions(),
];

/** `--fail-on newly-denied --fail-on unknown`, or `--fail-on newly-denied,unknown`. */
function changesOf(value: string, before: readonly DifferentChange[]): readonly DifferentChange[] {
  const changes = value.split(',').map((text) => DIFFERENCES.find((change) => change === text));
  const known = changes.filter((change) => change !== undefined);
  if (known.length < changes.length) throw new InvalidArgumentError(`expected ${orValues(DIFFERENCES)}`);
  return before === DIFFERENCES ? known : [...before, ...known];
}

const EXAMPLES = `
Examples:
  # What would today's policies decide about recorded reviews?
  tidewaiter replay recordings/ -p policies/

  # What changes between two sets of policies, and for whom?
  tidewaiter replay recordings/ -p today/ --against tomorrow/

  # Do your policies deny what those of Kyverno or Gatekeeper deny?
  tidewaiter replay recordings/ -p policies/ --compare-annotations

  # The same as a report to share, about the last week
  tidewaiter replay recordings/ -p today/ --against tomorrow/ --since 168h -o html > report.html

  # In CI: fail only if something would be newly denied
  tidewaiter replay recordings/ -p policies/ --fail-on newly-denied -o markdown

  # What does another webhook, or another version of this one, answer?
  tidewaiter replay recordings/ --to https://127.0.0.1:8443 --ca certs/ca.crt

  # On several machines, then the report of all
  tidewaiter replay recordings/ -p policies/ --shard 1/2 --out results/
  tidewaiter replay recordings/ -p policies/ --shard 2/2 --out results/
  tidewaiter replay --merge results/

Exit codes: 0 nothing differs, or there is nothing to compare with; 1 something
differs (see --fail-on); 2 a review cannot be evaluated, or the replay was
interrupted, but other results are still printed`;
