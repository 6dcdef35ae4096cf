/** Creates the sources of node credentials from `nodeCredentials`, in the kubelet's order: the docker config file, then providers. */
import { existsSync } from 'node:fs';
import { createCredentialHelpers } from './credential-helper.ts';
import { credentialProviders } from './credential-provider.ts';
import {
  type DockerConfigFile,
  dockerConfigPath,
  dockerFile,
  kubeletDockerFile,
  loadDockerConfig,
} from './docker-config-file.ts';
import { combineNodeCredentials, type NodeCredentials } from './node-credentials.ts';
import type { ProviderSettings } from './provider-config.ts';
import { type Environment, limitedRun } from './run-program.ts';

export interface NodeCredentialSettings {
  readonly dockerConfig: DockerConfigFile | undefined;
  /** Credential helpers that can be run if the docker config file names them. */
  readonly helpers: readonly string[];
  readonly providers: { readonly settings: readonly ProviderSettings[]; readonly binDir: string } | undefined;
  /** The limit for one program. */
  readonly timeoutMs: number;
}

export interface Surroundings {
  readonly env: Environment;
  readonly now: () => number;
}

/** Helpers come after the file's entries: the kubelet runs no helpers, so the credentials that it has keep their order. */
export function configuredCredentials(settings: NodeCredentialSettings, { env, now }: Surroundings): NodeCredentials {
  const { dockerConfig, helpers: allowed, providers, timeoutMs } = settings;
  const run = limitedRun();
  const sources: NodeCredentials[] = [];
  if (dockerConfig !== undefined) sources.push(kubeletDockerFile(dockerConfig));
  if (dockerConfig !== undefined && allowed.length > 0) {
    const helpers = createCredentialHelpers({ allowed, env, timeoutMs, run, now });
    sources.push(dockerFile(dockerConfig, { helpers, parts: 'helpers' }));
  }
  if (providers !== undefined) {
    const { binDir, settings: list } = providers;
    sources.push(credentialProviders({ providers: list, binDir, env, timeoutMs, run, now }));
  }
  return combineNodeCredentials(sources);
}

export interface DeveloperSettings {
  /** `any`: each helper that the file names, as in docker. */
  readonly helpers: readonly string[] | 'any';
  readonly timeoutMs: number;
}

/** Creates the source for a developer's machine, which reads docker's own file as docker does. A missing file counts as empty. */
export function dockerCredentials(settings: DeveloperSettings, { env, now }: Surroundings): NodeCredentials {
  const file = dockerConfigPath(env);
  if (file === undefined || !existsSync(file)) return combineNodeCredentials([]);
  const { helpers: allowed, timeoutMs } = settings;
  const helpers = createCredentialHelpers({ allowed, env, timeoutMs, run: limitedRun(), now });
  return dockerFile(loadDockerConfig(file), { helpers, parts: 'all' });
}
