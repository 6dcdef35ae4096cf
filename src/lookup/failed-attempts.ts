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
  const more = reasons.length === 0 ? '' : ` (other credentials may exist: ${reasons.join('; ')})`;
  return {
    cause: decisive?.failure.cause ?? 'blocked',
    causedBy: decisive?.failure.causedBy,
    message: `${attemptTexts(failed).join('; ')}${more}`,
    remedy: decisive?.failure.remedy ?? remedyFor(decisive),
    ...(failed.length > 0 ? { namesCredentials: true } : {}),
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

/** Attempts in a row with the same response share it: `reg.io returned HTTP 401; tried with A, then with B`. */
function attemptTexts(failed: readonly FailedAttempt[]): readonly string[] {
  const groups: { readonly message: string; readonly ways: string[] }[] = [];
  for (const one of failed.slice(0, MAX_SHOWN)) {
    const { message } = one.failure;
    const way = wayOf(one);
    const last = groups.at(-1);
    const isSame = last?.message === message && last.ways.length > 0;
    if (way !== undefined && isSame) last.ways.push(way);
    else groups.push({ message, ways: way === undefined ? [] : [way] });
  }
  const texts = groups.map(({ message, ways }) =>
    ways.length === 0 ? message : `${message}; tried ${ways.join(', then ')}`,
  );
  const more = failed.length - MAX_SHOWN;
  return more > 0 ? [...texts, `${more} more credentials also failed`] : texts;
}

/** Returns how the attempt was made; undefined if the message already says it. */
function wayOf({ attempt, failure: { cause, message, credentialUntested } }: FailedAttempt): string | undefined {
  const { label } = attempt;
  if (credentialUntested && cause === 'notFound')
    return 'anonymously, because the registry did not request credentials';
  if (UNSENT.has(cause) || message.includes(label)) return undefined;
  if (attempt.credential === undefined && message.includes(WITHOUT_CREDENTIALS)) return undefined;
  return label === ANONYMOUS_ATTEMPT.label ? 'anonymously' : `with ${label}`;
}

function remedyFor(decisive: FailedAttempt | undefined): string | undefined {
  const cause = decisive?.failure.cause;
  if (decisive?.failure.credentialUntested) return undefined;
  if (cause !== 'forbidden' && cause !== 'unauthenticated') return undefined;
  return decisive?.attempt.credential === undefined
    ? 'add a pull secret that matches the image, or configure nodeCredentials'
    : 'check the credential and the pull access of its account';
}
