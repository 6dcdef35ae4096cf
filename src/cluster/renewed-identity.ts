/** An identity that a program or a server returns: kept until shortly before it expires, and requested once for concurrent calls. */
import type { Identity, Renewable } from './identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

export interface ExpiringIdentity {
  readonly identity: Identity;
  /** Unix time in milliseconds; infinite if there is no limit. */
  readonly expiresAt: number;
}

export interface RenewalOptions {
  /** Rejects with UnusableSettings. */
  readonly fetch: () => Promise<ExpiringIdentity>;
  readonly now: () => number;
  /** What is not done again for some seconds after a failure: `it is not run again`. */
  readonly pause: string;
}

/** A request that is sent just before the credential expires would be rejected. */
const MARGIN_MS = 10_000;
/** Each attempt can open a browser, or call a service that limits calls. */
const RETRY_MS = 5000;

export function createRenewedIdentity({ fetch, now, pause }: RenewalOptions): Renewable<Identity> {
  let cached: Identity | undefined;
  let renewAt = Number.POSITIVE_INFINITY;
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;
  let running: Promise<Identity> | undefined;

  const renew = async (): Promise<Identity> => {
    try {
      const { identity, expiresAt } = await fetch();
      cached = identity;
      renewAt = expiresAt - Math.min(MARGIN_MS, (expiresAt - now()) / 10);
      return identity;
    } catch (error) {
      failure = { error: withPause(error), atMs: now() };
      throw failure.error;
    } finally {
      running = undefined;
    }
  };
  const withPause = (error: unknown): unknown =>
    error instanceof UnusableSettings
      ? new UnusableSettings(`${error.message} (${pause} for ${RETRY_MS / 1000} s)`, { cause: error })
      : error;

  return {
    async read() {
      if (cached !== undefined && now() < renewAt) return cached;
      // The clock can have been set back.
      if (failure !== undefined && Math.abs(now() - failure.atMs) < RETRY_MS) throw failure.error;
      running ??= renew();
      return running;
    },
    expire() {
      cached = undefined;
    },
  };
}
