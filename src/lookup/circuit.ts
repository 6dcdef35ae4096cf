/**
 * Decides when not to query a registry. After several outages in a row, a namespace skips the registry for a while; then one
 * request probes it. The outages of one namespace decide for no other, because anyone can write an image that makes a registry
 * hang or return 5xx; outages of other namespaces only lower the number of outages that a namespace needs itself.
 *
 * A rate limit closes the registry for one credential, because other credentials have limits of their own.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { type BoundedCache, boundedCache } from '../registry/bounded-cache.ts';
import type { RegistryError } from '../registry/client.ts';
import { isOutage, isCredentialFailure } from '../registry/causes.ts';

export interface RegistryCaller {
  readonly registry: string;
  /** The name for messages, if it differs. */
  readonly name?: string;
  /** See identity.ts. */
  readonly identity: string;
  readonly repository: string;
  /** The namespace of the object. */
  readonly tenant: string;
}

export interface Circuit {
  /** Why no request may be sent now; `undefined`: it may be sent. */
  closedTo(caller: RegistryCaller): RegistryFailure | undefined;
  begin(caller: RegistryCaller): void;
  /** `'nothing'`: the request ended before it showed anything about the registry. */
  end(caller: RegistryCaller, result: RegistryError | 'answer' | 'nothing'): void;
}

export interface CircuitLimits {
  /** Outages in a row. */
  readonly failures: number;
  /** Namespaces with an outage since the registry last responded. Then one outage is enough for each namespace. */
  readonly tenants: number;
  readonly pauseMs: number;
  /** The pause doubles after each failed probe, up to this. */
  readonly maxPauseMs: number;
}

export const CIRCUIT_LIMITS: CircuitLimits = { failures: 5, tenants: 3, pauseMs: 5000, maxPauseMs: 60_000 };

/** The default if the registry returns no Retry-After. */
const RATE_LIMIT_MS = 10_000;
const MAX_RATE_LIMIT_MS = 3_600_000;

/** Anyone who can create a Pod chooses names of registries. */
const MAX_REGISTRIES = 5000;

/** The outages of one registry for one namespace. */
interface Outages {
  readonly count: number;
  /** At most two: with more repositories it is the registry. */
  readonly repositories: readonly string[];
  readonly identities: readonly string[];
  readonly last: RegistryFailure;
  readonly untilMs: number;
  readonly pauseMs: number;
  /** True while one request tests whether the registry responds again. */
  readonly isProbing: boolean;
}

/** A registry's rate limit for one credential. */
interface RateLimit {
  readonly untilMs: number;
  readonly failure: RegistryFailure;
}

/** The outages and rate limits of all registries. */
interface CircuitState {
  readonly limits: CircuitLimits;
  readonly now: () => number;
  /** By registry and namespace. */
  readonly outages: BoundedCache<Outages>;
  /** By registry and credential. */
  readonly rateLimits: BoundedCache<RateLimit>;
  /** By registry: the namespaces with an outage since the registry last responded. */
  readonly witnesses: BoundedCache<ReadonlySet<string>>;
}

export function createCircuit(now: () => number, limits: CircuitLimits = CIRCUIT_LIMITS): Circuit {
  const state: CircuitState = {
    limits,
    now,
    outages: boundedCache(MAX_REGISTRIES, now),
    rateLimits: boundedCache(MAX_REGISTRIES, now),
    witnesses: boundedCache(MAX_REGISTRIES, now),
  };
  return {
    closedTo(caller) {
      const outages = openOutages(state, caller);
      if (outages !== undefined && (outages.isProbing || outages.untilMs > now()))
        return openFailure(caller, outages, now());
      const rateLimit = state.rateLimits.get(credentialKey(caller));
      return rateLimit === undefined ? undefined : rateLimitFailure(caller, rateLimit, now());
    },
    begin(caller) {
      const outages = openOutages(state, caller);
      if (outages !== undefined) keep(state, caller, { ...outages, isProbing: true });
    },
    end(caller, result) {
      if (result === 'answer') close(state, caller);
      else if (result === 'nothing') endProbe(state, caller);
      else if (result.failure.cause === 'rateLimited') {
        limitRate(state, caller, result);
        close(state, caller);
      } else if (isOutage(result.failure)) addOutage(state, caller, result.failure);
      else if (isCredentialFailure(result.failure)) close(state, caller);
      else endProbe(state, caller);
    },
  };
}

function tenantKey({ registry, tenant }: RegistryCaller): string {
  return `${registry}\n${tenant}`;
}

function credentialKey({ registry, identity }: RegistryCaller): string {
  return `${registry}\n${identity}`;
}

function isOpen({ limits, witnesses }: CircuitState, { count }: Outages, { registry }: RegistryCaller): boolean {
  return count >= limits.failures || (witnesses.get(registry)?.size ?? 0) >= limits.tenants;
}

/** Returns undefined if the circuit is closed for the caller, so that requests can be sent. */
function openOutages(state: CircuitState, caller: RegistryCaller): Outages | undefined {
  const outages = state.outages.get(tenantKey(caller));
  return outages !== undefined && isOpen(state, outages, caller) && isAbout(outages, caller) ? outages : undefined;
}

function keep({ outages }: CircuitState, caller: RegistryCaller, value: Outages): void {
  outages.set(tenantKey(caller), value, Infinity, caller.tenant);
}

function addOutage(state: CircuitState, caller: RegistryCaller, last: RegistryFailure): void {
  const { limits, now, witnesses } = state;
  const before = state.outages.get(tenantKey(caller));
  const isFailedProbe = before !== undefined && isOpen(state, before, caller) && before.isProbing;
  // Requests that were in progress when the circuit opened say nothing new.
  if (openOutages(state, caller) !== undefined && !isFailedProbe) return;
  const pauseMs = isFailedProbe ? Math.min(before.pauseMs * 2, limits.maxPauseMs) : limits.pauseMs;
  keep(state, caller, {
    ...withOutage(before, caller),
    last,
    untilMs: now() + pauseMs,
    pauseMs,
    isProbing: false,
  });
  const seen = new Set(witnesses.get(caller.registry)).add(caller.tenant);
  if (seen.size <= limits.tenants) witnesses.set(caller.registry, seen, limits.maxPauseMs, caller.tenant);
}

function close({ outages, witnesses }: CircuitState, caller: RegistryCaller): void {
  outages.delete(tenantKey(caller));
  witnesses.delete(caller.registry);
}

function endProbe(state: CircuitState, caller: RegistryCaller): void {
  const outages = state.outages.get(tenantKey(caller));
  if (outages?.isProbing === true) keep(state, caller, { ...outages, isProbing: false });
}

function limitRate(
  { rateLimits, now }: CircuitState,
  caller: RegistryCaller,
  { failure, retryAfterMs = RATE_LIMIT_MS }: RegistryError,
): void {
  const waitMs = Math.min(retryAfterMs, MAX_RATE_LIMIT_MS);
  rateLimits.set(credentialKey(caller), { untilMs: now() + waitMs, failure }, waitMs, caller.tenant);
}

function withOutage(
  before: Outages | undefined,
  { repository, identity }: RegistryCaller,
): Pick<Outages, 'count' | 'repositories' | 'identities'> {
  return {
    count: (before?.count ?? 0) + 1,
    repositories: withMember(before?.repositories, repository),
    identities: withMember(before?.identities, identity),
  };
}

function withMember(some: readonly string[] = [], one: string): readonly string[] {
  return some.length >= 2 || some.includes(one) ? some : [...some, one];
}

/** One repository or one credential that fails says nothing about others. A failed connection does. */
function isAbout({ repositories, identities, last }: Outages, { repository, identity }: RegistryCaller): boolean {
  if (last.cause === 'unreachable' || last.cause === 'tls') return true;
  const isOne = (some: readonly string[], one: string): boolean => some.length > 1 || some.includes(one);
  return isOne(repositories, repository) && isOne(identities, identity);
}

function openFailure(
  { registry, name = registry }: RegistryCaller,
  { last, count, untilMs }: Outages,
  nowMs: number,
): RegistryFailure {
  const when = untilMs > nowMs ? `for ${seconds(untilMs - nowMs)}` : 'until one request succeeds';
  const message = `${name} failed ${count} times in a row and is skipped ${when}; last error: ${last.message}`;
  return { ...last, message };
}

/** The error of the last request, without the text of `openFailure`, which varies with time. */
export function withoutPause(message: string): string {
  return message.replace(/\S+ failed \d+ times in a row and is skipped [^;]*; last error: /, '');
}

function rateLimitFailure(
  { registry, name = registry }: RegistryCaller,
  { failure, untilMs }: RateLimit,
  nowMs: number,
): RegistryFailure {
  const message = `${name} limits the request rate; next attempt in ${seconds(untilMs - nowMs)}`;
  return { cause: 'rateLimited', message, remedy: failure.remedy, isPublic: true };
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
