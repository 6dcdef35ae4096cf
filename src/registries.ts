/** Config -> the ports that ask registries: client, credentials of nodes, memory. Loaded when something is to be asked. */
import type { Context } from './admission/context.ts';
import type { Config } from './config/config.ts';
import { nodeCredentialSettings, sharedCacheSettings } from './config/credential-files.ts';
import { configuredCredentials, dockerCredentials } from './node/configured-credentials.ts';
import { systemResolve } from './registry/connector.ts';
import { discreet, onceInAWhile } from './lookup/tenant-messages.ts';
import { createRegistryClient } from './registry/http-client.ts';
import { createNameServers } from './registry/name-servers.ts';
import { createImageSource } from './lookup/image-source.ts';
import { createImageTracer } from './lookup/image-tracer.ts';
import { OWN_QUEUE_LIMITS, QUEUE_LIMITS } from './lookup/queue-tiers.ts';
import type { NodeCredentials } from './node/node-credentials.ts';
import { createSharedCache, type SharedCache } from './lookup/shared-cache.ts';
import type { ImageTracer } from './lookup/trace.ts';

export interface Registries {
  readonly ports: Pick<Context, 'images' | 'imageDetails'>;
  readonly tracer: ImageTracer;
  close(): Promise<void>;
}

export interface RegistriesOptions {
  /** What there is beside pull secrets: what the configuration says that nodes have, or docker's configuration on this machine. */
  readonly credentials: 'node' | 'docker';
  /** Who chooses the names that are asked about: everybody in a cluster, or whoever runs the command. */
  readonly askers: 'tenants' | 'one';
  /** Trouble that nobody asked about: a shared cache that is away. */
  readonly warn: (message: string) => void;
}

export async function openRegistries(
  config: Config,
  { credentials, askers, warn }: RegistriesOptions,
): Promise<Registries> {
  const { registries, registryCache: settings, env } = config;
  const now = Date.now;
  const surroundings = { env, now };
  const node =
    credentials === 'docker' ? dockerCredentials(DEVELOPER, surroundings) : await ofNodes(config, surroundings);
  const client = createRegistryClient(registries, {
    env,
    now,
    resolve: askers === 'tenants' ? createNameServers() : systemResolve,
  });
  const shared = await sharedCache(config, warn);
  const limits = { queue: askers === 'tenants' ? QUEUE_LIMITS : OWN_QUEUE_LIMITS };
  const sources = createImageSource({ client, node, shared, settings, now, limits });
  const { images, details } = askers === 'tenants' ? discreet(sources, onceInAWhile(warn, now)) : sources;
  return {
    ports: { images, imageDetails: details },
    tracer: createImageTracer({ client, node, settings, now }),
    async close() {
      shared?.close();
      await client.close();
    },
  };
}

async function ofNodes(
  { nodeCredentials }: Config,
  surroundings: Parameters<typeof configuredCredentials>[1],
): Promise<NodeCredentials | undefined> {
  if (nodeCredentials === undefined) return undefined;
  return configuredCredentials(await nodeCredentialSettings(nodeCredentials), surroundings);
}

/** Docker would wait for a helper for ever. */
const DEVELOPER = { helpers: 'any', timeoutMs: 10_000 } as const;

async function sharedCache(
  { registryCache }: Config,
  warn: RegistriesOptions['warn'],
): Promise<SharedCache | undefined> {
  const { shared } = registryCache;
  if (shared === undefined) return undefined;
  return createSharedCache(await sharedCacheSettings(shared, registryCache), { now: Date.now, warn });
}
