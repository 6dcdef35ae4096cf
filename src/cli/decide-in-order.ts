/** Decides objects, several at the same time, and takes the decisions in the order of the objects, until it is interrupted. */
import { createPauses } from '../files/pauses.ts';
import type { Manifest } from '../files/manifests.ts';
import type { Progress } from './progress.ts';

interface Steps<D> {
  readonly decide: (manifest: Manifest) => D | Promise<D>;
  readonly take: (manifest: Manifest, decision: D) => Promise<void>;
  readonly progress: Pick<Progress, 'at'> | undefined;
  /** Aborted by Ctrl-C. Decisions that arrive later are incomplete and are not taken. */
  readonly stop: AbortSignal;
}

/** Objects whose lookups run at the same time. */
const MAX_PENDING = 32;

interface Pending<D> {
  readonly manifest: Manifest;
  readonly decision: Promise<D> | undefined;
  /** The decision, if it arrived before the interruption. */
  known: { readonly decision: D } | undefined;
}

/** Returns the objects without a decision. */
export async function decideInOrder<D>(
  manifests: readonly Manifest[],
  { decide, take, progress, stop }: Steps<D>,
): Promise<readonly Manifest[]> {
  const pending: Pending<D>[] = [];
  const left: Manifest[] = [];
  // Ctrl-C is noticed only between turns of the event loop.
  const pause = createPauses();
  let taken = 0;
  // The first lookups can take longer than the first report of the progress.
  const report = (): void => progress?.at(taken, manifests.length);
  report();
  const takeFirst = async (): Promise<void> => {
    const first = pending.shift();
    if (first === undefined) return;
    await first.decision;
    if (first.known === undefined) {
      left.push(first.manifest);
      return;
    }
    await take(first.manifest, first.known.decision);
    taken += 1;
    report();
  };
  let next = 0;
  for (const manifest of manifests) {
    const turn = pause();
    if (turn !== undefined) await turn;
    if (stop.aborted) break;
    next += 1;
    pending.push(pendingOf(manifest, decide(manifest), stop));
    while (pending.length >= MAX_PENDING || pending[0]?.known !== undefined) await takeFirst();
  }
  while (pending.length > 0) await takeFirst();
  return [...left, ...manifests.slice(next)];
}

function pendingOf<D>(manifest: Manifest, decision: D | Promise<D>, stop: AbortSignal): Pending<D> {
  if (!(decision instanceof Promise)) return { manifest, decision: undefined, known: { decision } };
  const pending: Pending<D> = { manifest, decision, known: undefined };
  const keep = (known: D): void => {
    if (!stop.aborted) pending.known = { decision: known };
  };
  // A bug is reported when it is the turn of its object.
  decision.then(keep).catch(() => undefined);
  return pending;
}
