/** The options of `replay`. */
import type { LiveFlags } from './live-facts.ts';
import type { ReportFlags } from './print-report.ts';
import type { ShardFlags } from './shard.ts';
import type { WebhookFlags } from './webhook/target.ts';
import type { TimeFlag } from '../recorded/time-flag.ts';

/** Which reviews and findings are compared. */
export interface SelectFlags {
  /** Milliseconds since 1970: the time of the evaluation, instead of that in the recording. */
  readonly now?: number | undefined;
  readonly only?: readonly string[] | undefined;
  readonly namespace?: readonly string[] | undefined;
  readonly user?: readonly string[] | undefined;
  readonly since?: TimeFlag | undefined;
  readonly until?: TimeFlag | undefined;
}

export interface ReplayFlags extends ReportFlags, SelectFlags, ShardFlags, LiveFlags, WebhookFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly against?: readonly string[] | undefined;
  readonly compareAnnotations?: boolean | undefined;
  /** undefined: one for each core. */
  readonly jobs?: number | undefined;
  /** The directory for the result of a shard. */
  readonly out?: string | undefined;
}
