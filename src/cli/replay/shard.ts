/** Splits a replay among machines: each evaluates the reviews of one shard. */
import { hash } from 'node:crypto';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';

export interface Shard {
  /** 1-based, at most `count`. */
  readonly index: number;
  readonly count: number;
}

/** `replay --merge` reads all of them at the same time. */
export const MAX_SHARDS = 1000;

/**
 * By the id of the line of a recording, which its lines of type `repeats` name, or by the UID of a review without such a line. The
 * place in the file does not count, so that reviews stay in their shards when a recording grows.
 */
export function isInShard(identity: string, { index, count }: Shard): boolean {
  return hash('sha256', identity, 'buffer').readUInt32BE(0) % count === index - 1;
}

export interface ShardFlags {
  readonly shard?: Shard | undefined;
  readonly shards?: number | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The variables that number the Pods of an Indexed Job, and the jobs of `parallel` in GitLab. */
const INDEX_VARIABLES = [
  { name: 'JOB_COMPLETION_INDEX', first: 0 },
  { name: 'CI_NODE_INDEX', first: 1 },
] as const;
const COUNT_VARIABLE = 'CI_NODE_TOTAL';

export function chosenShard({ shard, shards: count }: ShardFlags, variables: Variables): Shard | undefined {
  if (shard !== undefined && count !== undefined && shard.count !== count)
    throw new UserError(`--shards ${count} contradicts --shard ${shard.index}/${shard.count}; leave one of them out`);
  if (shard !== undefined || count === undefined) return shard;
  const present = INDEX_VARIABLES.filter(({ name }) => (variables[name] ?? '') !== '');
  const [variable] = present;
  if (variable === undefined)
    throw new UserError(
      `--shards ${count}: JOB_COMPLETION_INDEX (Indexed Job) and CI_NODE_INDEX (GitLab) are not set; name the shard with --shard I/${count}`,
    );
  if (present.length > 1)
    throw new UserError(
      `--shards ${count}: JOB_COMPLETION_INDEX and CI_NODE_INDEX are both set; name the shard with --shard I/${count}`,
    );
  if (variable.name === 'CI_NODE_INDEX') requireTotal(count, variables[COUNT_VARIABLE]);
  return { index: indexOf(variable, variables[variable.name] ?? '', count), count };
}

function indexOf({ name, first }: (typeof INDEX_VARIABLES)[number], text: string, count: number): number {
  const last = first + count - 1;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= first && value <= last) return value - first + 1;
  throw new UserError(
    `${name}: invalid value ${quoteValue(text)} (expected ${first} to ${last}, by --shards ${count})`,
  );
}

function requireTotal(count: number, total: string | undefined): void {
  if (total !== undefined && total !== '' && total !== String(count))
    throw new UserError(`--shards ${count}: ${COUNT_VARIABLE} is ${quoteValue(total)}; both must be equal`);
}
