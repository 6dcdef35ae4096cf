/** The result of one shard: newline-delimited JSON with a head, the reviews and errors in the order of the input, and an end. */
import type { InputError } from '../../files/manifest-objects.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import type { NoticeRow } from '../../report/rows.ts';
import type { ReportedRule } from '../../report/html/document.ts';
import type { AboutPolicies } from './about-policies.ts';
import type { Shard } from './shard.ts';

/** A change that readers of this version would misread gets another version. */
export const SHARD_FORMAT = 'tidewaiter.dev/replay-shard/v1';

/** What decides a result: it must be the same for all shards. */
export interface ShardBasis {
  readonly paths: readonly string[];
  /** What is compared, as reports say it. */
  readonly policies: string;
  /** Of each set of policies, in the order of the comparison; see Context. */
  readonly generations: readonly string[];
  /** The options that select reviews and findings. */
  readonly options: readonly string[];
}

export interface ShardHead {
  readonly format: typeof SHARD_FORMAT;
  readonly shard: number;
  readonly shards: number;
  /** The version of tidewaiter. */
  readonly tidewaiter: string;
  readonly basis: ShardBasis;
  /** Milliseconds since 1970: when the shard started, or the time of --now. */
  readonly now: number;
  readonly about: AboutPolicies;
  /** The rules of plugins, as reports describe them. */
  readonly rules: readonly ReportedRule[];
}

/** Where an item is in the input; items of a later source, or of a later place in it, come later. */
export interface ShardPlace {
  /** 0-based. */
  readonly source: number;
  readonly at: number;
}

export type ShardItem = ShardPlace & ({ readonly row: ReplayRow } | { readonly error: InputError });

export interface ShardCounts {
  readonly files: number;
  readonly dropped: number;
  readonly unmatched: number;
  readonly timeless: number;
  readonly filtered: number;
  readonly twice: number;
}

/** `inputs` and `notices` are the same for all shards; the counts add up, except for `files`. */
export interface ShardEnd {
  readonly end: ShardCounts;
  /** SHA-256 of the input. */
  readonly inputs: string;
  readonly notices: readonly NoticeRow[];
  /** SHA-256 of the lines before. */
  readonly digest: string;
}

export interface ShardFile {
  readonly file: string;
  readonly head: ShardHead;
  readonly end: ShardEnd;
}

export function shardFileName({ index, count }: Shard): string {
  return `shard-${index}-of-${count}.ndjson`;
}

export function shardOfName(name: string): Shard | undefined {
  const [, index, count] = /^shard-([1-9]\d{0,3})-of-([1-9]\d{0,3})\.ndjson$/.exec(name) ?? [];
  return index === undefined || count === undefined ? undefined : { index: Number(index), count: Number(count) };
}
