/**
 * When not to ask. A registry that failed several times in a row is left alone for a while; then one request tries whether
 * it is well again. Who was told to come back later does not come earlier: that is about one credential, since others have
 * limits of their own, and nobody can use up what belongs to another team.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { boundedCache } from './bounded-cache.ts';
import type { RegistryError } from './client.ts';
import { isOutage, isRefusal } from './causes.ts';

export interface Asker {
  readonly registry: string;
  /** See identity.ts. */
  readonly identity: string;
}

export interface Circuit {
  /** Why the registry is not asked now; `undefined`: it may be. */
  closedTo(asker: Asker): RegistryFailure | undefined;
  /** A request begins. */
  begin(asker: Asker): void;
  /** How it ended: with an answer, with an error, or (`'nothing'`) without having asked. */
  end(asker: Asker, how: RegistryError | 'answer' | 'nothing'): void;
}

export interface CircuitLimits {
  /** Outages in a row. */
  readonly failures: number;
  readonly pauseMs: number;
  /** The pause doubles each time that it was no use. */
  readonly maxPauseMs: number;
}

export const CIRCUIT_LIMITS: CircuitLimits = { failures: 5, pauseMs: 5000, maxPauseMs: 60_000 };

/** When the registry does not say how long. */
const RATE_LIMIT_MS = 10_000;
/** Whatever it says: it may have meant it differently. */
const MAX_RATE_LIMIT_MS = 3_600_000;

/** Names of registries are what anybody writes into an image. */
const MAX_REGISTRIES = 2000;

interface Outages {
  readonly count: number;
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
  const doorKey = ({ registry, identity }: Asker): string => `${registry}\n${identity}`;

  const isOpen = (state: Outages | undefined): state is Outages =>
    state !== undefined && state.count >= limits.failures;

  function failed(registry: string, last: RegistryFailure): void {
    const before = outages.get(registry);
    const count = (before?.count ?? 0) + 1;
    const isAgain = isOpen(before) && before.probing;
    // Requests that were under way when it opened say nothing new.
    if (isOpen(before) && !isAgain) return;
    const pauseMs = isAgain ? Math.min(before.pauseMs * 2, limits.maxPauseMs) : limits.pauseMs;
    outages.set(registry, { count, last, untilMs: now() + pauseMs, pauseMs, probing: false }, Infinity);
  }

  function closeDoor(asker: Asker, { failure, retryAfterMs = RATE_LIMIT_MS }: RegistryError): void {
    const waitMs = Math.min(retryAfterMs, MAX_RATE_LIMIT_MS);
    doors.set(doorKey(asker), { untilMs: now() + waitMs, failure }, waitMs);
  }

  return {
    closedTo(asker) {
      const state = outages.get(asker.registry);
      if (isOpen(state) && (state.probing || state.untilMs > now())) return leftAlone(asker, state, now());
      const door = doors.get(doorKey(asker));
      return door === undefined ? undefined : tooEarly(asker, door, now());
    },
    begin({ registry }) {
      const state = outages.get(registry);
      if (isOpen(state)) outages.set(registry, { ...state, probing: true }, Infinity);
    },
    end(asker, how) {
      const { registry } = asker;
      if (how === 'answer') outages.delete(registry);
      else if (how === 'nothing') release(registry);
      else if (how.failure.cause === 'rateLimited') {
        closeDoor(asker, how);
        outages.delete(registry);
      } else if (isOutage(how.failure)) failed(registry, how.failure);
      else if (isRefusal(how.failure)) outages.delete(registry);
      else release(registry);
    },
  };

  function release(registry: string): void {
    const state = outages.get(registry);
    if (state?.probing === true) outages.set(registry, { ...state, probing: false }, Infinity);
  }
}

function leftAlone({ registry }: Asker, { last, count, untilMs }: Outages, nowMs: number): RegistryFailure {
  const when = untilMs > nowMs ? `for ${seconds(untilMs - nowMs)}` : 'until a request has tried it';
  const message = `${registry} failed ${count} times in a row and is left alone ${when}; at last: ${last.message}`;
  return { cause: last.cause, message, remedy: last.remedy };
}

function tooEarly({ registry }: Asker, { failure, untilMs }: Door, nowMs: number): RegistryFailure {
  const message = `${registry} has limited the rate, and is asked again in ${seconds(untilMs - nowMs)}`;
  return { cause: 'rateLimited', message, remedy: failure.remedy };
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
