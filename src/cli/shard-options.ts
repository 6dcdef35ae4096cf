/** The options of `replay` that split it among machines. */
import { InvalidArgumentError, Option } from 'commander';
import { MAX_SHARDS, type Shard } from './replay/shard.ts';

export const shardOptions = (): readonly Option[] => [
  new Option('--shard <I/N>', 'Evaluate only shard I of N, such as 1/8').argParser(shardOf),
  new Option(
    '--shards <N>',
    'As --shard, with I from JOB_COMPLETION_INDEX (Indexed Job) or CI_NODE_INDEX (GitLab)',
  ).argParser(shardCount),
  new Option('--out <DIR>', 'Also write the result of the shard to a file, for --merge'),
  new Option('--merge <DIR>', 'Report the results of all shards, instead of evaluating reviews').conflicts(EVALUATING),
];

/** The keys of the options that decide the results of shards. */
const EVALUATING =
  'config policy plugin against compareAnnotations live jobs now only namespace user since until shard shards out'.split(
    ' ',
  );

function shardOf(value: string): Shard {
  const [, index = '', count = ''] = /^(\d+)\/(\d+)$/.exec(value) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= MAX_SHARDS) return shard;
  throw new InvalidArgumentError(`expected I/N with I from 1 to N, and N up to ${MAX_SHARDS}, such as 1/8`);
}

export function shardCount(value: string): number {
  const count = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (count >= 1 && count <= MAX_SHARDS) return count;
  throw new InvalidArgumentError(`expected a number from 1 to ${MAX_SHARDS}`);
}
