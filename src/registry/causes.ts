/** Classifies causes of failures for the next request, and sets how long failures are cached. */
import { isCredentialRejected, type RegistryCause, type RegistryFailure } from '../policy/registry-fact.ts';

const TEMPORARY: ReadonlySet<RegistryCause> = new Set([
  'rateLimited',
  'serverError',
  'timeout',
  'dns',
  'tls',
  'unreachable',
  'tooMany',
]);

/** Reports whether a later request can succeed. Until then, a stale response can be used. */
export function isTemporary({ cause }: RegistryFailure): boolean {
  return TEMPORARY.has(cause);
}

/** Reports whether the whole registry fails. A rate limit affects one credential; DNS and queues come before the registry. */
export function isOutage(failure: RegistryFailure): boolean {
  return isTemporary(failure) && !NO_OUTAGE.has(failure.cause);
}

const NO_OUTAGE: ReadonlySet<RegistryCause> = new Set(['rateLimited', 'dns', 'tooMany']);

/** Reports whether another credential can succeed: registries report images that a credential may not see as not found. */
export function isCredentialFailure(failure: RegistryFailure): boolean {
  return failure.cause === 'notFound' || isCredentialRejected(failure);
}

const LIFETIMES_MS: Readonly<Record<RegistryCause, number>> = {
  // A tag is often pushed moments before it is deployed, or after.
  notFound: 10_000,
  forbidden: 30_000,
  unauthenticated: 30_000,
  // lookup/circuit.ts keeps the registry's Retry-After for all images.
  rateLimited: 3000,
  serverError: 3000,
  timeout: 3000,
  dns: 3000,
  tls: 3000,
  unreachable: 3000,
  blocked: 5000,
  protocol: 5000,
  // Not cached: the next request can get a place.
  tooMany: 0,
};

export function lifetimeMs({ cause }: RegistryFailure): number {
  return LIFETIMES_MS[cause];
}
