/**
 * Implements the source interfaces for images. Each lookup has an entry in `createRegistrySources`: the request of the registry
 * client, the value made of its result, and how long a result is kept.
 *
 * A result belongs to the credential that got it. An image that was found anonymously is not reported to a workload with a
 * credential for it, because the kubelet would use that credential, and some registries reject an invalid credential even for
 * a public image.
 */
import { randomBytes } from 'node:crypto';
import type { RegistrySource, RegistrySources } from '../admission/context.ts';
import type { ImageReference } from '../image/reference.ts';
import type { NodeCredentials } from '../node/node-credentials.ts';
import type { RegistryDetails, RegistryImage } from '../policy/registry-fact.ts';
import type { FoundManifest, RegistryClient, Target } from '../registry/client.ts';
import { createFairQueue } from '../registry/fair-queue.ts';
import type { QueueLimits } from '../registry/fair-share.ts';
import { registryKey } from '../registry/registry-address.ts';
import { ANONYMOUS_ATTEMPT } from './attempts.ts';
import { CIRCUIT_LIMITS, type CircuitLimits, createCircuit } from './circuit.ts';
import { identities } from './identity.ts';
import { createImageKeys } from './image-key.ts';
import { createLookup } from './lookup.ts';
import { createQueueTiers, OWN_QUEUE_LIMITS } from './queue-tiers.ts';
import type { LookupParts, SharedValues } from './registry-fetch.ts';
import { createResolver, type CredentialResult, type ResolverParts } from './resolver.ts';
import { createResponseCache } from './response-cache.ts';

/** Lifetimes and the number of cached results. */
export interface CacheSettings {
  readonly tagTtlMs: number;
  readonly digestTtlMs: number;
  /** The age up to which a result is kept for outages. */
  readonly staleMaxMs: number;
  readonly maxImages: number;
}

export interface ImageSourceOptions {
  readonly client: RegistryClient;
  /** `undefined`: the configuration does not list node credentials. */
  readonly node?: NodeCredentials | undefined;
  readonly shared?: SharedValues<FoundManifest> | undefined;
  readonly settings: CacheSettings;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly limits?: Partial<LookupLimits> | undefined;
}

export interface LookupLimits {
  readonly circuit: CircuitLimits;
  readonly queue: QueueLimits;
  /** For one request; it can be longer than the deadlines of its callers. */
  readonly requestMs: number;
}

/** One kind of request to a registry, and the value made of its result. */
interface RegistryQuery<T, V> {
  readonly fetch: (client: RegistryClient, target: Target, signal: AbortSignal) => Promise<T>;
  readonly valueOf: (result: CredentialResult<T>) => V;
  /** The size of a cached result; 1 for a result of the usual size. */
  readonly weightOf?: (result: T) => number;
  /** True if stale results are used during an outage. */
  readonly allowsStale: boolean;
  readonly shared: SharedValues<T> | undefined;
}

/** Each value that rules can learn from a registry, and the request that fetches it; see policy/registry-questions.ts. */
export function createRegistrySources(options: ImageSourceOptions): RegistrySources {
  const { shared, now } = options;
  const sourceOf = createSources(options);
  return {
    images: sourceOf<FoundManifest, RegistryImage>({
      fetch: (client, target, signal) => client.manifest(target, signal),
      valueOf: (result) => imageValue(result, now()),
      allowsStale: true,
      shared,
    }),
    imageDetails: sourceOf<RegistryDetails, RegistryDetails>({
      fetch: (client, target, signal) => client.details(target, signal),
      valueOf: ({ entry }) => entry.value,
      weightOf: detailsWeight,
      allowsStale: false,
      shared: undefined,
    }),
    imageOrigins: sourceOf<RegistryDetails, RegistryDetails>({
      fetch: (client, target, signal) => client.details({ ...target, withOrigin: true }, signal),
      valueOf: ({ entry }) => entry.value,
      weightOf: detailsWeight,
      allowsStale: false,
      shared: undefined,
    }),
  };
}

const REQUEST_MS = 30_000;

/** All queries share the queue, the circuit, and the credentials. */
function createSources({
  client,
  node,
  settings,
  now,
  limits = {},
}: ImageSourceOptions): <T, V>(query: RegistryQuery<T, V>) => RegistrySource<V> {
  const identityOf = identities(randomBytes(32));
  const mayQuery = (reference: ImageReference): boolean => client.mayQuery?.(reference) ?? true;
  const credentials: Pick<ResolverParts<unknown, unknown>, 'node' | 'identityOf' | 'mayQuery'> = {
    node,
    identityOf,
    mayQuery,
  };
  const registryKeyOf = (reference: ImageReference): string =>
    client.registryKey?.(reference) ?? registryKey(reference.domain, []);
  const common: Omit<LookupParts<unknown>, 'cache' | 'shared' | 'request'> = {
    circuit: createCircuit(now, limits.circuit ?? CIRCUIT_LIMITS),
    queue: createFairQueue(limits.queue ?? OWN_QUEUE_LIMITS),
    tiers: createQueueTiers(now),
    isNamed: (reference) => client.isNamed?.(reference) ?? false,
    keyOf: createImageKeys(registryKeyOf),
    freshMs: ({ isDigest }) => (isDigest ? settings.digestTtlMs : settings.tagTtlMs),
    limitMs: limits.requestMs ?? REQUEST_MS,
    now,
  };
  return ({ fetch, valueOf, weightOf, allowsStale, shared }) => {
    const staleMaxMs = allowsStale ? settings.staleMaxMs : 0;
    const lookup = createLookup({
      ...common,
      shared,
      cache: createResponseCache({ maxImages: settings.maxImages, staleMaxMs, weightOf }, now),
      request: (target, signal) => fetch(client, target, signal),
    });
    return { lookUp: createResolver({ ...credentials, lookup, valueOf, allowsStale }) };
  };
}

function imageValue(
  { entry: { value, atMs }, attempt, staleReason, isFallback }: CredentialResult<FoundManifest>,
  nowMs: number,
): RegistryImage {
  return {
    digest: value.digest,
    mediaType: value.mediaType,
    credential: attempt.label,
    mirror: value.mirror,
    provesPull:
      staleReason === undefined && value.mirror === undefined && !(attempt === ANONYMOUS_ATTEMPT && isFallback),
    stale: staleReason === undefined ? undefined : { ageMs: nowMs - atMs, failure: staleReason },
  };
}

/** An index can list hundreds of platforms. */
const USUAL_PLATFORMS = 8;

function detailsWeight({ platforms }: RegistryDetails): number {
  return Math.max(1, Math.ceil(platforms.length / USUAL_PLATFORMS));
}
