/**
 * When not to ask. A registry that failed several times in a row is left alone for a while by the namespace for which it did;
 * then one request tries whether it is well again. What one namespace was told decides for no other: an image that makes a
 * registry hang or answer 5xx can be anybody's. Only that others saw the same makes a namespace believe its own first failure.
 * Who was told to come back later does not come earlier: that is about one credential, since others have limits of their own,
 * and nobody can use up what belongs to another team.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { boundedCache } from '../registry/bounded-cache.ts';
import type { RegistryError } from '../registry/client.ts';
import { isOutage, isCredentialFailure } from '../registry/causes.ts';

export interface RegistryAsker {
  readonly registry: string;
  /** For people, where it is another. */
  readonly name?: string;
  /** See identity.ts. */
  readonly identity: string;
  readonly repository: string;
  /** The namespace. */
  readonly tenant: string;
}

export interface Circuit {
  /** Why the registry is not asked now; `undefined`: it may be. */
  closedTo(asker: RegistryAsker): RegistryFailure | undefined;
  /** A request begins. */
  begin(asker: RegistryAsker): void;
  /** How it ended: with an answer, with an error, or (`'nothing'`) without having asked. */
  end(asker: RegistryAsker, how: RegistryError | 'answer' | 'nothing'): void;
}

export interface CircuitLimits {
  /** Outages in a row. */
  readonly failures: number;
  /** One is enough when so many namespaces had one, and nobody had an answer since. */
  readonly tenants: number;
  readonly pauseMs: number;
  /** The pause doubles each time that it was no use. */
  readonly maxPauseMs: number;
}

export const CIRCUIT_LIMITS: CircuitLimits = { failures: 5, tenants: 3, pauseMs: 5000, maxPauseMs: 60_000 };

/** When the registry does not say how long. */
const RATE_LIMIT_MS = 10_000;
/** Whatever it says: it may have meant it differently. */
const MAX_RATE_LIMIT_MS = 3_600_000;

/** Names of registries are what anybody writes into an image. */
const MAX_REGISTRIES = 5000;

/** Of one registry, for one namespace. */
interface Outages {
  readonly count: number;
  /** What was asked for, two of them at most: with more it is the registry. */
  readonly repositories: readonly string[];
  readonly identities: readonly string[];
  readonly last: RegistryFailure;
  readonly untilMs: number;
  readonly pauseMs: number;
  /** The one request that tries. */
  readonly probing: boolean;
}

interface Door {
  readonly untilMs: number;
  readonly failure: RegistryFailure;
}

export function createCircuit(now: () => number, limits: CircuitLimits = CIRCUIT_LIMITS): Circuit {
  const outages = boundedCache<Outages>(MAX_REGISTRIES, now);
  const doors = boundedCache<Door>(MAX_REGISTRIES, now);
  /** By registry: the namespaces for which it failed since its last answer to any of them. */
  const witnesses = boundedCache<ReadonlySet<string>>(MAX_REGISTRIES, now);
  const ownKey = ({ registry, tenant }: RegistryAsker): string => `${registry}\n${tenant}`;
  const doorKey = ({ registry, identity }: RegistryAsker): string => `${registry}\n${identity}`;

  function isOpen(state: Outages | undefined, { registry }: RegistryAsker): state is Outages {
    if (state === undefined) return false;
    return state.count >= limits.failures || (witnesses.get(registry)?.size ?? 0) >= limits.tenants;
  }

  function keep(asker: RegistryAsker, state: Outages): void {
    outages.set(ownKey(asker), state, Infinity, asker.tenant);
  }

  function failed(asker: RegistryAsker, last: RegistryFailure): void {
    const before = outages.get(ownKey(asker));
    const isAgain = isOpen(before, asker) && before.probing;
    // Requests that were under way when it opened say nothing new.
    if (isOpen(before, asker) && isAbout(before, asker) && !isAgain) return;
    const pauseMs = isAgain ? Math.min(before.pauseMs * 2, limits.maxPauseMs) : limits.pauseMs;
    keep(asker, { ...worse(before, asker), last, untilMs: now() + pauseMs, pauseMs, probing: false });
    const seen = new Set(witnesses.get(asker.registry)).add(asker.tenant);
    if (seen.size <= limits.tenants) witnesses.set(asker.registry, seen, limits.maxPauseMs, asker.tenant);
  }

  function answered(asker: RegistryAsker): void {
    outages.delete(ownKey(asker));
    witnesses.delete(asker.registry);
  }

  function closeDoor(asker: RegistryAsker, { failure, retryAfterMs = RATE_LIMIT_MS }: RegistryError): void {
    const waitMs = Math.min(retryAfterMs, MAX_RATE_LIMIT_MS);
    doors.set(doorKey(asker), { untilMs: now() + waitMs, failure }, waitMs, asker.tenant);
  }

  function release(asker: RegistryAsker): void {
    const state = outages.get(ownKey(asker));
    if (state?.probing === true) keep(asker, { ...state, probing: false });
  }

  return {
    closedTo(asker) {
      const state = outages.get(ownKey(asker));
      if (isOpen(state, asker) && isAbout(state, asker) && (state.probing || state.untilMs > now()))
        return leftAlone(asker, state, now());
      const door = doors.get(doorKey(asker));
      return door === undefined ? undefined : tooEarly(asker, door, now());
    },
    begin(asker) {
      const state = outages.get(ownKey(asker));
      if (isOpen(state, asker) && isAbout(state, asker)) keep(asker, { ...state, probing: true });
    },
    end(asker, how) {
      if (how === 'answer') answered(asker);
      else if (how === 'nothing') release(asker);
      else if (how.failure.cause === 'rateLimited') {
        closeDoor(asker, how);
        answered(asker);
      } else if (isOutage(how.failure)) failed(asker, how.failure);
      else if (isCredentialFailure(how.failure)) answered(asker);
      else release(asker);
    },
  };
}

function worse(
  before: Outages | undefined,
  { repository, identity }: RegistryAsker,
): Pick<Outages, 'count' | 'repositories' | 'identities'> {
  return {
    count: (before?.count ?? 0) + 1,
    repositories: withOne(before?.repositories, repository),
    identities: withOne(before?.identities, identity),
  };
}

function withOne(some: readonly string[] = [], one: string): readonly string[] {
  return some.length >= 2 || some.includes(one) ? some : [...some, one];
}

/** A repository that fails alone, or a credential, says nothing about others. That there is no connection does. */
function isAbout({ repositories, identities, last }: Outages, { repository, identity }: RegistryAsker): boolean {
  if (last.cause === 'unreachable' || last.cause === 'tls') return true;
  const isOne = (some: readonly string[], one: string): boolean => some.length > 1 || some.includes(one);
  return isOne(repositories, repository) && isOne(identities, identity);
}

function leftAlone(
  { registry, name = registry }: RegistryAsker,
  { last, count, untilMs }: Outages,
  nowMs: number,
): RegistryFailure {
  const when = untilMs > nowMs ? `for ${seconds(untilMs - nowMs)}` : 'until a request has tried it';
  const message = `${name} failed ${count} times in a row and is left alone ${when}; at last: ${last.message}`;
  return { ...last, message };
}

/** What the last request met, without the words of `leftAlone` before it, which change from one question to the next. */
export function withoutPause(message: string): string {
  return message.replace(/\S+ failed \d+ times in a row and is left alone [^;]*; at last: /, '');
}

function tooEarly(
  { registry, name = registry }: RegistryAsker,
  { failure, untilMs }: Door,
  nowMs: number,
): RegistryFailure {
  const message = `${name} has limited the rate, and is asked again in ${seconds(untilMs - nowMs)}`;
  return { cause: 'rateLimited', message, remedy: failure.remedy, isPublic: true };
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
