/** Everything that a lookup is put together from, so that it is loaded as one and only when something is looked up. */
export { configuredCredentials, dockerCredentials } from '../node/configured-credentials.ts';
export { createRegistryClient } from '../registry/http-client.ts';
export { createNameServers } from '../registry/name-servers.ts';
export { createRegistrySources } from './image-source.ts';
export { createImageTracer } from './image-tracer.ts';
export { QUEUE_LIMITS } from './queue-tiers.ts';
export { createSharedCache } from './shared-cache.ts';
export { discreet, onceInAWhile } from './tenant-messages.ts';
