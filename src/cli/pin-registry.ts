/** The registry that `pin` and `drift` ask, with the credentials that they are given. */
import type { ImageQuestion } from '../admission/context.ts';
import { type Config } from '../config/config.ts';
import { type Candidate, keyringOf } from '../credential/keyring.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { PinRegistry } from '../pinning/registry-source.ts';
import type { RegistryFact } from '../policy/registry-fact.ts';
import { openRegistry, type RegistryAccess } from './open-registry.ts';
import { UserError } from '../error/user-error.ts';

export interface ClosableRegistry extends PinRegistry {
  close(): Promise<void>;
}

export interface PinCredentials {
  /** `undefined`: the credentials of the docker configuration, as docker reads it. */
  readonly secrets: readonly PullSecret[] | undefined;
  readonly warn: (message: string) => void;
}

export type RegistryFor = (config: Config, credentials: PinCredentials) => ClosableRegistry;

/** Opened when the first question comes. */
export const registryFor: RegistryFor = (config, { secrets, warn }) => {
  const candidatesFor = candidatesIn(secrets ?? []);
  let opened: Promise<RegistryAccess> | undefined;
  const open = (): Promise<RegistryAccess> =>
    (opened ??= openRegistry(config, {
      credentials: secrets === undefined ? 'docker' : 'node',
      askers: 'one',
      warn,
    }));
  const question = (reference: ImageReference): ImageQuestion => {
    return { reference, by: 'image', candidates: candidatesFor(reference), doubt: undefined, staleMs: 0 };
  };
  return {
    async resolve(reference, signal) {
      const { images } = (await open()).ports;
      return images?.imageOf(question(reference), signal) ?? NOBODY;
    },
    async platformsOf(reference, signal) {
      const { imageDetails } = (await open()).ports;
      return imageDetails?.detailsOf(question(reference), signal) ?? NOBODY;
    },
    close: async () => (await opened)?.close(),
  };
};

const NOBODY: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'no registry is asked here', remedy: undefined },
};

function candidatesIn(secrets: readonly PullSecret[]): (reference: ImageReference) => readonly Candidate[] {
  const keyring = keyringOf(secrets);
  if (keyring.ok) return (reference) => keyring.candidatesFor(reference);
  const faults = keyring.faults.map(
    ({ secret, key, problem }) => `pull secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`,
  );
  throw new UserError(faults.join('\n'));
}
