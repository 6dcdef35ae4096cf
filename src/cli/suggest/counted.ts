/** Which reviews of a recording count: those that the cluster allowed, with images, once for each request. */
import type { Context } from '../../admission/context.ts';
import { requestAsRun } from '../../admission/as-run.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import { type ReadRequest, readRequest } from '../../admission/validate.ts';
import type { RecordedReview } from '../../recording/format.ts';
import { recordedWorld } from '../../recording/recorded-world.ts';
import type { LeftOut } from '../../report/suggest.ts';
import { isInScope } from '../derive/policy-tree.ts';
import type { Recording } from '../../files/recorded-documents.ts';

export interface Counted {
  /** With the object as it would run. */
  readonly read: ReadRequest;
  /** null: the object has none. */
  readonly namespace: string | null;
}

export interface CountOptions {
  /** Of its policies, only what they change matters. */
  readonly context: Context;
  /** Also count reviews that were denied. */
  readonly includeDenied: boolean;
}

/** Returns why a review does not count. */
export async function countedReview(
  line: Recording,
  { context, includeDenied }: CountOptions,
): Promise<Counted | LeftOut> {
  const why = leftOutBy(line, includeDenied);
  if (why !== undefined) return why;
  const request = await asRun(line, context);
  const read = readRequest(request, context.kinds);
  if ('outcome' in read) return 'notEvaluated';
  const namespace = namespaceOf(request, context);
  if (!isInScope({ namespace })) return 'excluded';
  return { read, namespace };
}

function leftOutBy({ recorded, review }: Recording, includeDenied: boolean): LeftOut | undefined {
  if (recorded?.endpoint === 'mutate') return 'mutate';
  if (recorded !== undefined && isDenied(recorded) && !includeDenied) return 'denied';
  // Its object is not stored, and often is a try.
  return review.request.dryRun ? 'dryRun' : undefined;
}

/** The objects of lines that the server recorded are changed already. */
async function asRun(line: Recording, context: Context): Promise<AdmissionRequest> {
  const { recorded, review } = line;
  if (recorded !== undefined && review.request.mutateRan) return review.request;
  return requestAsRun(review.request, contextOf(line, context), NEVER);
}

/** By tidewaiter, or by anyone else. */
function isDenied({ response, origin }: RecordedReview): boolean {
  return response?.allowed === false || origin?.admitted === false;
}

function namespaceOf({ type, namespace }: AdmissionRequest, { kinds }: Context): string | null {
  return kinds.find(type.group, type.kind)?.clusterScoped === true ? null : (namespace ?? null);
}

export const NEVER = new AbortController().signal;

/** The context of a review, with the facts and the time in the recording. */
export function contextOf({ recorded }: Recording, context: Context): Context {
  if (recorded === undefined) return context;
  const time = Date.parse(recorded.time);
  return { ...context, world: recordedWorld(recorded.facts), now: () => time };
}
