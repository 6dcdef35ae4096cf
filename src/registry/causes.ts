/** What the cause of a failure means for the next request, and how long a failure is remembered. */
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

/** Reports whether a later request can succeed. Until then an older answer is better than none. */
export function isTemporary({ cause }: RegistryFailure): boolean {
  return TEMPORARY.has(cause);
}

/** Reports whether the failure affects the whole registry. A rate limit affects one credential; DNS and queues come before the registry. */
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
  // What the registry asked to wait is kept for all images: see circuit.ts.
  rateLimited: 3000,
  serverError: 3000,
  timeout: 3000,
  dns: 3000,
  tls: 3000,
  unreachable: 3000,
  blocked: 5000,
  protocol: 5000,
  // It is not remembered: the next one may be asked.
  tooMany: 0,
};

export function lifetimeMs({ cause }: RegistryFailure): number {
  return LIFETIMES_MS[cause];
}
