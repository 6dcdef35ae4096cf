/** The registries of a running server: opened when the first policies need them, closed when none does. */
import type { RegistrySources } from '../../admission/context.ts';
import type { Config } from '../../config/config.ts';
import { changesObjects } from '../../policy/plan.ts';
import type { ServerLog } from '../../server/log.ts';
import { openRegistries, type Registries } from '../../wiring.ts';
import { needRegistry } from '../open-registry.ts';
import type { Generation } from './generation.ts';

export type RegistryInputs = Pick<Generation, 'composed' | 'loaded' | 'credentials'>;

export interface RegistryUse {
  /** Returns the sources that the policies need, after `commit`; their caches stay while some policies need them. Throws UserError. */
  prepare(generation: RegistryInputs): Promise<PreparedRegistries>;
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
  const open = (config: Config, loaded: RegistryInputs['credentials']): Promise<Registries> =>
    openRegistries(config, { credentials: { loaded }, callers: 'tenants', warn: (message) => log.warn({}, message) });
  return {
    async prepare({ composed, loaded: { config }, credentials }) {
      const { policies } = composed.context;
      const isNeeded = needRegistry(policies) || changesObjects(policies);
      const before = current;
      if (!isNeeded) return prepared(undefined);
      if (before === undefined) return prepared(await open(config, credentials));
      return prepared(before, () => {
        if (credentials !== undefined) before.useCredentials(credentials);
      });
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
