/** Evaluates recorded reviews for `test`: those of a recording at their time and with their facts. */
import { decideAsRun } from '../admission/as-run.ts';
import type { Context, World } from '../admission/context.ts';
import type { UsageCount } from '../admission/usage.ts';
import type { Recording } from '../files/recorded-documents.ts';
import { recordingEvents } from '../files/recording-events.ts';
import type { Manifest } from '../files/manifests.ts';
import { recordedWorld } from '../recording/recorded-world.ts';
import { rowsOf } from './object-rows.ts';
import { addRows, emptyEvaluation, type Evaluation } from './evaluate-files.ts';

export interface ReviewOptions {
  readonly context: Context;
  /** The facts of reviews that are not from a recording. */
  readonly world: World;
  /** Sets the current time of the context; a recorded review has its own. */
  readonly setTime: (ms: number | undefined) => void;
  readonly usage: UsageCount;
}

export async function evaluateReviews(
  paths: readonly string[],
  { context, world, setTime, usage }: ReviewOptions,
): Promise<Evaluation> {
  const evaluation = emptyEvaluation();
  const { signal } = new AbortController();
  if (paths.length === 0) return evaluation;
  for await (const event of recordingEvents(paths, nothing(), { kinds: context.kinds, namespace: 'default' })) {
    if ('error' in event) evaluation.errors.push(event.error);
    if (!('recording' in event)) continue;
    const { review, recorded } = event.recording;
    setTime(recorded && Date.parse(recorded.time));
    const known = { ...context, world: recorded === undefined ? world : recordedWorld(recorded.facts) };
    const decision = await decideAsRun(review.request, known, { signal, hasCluster: false });
    addRows(evaluation, rowsOf(manifestOf(event.recording), decision, known), usage);
  }
  setTime(undefined);
  return evaluation;
}

function manifestOf({ file, line, document, review }: Recording): Manifest {
  const place = { file, line, column: 1 };
  return { file, document, request: review.request, isRecorded: true, placeOf: () => place };
}

async function* nothing(): AsyncGenerator<string> {
  // Paths of a suite are files.
}
