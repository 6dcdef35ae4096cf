/** The outcome for each image to pin: the new image string, and the finding. */
import { isDigest } from '../../image/digest.ts';
import { quoteValue } from '../../image/quote.ts';
import { containerLabel } from '../../pod/containers.ts';
import { PIN } from '../../policy/change-rules.ts';
import type { Finding } from '../../policy/finding.ts';
import type { RegistryFailure, RegistryImage } from '../../policy/registry-fact.ts';
import { undecidedBy } from '../../policy/undecided.ts';
import { MAX_WARNING_RUNES } from '../message.ts';
import type { ImageFact } from '../change/image-facts.ts';
import type { Candidate } from './candidates.ts';
import type { PinnedImage } from '../mutation.ts';

export interface Outcome {
  /** undefined: it is unknown whether the policy applies. */
  readonly image: PinnedImage | undefined;
  readonly finding: Finding | undefined;
}

/** `fact`: the result of the lookup; `undefined`: no lookup was needed. */
export function outcomeOf(candidate: Candidate, fact: ImageFact | undefined): Outcome {
  const { scopeUnknown, stored } = candidate;
  if (scopeUnknown !== undefined) return unknownScope(candidate, scopeUnknown);
  if (fact === undefined) return stored === undefined ? NOTHING : withDigest(candidate, stored, 'sticky');
  if (fact.state !== 'yes') return failed(candidate, fact.state, fact.failure);
  return found(candidate, fact.value);
}

const NOTHING: Outcome = { image: undefined, finding: undefined };

function found(candidate: Candidate, { digest, stale }: RegistryImage): Outcome {
  if (!isDigest(digest)) {
    const message = `the registry names the digest ${quoteValue(digest, 100)}, which is not a valid digest`;
    return failed(candidate, 'unknown', { cause: 'protocol', message, remedy: undefined });
  }
  return withDigest(candidate, digest, stale === undefined ? 'pinned' : 'stale', stale);
}

function withDigest(
  candidate: Candidate,
  digest: string,
  outcome: 'pinned' | 'sticky' | 'stale',
  stale?: RegistryImage['stale'],
): Outcome {
  const { policy, container, pin, written } = candidate;
  const from = written.text;
  const to = `${from}@${digest}`;
  if (pin.mode === 'warn') {
    const message = notPinned(candidate, stale === undefined ? `use ${to}` : `use ${to} (seen ${ago(stale.ageMs)})`);
    const finding = findingOf(candidate, { action: 'warn', outcome: 'violation', message });
    return { image: { policy, outcome: 'warned', cause: undefined, container, from, to: undefined }, finding };
  }
  const image = { policy, outcome, cause: undefined, container, from, to };
  if (stale === undefined) return { image, finding: undefined };
  const { message: reason, remedy } = stale.failure;
  const message = `image ${quoteValue(from)} is pinned to the digest seen ${ago(stale.ageMs)}: ${reason}`;
  return { image, finding: findingOf(candidate, { action: 'warn', outcome: 'unknown', message, remedy }) };
}

/** Returns only the fix with the digest if the API server would cut the warning. */
function notPinned({ container, policy, written: { text } }: Candidate, fix: string): string {
  const whole = `image ${quoteValue(text)} is not pinned; ${fix}`;
  const around = `${containerLabel(container)}:  [${policy}/${PIN}]`;
  return around.length + whole.length > MAX_WARNING_RUNES ? fix : whole;
}

/** An image with a stored digest keeps it and is never denied, because a restart must not depend on a registry. */
function failed(candidate: Candidate, state: 'no' | 'unknown', failure: RegistryFailure): Outcome {
  const { cause, message, remedy } = failure;
  const undecided = undecidedBy(failure);
  const { policy, container, pin, written, stored } = candidate;
  const from = written.text;
  const onFailure = pin.onFailure(cause);
  const outcome = state === 'no' ? 'violation' : 'unknown';
  const image = { policy, outcome: 'failed', cause, container, from } as const;
  if (stored !== undefined) {
    const action = onFailure === 'allow' ? 'audit' : 'warn';
    const kept = `image ${quoteValue(from)} keeps its stored digest: ${message}`;
    const to = pin.mode === 'warn' ? undefined : `${from}@${stored}`;
    return {
      image: { ...image, to },
      finding: findingOf(candidate, { action, outcome, message: kept, remedy, undecided }),
    };
  }
  const action = onFailure === 'allow' ? 'audit' : onFailure;
  const unpinned = `image ${quoteValue(from)} cannot be pinned: ${message}`;
  return {
    image: { ...image, to: undefined },
    finding: findingOf(candidate, { action, outcome, message: unpinned, remedy, undecided }),
  };
}

function unknownScope(candidate: Candidate, reason: string): Outcome {
  const image = `image ${quoteValue(candidate.written.text)}`;
  const message = `${image} is not pinned: cannot determine whether the policy applies: ${reason}`;
  const finding = findingOf(candidate, { action: 'warn', outcome: 'unknown', message, undecided: 'scope' });
  return { image: undefined, finding };
}

type FindingText = Pick<Finding, 'action' | 'outcome' | 'message' | 'undecided'> & {
  readonly remedy?: string | undefined;
};

function findingOf({ policy, container }: Candidate, { remedy, ...text }: FindingText): Finding {
  return { policy, rule: PIN, ...text, existing: false, container, pointer: container.imagePointer, remedy };
}

/** `3 h ago`, rounded down. */
function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
