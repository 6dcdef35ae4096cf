/** Evaluates reviews of recordings. Each thread has an evaluator, created from the same settings. */
import type { World } from '../../admission/context.ts';
import { type LoadedConfig, loadConfig } from '../../config/config.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import type { LineChunk } from '../../files/recording-chunks.ts';
import { entriesIn } from '../../files/recording-lines.ts';
import { type RecordedItem, recordedItem } from '../../files/recording-events.ts';
import { compileGlobs } from '../../image/glob.ts';
import { droppedKey } from '../../recording/seen-lines.ts';
import { compose, type Composed, pluginState } from '../../wiring.ts';
import { generationOf } from '../generation-hash.ts';
import { findingSelection } from '../select-findings.ts';
import { type Evaluated, evaluateReview, type ReplayContext, replayContext } from './evaluation.ts';
import type { ReplayItem } from './items.ts';
import { lookUpFirst } from './look-up-first.ts';
import { objectViews } from './object-view.ts';
import { reviewRow, type ReviewPolicies, type RowOptions } from './review-row.ts';
import type { Shard } from './shard.ts';
import { ownLines } from './shard-lines.ts';

/** Can be sent to a thread. */
export interface EvaluatorSettings {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  /** undefined: nothing is compared with other policies. */
  readonly against: readonly string[] | undefined;
  /** Milliseconds since 1970: the time of the evaluation, instead of that in the recording. */
  readonly now: number | undefined;
  /** The time of reviews that have none. */
  readonly moment: number;
  readonly only: readonly string[];
  /** Globs; empty: all. */
  readonly namespaces: readonly string[];
  readonly users: readonly string[];
  readonly answers: boolean;
  readonly rows: RowOptions['rows'];
  /** Compare with what other policies said. */
  readonly toSaid?: boolean | undefined;
  /** undefined: all reviews. */
  readonly shard?: Shard | undefined;
  /** Rows have what a report shows of their objects. */
  readonly views?: boolean | undefined;
}

export interface Evaluator {
  readonly first: Composed;
  readonly other: Composed | undefined;
  /** Of each set of policies, in the order of the comparison; see Context. */
  readonly generations: readonly string[];
  isIncluded(recording: Recording): boolean;
  evaluate(recording: Recording): Promise<ReplayItem>;
  chunkItems(file: string, chunk: LineChunk): Promise<readonly ReplayItem[]>;
  /** What the policies decide about the review as a webhook gets it, at the time of the review. */
  decide(recording: Recording): Promise<Evaluated>;
  readonly options: RowOptions;
}

export interface EvaluatorInput {
  /** undefined: the configuration is loaded. */
  readonly loaded?: LoadedConfig | undefined;
  /** Facts of today, instead of those in the recording. */
  readonly live?: World | undefined;
}

export async function createEvaluator(settings: EvaluatorSettings, input: EvaluatorInput = {}): Promise<Evaluator> {
  const { live } = input;
  const { first, other, policies, clock } = await composeSides(settings, input);
  const selected = [...policies.now.policies, ...(policies.against?.policies ?? [])];
  const options = {
    isSelected: findingSelection(settings.only, { policies: selected, rules: first.rules }),
    answers: settings.answers,
    rows: settings.rows,
    toSaid: settings.toSaid ?? false,
    viewOf: settings.views === true ? objectViews(first.context, selected) : undefined,
  };
  const isIncluded = requestTest(settings);
  const contexts = [first.context, ...(other === undefined ? [] : [other.context])];

  async function evaluate(recording: Recording): Promise<ReplayItem> {
    if (!isIncluded(recording)) return { skipped: recording.recorded?.id ?? '' };
    clock.moment = momentOf(recording);
    return { row: await reviewRow(recording, { policies, options }) };
  }

  async function decide(recording: Recording): Promise<Evaluated> {
    clock.moment = momentOf(recording);
    return evaluateReview(recording, policies.now, 'same-review');
  }

  /** Facts of today are evaluated at the time of today. */
  function momentOf({ recorded }: Recording): number {
    return settings.now ?? (live === undefined && recorded ? Date.parse(recorded.time) : settings.moment);
  }

  async function chunkItems(file: string, chunk: LineChunk): Promise<readonly ReplayItem[]> {
    if (live !== undefined) await lookUpFirst(includedIn(file, chunk), contexts);
    const items: ReplayItem[] = [];
    // One parsed line at a time: all of a chunk would outlive the young generation.
    for (const item of linesIn(file, chunk, settings.shard))
      items.push('recording' in item ? await evaluate(item.recording) : item);
    return items;
  }

  function includedIn(file: string, chunk: LineChunk): readonly Recording[] {
    const lines = [...linesIn(file, chunk, settings.shard)];
    return lines.flatMap((item) => ('recording' in item && isIncluded(item.recording) ? [item.recording] : []));
  }

  const generations = [policies.now, policies.against].flatMap((each) => each?.generation ?? []);
  return { first, other, generations, isIncluded, evaluate, chunkItems, decide, options };
}

/** The items of a chunk, with reviews that are not evaluated. */
export function* linesIn(
  file: string,
  chunk: LineChunk,
  shard: Shard | undefined,
): Generator<RecordedItem | ReplayItem, void> {
  const own = ownLines(shard);
  for (const entry of entriesIn(chunk, own.isIncluded)) {
    if ('recorded' in entry && entry.recorded.dropped > 0)
      yield { dropped: entry.recorded.dropped, at: droppedKey(entry.recorded) };
    yield own.problem(file, entry) ?? recordedItem(file, entry);
  }
  if (own.others() > 0) yield { others: own.others() };
}

interface Sides extends Pick<Evaluator, 'first' | 'other'> {
  readonly policies: ReviewPolicies;
  /** The time of the evaluation, in milliseconds since 1970. */
  readonly clock: { moment: number };
}

async function composeSides(settings: EvaluatorSettings, { loaded, live }: EvaluatorInput): Promise<Sides> {
  const { policy, plugin, against, moment } = settings;
  const known = loaded ?? (await loadConfig({ config: settings.config, policy, plugin }));
  const { config } = known;
  const clock = { moment };
  const environment = { now: () => clock.moment, world: live };
  const first = await compose(config, environment);
  const planned = against && { ...config, policies: against, originOf: () => ' (set by --against)' };
  const other = planned && (await compose(planned, { ...environment, rules: first.rules }));
  const { digest } = await pluginState(config.plugins);
  const contextOf = (composed: Composed): ReplayContext =>
    replayContext({ ...composed.context, generation: generationOf(known, composed, digest) });
  return { first, other, policies: { now: contextOf(first), against: other && contextOf(other) }, clock };
}

function requestTest({
  namespaces,
  users,
}: Pick<EvaluatorSettings, 'namespaces' | 'users'>): (recording: Recording) => boolean {
  const inNamespace = compileGlobs(namespaces);
  const byUser = compileGlobs(users);
  return ({ review: { request } }) =>
    (namespaces.length === 0 || (request.namespace !== undefined && inNamespace(request.namespace))) &&
    (users.length === 0 || (request.user !== undefined && byUser(request.user.name)));
}
