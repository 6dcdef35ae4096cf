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

/** Returns how many decisions were taken. */
export async function decideInOrder<D>(
  manifests: readonly Manifest[],
  { decide, take, progress, stop }: Steps<D>,
): Promise<number> {
  const pending: { readonly manifest: Manifest; readonly decision: D | Promise<D> }[] = [];
  // Ctrl-C is noticed only between turns of the event loop.
  const pause = createPauses();
  let taken = 0;
  // The first lookups can take longer than the first report of the progress.
  const report = (): void => progress?.at(taken, manifests.length);
  report();
  const takeFirst = async (): Promise<void> => {
    const first = pending.shift();
    if (first === undefined) return;
    const decision = await first.decision;
    if (stop.aborted) return;
    await take(first.manifest, decision);
    taken += 1;
    report();
  };
  for (const manifest of manifests) {
    const turn = pause();
    if (turn !== undefined) await turn;
    if (stop.aborted) break;
    const decision = decide(manifest);
    // A bug is reported when it is the turn of its object.
    if (decision instanceof Promise) decision.catch(() => undefined);
    pending.push({ manifest, decision });
    while (pending.length >= MAX_PENDING || (pending[0] && !(pending[0].decision instanceof Promise)))
      await takeFirst();
  }
  while (pending.length > 0 && !stop.aborted) await takeFirst();
  return taken;
}
