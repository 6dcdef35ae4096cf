/** Looks up the facts of several reviews at the same time, so that evaluating them one after the other finds the facts in the caches. */
import { decideAsRun } from '../../admission/as-run.ts';
import type { Context } from '../../admission/context.ts';
import { mutate } from '../../admission/mutate.ts';
import { validate } from '../../admission/validate.ts';
import type { Recording } from '../../files/recorded-documents.ts';

const MAX_PENDING = 32;
const { signal } = new AbortController();

export async function lookUpFirst(recordings: readonly Recording[], contexts: readonly Context[]): Promise<void> {
  const waiting = recordings.flatMap((recording) => contexts.map((context) => ({ recording, context }))).values();
  const work = async (): Promise<void> => {
    for (const { recording, context } of waiting) await lookUp(recording, context);
  };
  await Promise.all(Array.from({ length: MAX_PENDING }, work));
}

/** The results do not count. */
async function lookUp({ recorded, review: { request } }: Recording, context: Context): Promise<void> {
  if (!request.mutateRan) {
    await decideAsRun(request, context, { signal, hasCluster: true });
    return;
  }
  if (recorded?.endpoint !== 'mutate') await validate(request, context, signal);
  if (recorded?.endpoint !== 'validate') await mutate(request, context, signal);
}
