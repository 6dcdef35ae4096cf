/** What is said when no credential got an answer: each that was tried with what it was told, and what else there could be. */
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';
import { AS_NOBODY, type Attempt } from './attempts.ts';
import { isCredentialFailure } from '../registry/causes.ts';
import { NO_CREDENTIAL } from '../registry/endpoint.ts';

export interface Tried {
  readonly attempt: Attempt;
  readonly failure: RegistryFailure;
}

/** Enough to see what is wrong. */
const MAX_TOLD = 4;

/** `doubts`: why there could be other credentials. */
export function failureOf(tried: readonly Tried[], doubts: readonly string[]): RegistryFailure {
  const decisive = decisiveOf(tried);
  const told = tried.slice(0, MAX_TOLD).map(toldOf);
  if (tried.length > MAX_TOLD) told.push(`${tried.length - MAX_TOLD} more credentials got no other answer`);
  const more = doubts.length === 0 ? '' : ` (there could be other credentials: ${doubts.join('; ')})`;
  return {
    cause: decisive?.failure.cause ?? 'refused',
    causedBy: decisive?.failure.causedBy,
    message: `${told.join('; ')}${more}`,
    remedy: decisive?.failure.remedy ?? remedyFor(decisive),
    ...(tried.every(isPublic) ? { isPublic: true } : {}),
    ...(tried.some(({ failure }) => failure.unjudged) ? { unjudged: true } : {}),
  };
}

function isPublic({ attempt: { credential }, failure }: Tried): boolean {
  return failure.isPublic === true && (credential === undefined || credential.isOfSecret === true);
}

/**
 * What ended the tries, if it was no refusal. Else who got furthest: a credential that the registry knows and does not let
 * pull, then one that it does not know. "Not found" decides only when all got it: a registry that hides a repository says
 * so to the wrong credential, and one that is refused has not seen whether there is an image.
 */
function decisiveOf(tried: readonly Tried[]): Tried | undefined {
  const last = tried.at(-1);
  if (last === undefined || !isCredentialFailure(last.failure)) return last;
  const of = (cause: string): Tried | undefined => tried.find(({ failure }) => failure.cause === cause);
  return of('denied') ?? of('unauthenticated') ?? last;
}

/** Nobody was asked, or nobody who may be told anything: no credential has been sent. */
const UNASKED: ReadonlySet<RegistryCause> = new Set(['refused', 'tooMany', 'dns', 'tls']);

/** The client may have said itself what it asked with. */
function toldOf({ attempt, failure: { cause, message, unjudged } }: Tried): string {
  const { label } = attempt;
  if (unjudged && cause === 'notFound') return `${message}, asked anonymously: it asked for no credential`;
  if (UNASKED.has(cause)) return message;
  if (message.includes(label)) return message;
  if (attempt.credential === undefined && message.includes(NO_CREDENTIAL)) return message;
  return label === AS_NOBODY.label ? `${message}, asked anonymously` : `${message}, asked with ${label}`;
}

function remedyFor(tried: Tried | undefined): string | undefined {
  const cause = tried?.failure.cause;
  if (tried?.failure.unjudged) return undefined;
  if (cause !== 'denied' && cause !== 'unauthenticated') return undefined;
  return tried?.attempt.credential === undefined
    ? 'name a pull secret that covers the image, or say in nodeCredentials what nodes hold'
    : 'check the credential, and that its user may pull the image';
}
