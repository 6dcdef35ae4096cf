/** Converts the trace of a pull to JSON output. */
import { quoteValue } from '../image/quote.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { platformText } from '../policy/rules/platforms.ts';
import type { PullAttempt } from '../lookup/trace.ts';
import { type PullOutcome, pullOutcome, type TracedImage } from './pull-trace.ts';

/** The key `pull` of `explain image --resolve -o json`; unknown values are null. */
export interface PullRow {
  /** The name that credentials are matched against. */
  readonly repository: string;
  readonly resolved: PullOutcome;
  readonly attempts: readonly AttemptRow[];
  readonly digest: string | null;
  readonly mediaType: string | null;
  readonly credential: string | null;
  readonly mirror: string | null;
  readonly platforms: readonly string[] | null;
  readonly sizeBytes: number | null;
  /** RFC 3339, UTC. */
  readonly created: string | null;
  readonly failure: FailureRow | null;
  /** Each error stops the kubelet from pulling any image for the Pod. */
  readonly errors: readonly { readonly secret: string; readonly message: string }[];
}

export interface FailureRow {
  readonly cause: string;
  readonly message: string;
  readonly remedy: string | null;
}

interface AttemptRow {
  readonly credential: string;
  readonly mirror: string | null;
  readonly answer: PullOutcome;
  readonly digest: string | null;
  readonly mediaType: string | null;
  readonly failure: FailureRow | null;
}

export function pullRow(traced: TracedImage): PullRow {
  const { reference, trace, faults } = traced;
  return {
    repository: reference.repository,
    resolved: pullOutcome(traced),
    attempts: (trace?.attempts ?? []).map(attemptRow),
    ...foundRow(trace?.image.state === 'yes' ? trace.image.value : undefined),
    ...detailsRow(trace?.details?.state === 'yes' ? trace.details.value : undefined),
    failure: trace === undefined ? null : failureRow(trace.image),
    errors: faults.map(({ secret, key, problem }) => ({ secret, message: `key ${quoteValue(key)}: ${problem}` })),
  };
}

function foundRow(found: RegistryImage | undefined): Pick<PullRow, 'digest' | 'mediaType' | 'credential' | 'mirror'> {
  if (found === undefined) return { digest: null, mediaType: null, credential: null, mirror: null };
  const { digest, mediaType, credential, mirror = null } = found;
  return { digest, mediaType, credential, mirror };
}

function detailsRow(details: RegistryDetails | undefined): Pick<PullRow, 'platforms' | 'sizeBytes' | 'created'> {
  if (details === undefined) return { platforms: null, sizeBytes: null, created: null };
  const { platforms, sizeBytes } = details;
  return { platforms: platforms.map(platformText), sizeBytes, created: createdText(details) };
}

/** Returns null for a time outside the range of JavaScript dates. */
function createdText({ createdMs }: RegistryDetails): string | null {
  if (createdMs === undefined) return null;
  const date = new Date(createdMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function attemptRow({ credential, mirror, answer }: PullAttempt): AttemptRow {
  const found = answer.state === 'yes' ? answer.value : undefined;
  return {
    credential,
    mirror: mirror ?? null,
    answer: answer.state,
    digest: found?.digest ?? null,
    mediaType: found?.mediaType ?? null,
    failure: failureRow(answer),
  };
}

export function failureRow(fact: RegistryFact<unknown>): FailureRow | null {
  if (fact.state === 'yes') return null;
  const { cause, message, remedy = null } = fact.failure;
  return { cause, message, remedy };
}
