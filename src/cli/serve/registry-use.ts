/** The registries of a running server: opened when the first policies need them, closed when none does. */
import type { RegistrySources } from '../../admission/context.ts';
import type { Config } from '../../config/config.ts';
import { pinsImages } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ServerLog } from '../../server/log.ts';
import { openRegistries, type Registries } from '../../wiring.ts';
import { needRegistry } from '../open-registry.ts';

export interface RegistryUse {
  /** Returns the sources that the policies need, after `commit`; their caches stay while some policies need them. Throws UserError. */
  prepare(policies: readonly Policy[], config: Config): Promise<PreparedRegistries>;
  close(): Promise<void>;
}

export interface PreparedRegistries {
  readonly sources: RegistrySources | undefined;
  /** Uses them from now on. `earlierReviews` resolves when registries that are no longer needed can be closed. */
  commit(earlierReviews: () => Promise<void>): void;
  /** Closes what was opened for them. */
  discard(): Promise<void>;
}

export function createRegistryUse(log: ServerLog): RegistryUse {
  let current: Registries | undefined;
  const open = (config: Config): Promise<Registries> =>
    openRegistries(config, { credentials: 'node', callers: 'tenants', warn: (message) => log.warn({}, message) });
  return {
    async prepare(policies, config) {
      const isNeeded = needRegistry(policies) || pinsImages(policies);
      const before = current;
      if (!isNeeded) return prepared(undefined);
      if (before === undefined) return prepared(await open(config));
      const useCredentials = await before.prepareCredentials(config);
      return prepared(before, useCredentials);
    },
    async close() {
      await current?.close();
    },
  };

  function prepared(next: Registries | undefined, useCredentials = (): void => undefined): PreparedRegistries {
    return {
      sources: next?.sources,
      commit(earlierReviews) {
        const before = current;
        current = next;
        useCredentials();
        if (before !== undefined && before !== next) void earlierReviews().then(() => before.close());
      },
      async discard() {
        if (next !== current) await next?.close();
      },
    };
  }
}
