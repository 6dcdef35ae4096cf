/** The parts of image lookups in one module, so that commands without lookups do not load them. */
export { configuredCredentials, dockerCredentials } from '../node/configured-credentials.ts';
export { replaceableCredentials } from '../node/node-credentials.ts';
export { createRegistryClient } from '../registry/http-client.ts';
export { createNameServers } from '../registry/name-servers.ts';
export { createRegistrySources } from './image-source.ts';
export { createImageTracer } from './image-tracer.ts';
export { QUEUE_LIMITS } from './queue-tiers.ts';
export { createSharedCache } from './shared-cache.ts';
export { withTenantMessages, limitedDetailLog } from './tenant-messages.ts';
