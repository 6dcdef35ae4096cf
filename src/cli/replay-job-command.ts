/** The command-line definition of `manifests replay-job`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isName, SUBDOMAIN } from '../policy/name-language.ts';
import {
  claimName,
  collect,
  configOption,
  imageOption,
  namespaceName,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import { againstOption } from './replay-command.ts';
import { shardCount } from './shard-options.ts';
import type { Terminal } from './terminal.ts';
import { timeFlagOf, timeOptions } from './time-options.ts';

export function addReplayJob(manifests: Command, result: Result, terminal: Terminal): void {
  const command = manifests
    .command('replay-job')
    .description('Print an Indexed Job that evaluates recordings, one shard in each Pod')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(againstOption());
  for (const option of [...jobOptions(), ...timeOptions(timeFlagOf)]) command.addOption(option);
  command.addHelpText('after', EXAMPLES).action(async (flags) => {
    const { printReplayJob } = await import('./manifests/replay-job.ts');
    result.code = await printReplayJob(flags, terminal);
  });
}

const jobOptions = (): readonly Option[] => [
  new Option('--shards <N>', 'Number of shards, and of Pods').argParser(shardCount).makeOptionMandatory(),
  new Option('--recordings <CLAIM>', 'PersistentVolumeClaim with the recordings, mounted read-only')
    .argParser(claimName)
    .makeOptionMandatory(),
  new Option('--results <CLAIM>', 'PersistentVolumeClaim for the results of the shards')
    .argParser(claimName)
    .makeOptionMandatory(),
  new Option('--name <NAME>', 'Name of the Job').argParser(jobName).default('tidewaiter-replay'),
  new Option('-n, --namespace <NAME>', 'Namespace of the Job').argParser(namespaceName).default('tidewaiter'),
  imageOption('Image of the Pods'),
  new Option('--only <RULE|POLICY>', 'Compare only the findings of this rule or policy; repeatable').argParser(collect),
];

/** The names of Pods have the index of the shard and a random part after it. */
function jobName(value: string): string {
  if (value.length <= MAX_NAME && isName(value, SUBDOMAIN)) return value;
  throw new InvalidArgumentError(`expected at most ${MAX_NAME} lowercase letters, digits, dots, and inner hyphens`);
}

const MAX_NAME = 48;

const EXAMPLES = `
Examples:
  # Evaluate the recordings of a claim with 8 Pods, today's policies against tomorrow's
  tidewaiter manifests replay-job --recordings recordings --results replay \\
    --shards 8 -p today/ --against tomorrow/ | kubectl apply -f -

  # When the Job is complete, copy the results, and print the report
  tidewaiter replay --merge results/ -o html > report.html

Exit codes: 0 success, 2 invalid settings or policies`;
