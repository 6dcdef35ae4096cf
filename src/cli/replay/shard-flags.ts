/** `replay --shard I/N`, `--shards N`, and `--out DIR`. */
import { processEnvironment } from '../../config/process-environment.ts';
import { UserError } from '../../error/user-error.ts';
import { RULES } from '../../policy/rules/index.ts';
import { VERSION } from '../../version.ts';
import type { Terminal } from '../terminal.ts';
import { aboutPolicies } from './about-policies.ts';
import type { Evaluator, EvaluatorSettings } from './evaluator.ts';
import type { ReplayFlags } from './flags.ts';
import { chosenShard, type Shard } from './shard.ts';
import { SHARD_FORMAT, type ShardBasis, type ShardHead } from './shard-result.ts';
import { type ShardRun, shardRun } from './shard-run.ts';
import { shardWriter } from './shard-writer.ts';

export function shardOf(flags: ReplayFlags): Shard | undefined {
  const shard = chosenShard(flags, processEnvironment());
  if (shard === undefined) {
    if (flags.out !== undefined) throw new UserError('--out requires --shard I/N, or --shards N');
    return undefined;
  }
  for (const name of ['since', 'until'] as const)
    if (flags[name]?.isRelative === true)
      throw new UserError(
        `--${name}: shards start at different times; use a date, or a time such as 2027-01-31T12:00:00Z`,
      );
  return shard;
}

interface ShardWork {
  readonly evaluator: Evaluator;
  readonly settings: EvaluatorSettings;
  readonly flags: ReplayFlags;
  readonly paths: readonly string[];
  /** What is compared. */
  readonly policies: string;
  readonly terminal: Terminal;
}

/** Opens the file for its result, so that a directory that cannot be written to is known before the work. */
export function openShard(work: ShardWork): ShardRun | undefined {
  const { settings, flags } = work;
  const { shard } = settings;
  if (shard === undefined) return undefined;
  return shardRun(shard, flags.out === undefined ? undefined : shardWriter(flags.out, headOf(shard, work)));
}

function headOf(
  { index, count }: Shard,
  { evaluator, settings, flags, paths, policies, terminal }: ShardWork,
): ShardHead {
  const { first, generations } = evaluator;
  return {
    format: SHARD_FORMAT,
    shard: index,
    shards: count,
    tidewaiter: VERSION,
    basis: { paths, policies, generations, options: optionsOf(flags) },
    now: settings.moment,
    about: aboutPolicies(evaluator, terminal),
    rules: first.rules
      .filter((rule) => !RULES.includes(rule))
      .map(({ name, description, docs }) => ({ name, description, docs: docs && { why: docs.why } })),
  };
}

/** By the names of their options; those that are not set are left out. */
function optionsOf(flags: ReplayFlags): ShardBasis['options'] {
  const values: Readonly<Record<string, readonly string[] | string | number | boolean | undefined>> = {
    only: flags.only,
    namespace: flags.namespace,
    user: flags.user,
    since: flags.since?.time,
    until: flags.until?.time,
    now: flags.now,
    endpoint: flags.endpoint,
    'review-version': flags.reviewVersion,
    'as-recorded': flags.asRecorded,
    'compare-annotations': flags.compareAnnotations,
    live: flags.live,
    all: flags.all,
  };
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    // Times are the only numbers.
    if (typeof value === 'number') return [`--${name} ${new Date(value).toISOString()}`];
    return [value].flat().map((text) => `--${name} ${text}`);
  });
}
