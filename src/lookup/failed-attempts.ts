/** Builds the failure of an image that no credential gets: each attempt, its response, and why other credentials may exist. */
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';
import { ANONYMOUS_ATTEMPT, type Attempt } from './attempts.ts';
import { isCredentialFailure } from '../registry/causes.ts';
import { WITHOUT_CREDENTIALS } from '../registry/endpoint.ts';

export interface FailedAttempt {
  readonly attempt: Attempt;
  readonly failure: RegistryFailure;
}

/** Attempts in a message. */
const MAX_SHOWN = 4;

/** `reasons`: why other credentials may exist. */
export function failureOfAll(failed: readonly FailedAttempt[], reasons: readonly string[]): RegistryFailure {
  const decisive = decisiveAttempt(failed);
  const texts = failed.slice(0, MAX_SHOWN).map(attemptText);
  if (failed.length > MAX_SHOWN) texts.push(`${failed.length - MAX_SHOWN} more credentials also failed`);
  const more = reasons.length === 0 ? '' : ` (other credentials may exist: ${reasons.join('; ')})`;
  return {
    cause: decisive?.failure.cause ?? 'blocked',
    causedBy: decisive?.failure.causedBy,
    message: `${texts.join('; ')}${more}`,
    remedy: decisive?.failure.remedy ?? remedyFor(decisive),
    ...(failed.every(isPublic) ? { isPublic: true } : {}),
    ...(failed.some(({ failure }) => failure.credentialUntested) ? { credentialUntested: true } : {}),
  };
}

function isPublic({ attempt: { credential }, failure }: FailedAttempt): boolean {
  return failure.isPublic === true && (credential === undefined || credential.isOfSecret === true);
}

/**
 * Returns the last attempt if its failure ended the attempts. Otherwise 403 comes before 401, and 401 before "not found":
 * registries report hidden images as not found, and a rejected credential does not show whether the image exists.
 */
function decisiveAttempt(failed: readonly FailedAttempt[]): FailedAttempt | undefined {
  const last = failed.at(-1);
  if (last === undefined || !isCredentialFailure(last.failure)) return last;
  const of = (cause: string): FailedAttempt | undefined => failed.find(({ failure }) => failure.cause === cause);
  return of('forbidden') ?? of('unauthenticated') ?? last;
}

/** Failures before a credential is sent. */
const UNSENT: ReadonlySet<RegistryCause> = new Set(['blocked', 'tooMany', 'dns', 'tls']);

/** The message can already contain what was sent. */
function attemptText({ attempt, failure: { cause, message, credentialUntested } }: FailedAttempt): string {
  const { label } = attempt;
  if (credentialUntested && cause === 'notFound')
    return `${message}; tried anonymously, because the registry did not request credentials`;
  if (UNSENT.has(cause)) return message;
  if (message.includes(label)) return message;
  if (attempt.credential === undefined && message.includes(WITHOUT_CREDENTIALS)) return message;
  return label === ANONYMOUS_ATTEMPT.label ? `${message}; tried anonymously` : `${message}; tried with ${label}`;
}

function remedyFor(decisive: FailedAttempt | undefined): string | undefined {
  const cause = decisive?.failure.cause;
  if (decisive?.failure.credentialUntested) return undefined;
  if (cause !== 'forbidden' && cause !== 'unauthenticated') return undefined;
  return decisive?.attempt.credential === undefined
    ? 'add a pull secret that matches the image, or configure nodeCredentials'
    : 'check the credential and the pull access of its account';
}
