/** Which causes say that a registry is in trouble, and how long one failed answer stands for the next. */
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';

/** It may well have the image, and cannot say so now. Then an older answer is better than none. */
const TROUBLE: ReadonlySet<RegistryCause> = new Set([
  'rateLimited',
  'serverError',
  'timeout',
  'dns',
  'tls',
  'unreachable',
  'tooMany',
]);

export function isTrouble({ cause }: RegistryFailure): boolean {
  return TROUBLE.has(cause);
}

/** The registry was talked to, and is in trouble as a whole; a rate limit is about who asks, DNS and waiting come before. */
export function isOutage(failure: RegistryFailure): boolean {
  return isTrouble(failure) && !NO_OUTAGE.has(failure.cause);
}

const NO_OUTAGE: ReadonlySet<RegistryCause> = new Set(['rateLimited', 'dns', 'tooMany']);

/** The registry does not give the image to this credential, and may give it to another one. */
export function isRefusal({ cause }: RegistryFailure): boolean {
  return cause === 'notFound' || cause === 'denied' || cause === 'unauthenticated';
}

const LIFETIMES_MS: Readonly<Record<RegistryCause, number>> = {
  // A tag is often pushed moments before it is deployed, or after.
  notFound: 10_000,
  denied: 30_000,
  unauthenticated: 30_000,
  // What the registry asked to wait is kept for all images: see circuit.ts.
  rateLimited: 3000,
  serverError: 3000,
  timeout: 3000,
  dns: 3000,
  tls: 3000,
  unreachable: 3000,
  refused: 5000,
  protocol: 5000,
  // It is not remembered: the next one may be asked.
  tooMany: 0,
};

export function lifetimeMs({ cause }: RegistryFailure): number {
  return LIFETIMES_MS[cause];
}
