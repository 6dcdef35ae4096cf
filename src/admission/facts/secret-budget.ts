/** Limits the memory of the Secrets that one decision reads: an API server stores up to 1 MiB in each, and parsing them takes time. */
import { memoryOf, type PullSecret } from '../../credential/pull-secret.ts';
import type { Fact } from '../../policy/fact.ts';
import { type MaybePromise, whenKnown } from '../maybe-promise.ts';

export interface SecretBudget {
  /** Returns the fact of `lookUp`, or unknown if the budget is spent. Lookups that wait end when it is spent. */
  spend(lookUp: (signal: AbortSignal) => MaybePromise<Fact<PullSecret>>): MaybePromise<Fact<PullSecret>>;
}

/** Enough for thousands of registries. */
const MAX_MIB = 8;
/** A Secret that is too large to be parsed. */
const UNREAD_BYTES = 2 * 1024 * 1024;

const TOO_LARGE: Fact<PullSecret> = {
  state: 'unknown',
  reason: `the pull secrets of the object need more than ${MAX_MIB} MiB of memory`,
  causedBy: 'author',
};

export function createSecretBudget(signal: AbortSignal): SecretBudget {
  const spent = new AbortController();
  let until: AbortSignal | undefined;
  let bytes = 0;
  const limited = (fact: Fact<PullSecret>): Fact<PullSecret> => {
    if (fact.state === 'yes') bytes += memoryOf(fact.value);
    else if (fact.state === 'unknown' && fact.causedBy === 'author') bytes += UNREAD_BYTES;
    if (bytes > MAX_MIB * 1024 * 1024) spent.abort();
    return spent.signal.aborted ? TOO_LARGE : fact;
  };
  const limitedError = (error: unknown): Fact<PullSecret> => {
    if (spent.signal.aborted) return TOO_LARGE;
    throw error;
  };
  return {
    spend(lookUp) {
      if (spent.signal.aborted) return TOO_LARGE;
      const fact = lookUp((until ??= AbortSignal.any([signal, spent.signal])));
      return whenKnown(fact instanceof Promise ? fact.catch(limitedError) : fact, limited);
    },
  };
}
