/** The registry that `pin` and `drift` ask, with the credentials that they are given. */
import type { Config } from '../config.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import type { PinRegistry } from '../pinning/registry-port.ts';

/** `secrets` undefined: the credentials of the docker configuration, as docker reads it. */
export type RegistryFor = (config: Config, secrets: readonly PullSecret[] | undefined) => PinRegistry;

export const registryFor: RegistryFor = () => {
  throw new Error('the registry client is not wired to this command yet');
};
