/**
 * The registry client: OCI distribution-spec 1.1, read-only. It queries the mirrors of a registry, then the registry itself.
 * settings.ts has the allowed registries and their connection settings.
 */
import { type BoundedCache, boundedCache } from './bounded-cache.ts';
import { isOutage } from './causes.ts';
import { RegistryError, type RegistryClient, type Target } from './client.ts';
import { systemResolve } from './connector.ts';
import { createConversations } from './authenticated-request.ts';
import { fetchDetails } from './image-details.ts';
import { type ManifestRequest, findManifest } from './fetch-manifest.ts';
import { createHostNames, type Resolve } from './host-names.ts';
import type { Environment } from '../go/http-proxy.ts';
import { addressOf, registryKey } from './registry-address.ts';
import type { RegistrySettings } from './settings.ts';
import { remoteHostOf, type RegistryEndpoint, endpointsOf } from './endpoint.ts';
import { createTransport } from './transport.ts';
import { timeoutError, withMirrors } from './network-errors.ts';

export interface ClientOptions {
  /** For HTTPS_PROXY, HTTP_PROXY, and NO_PROXY. */
  readonly env: Environment;
  /** Unix time in milliseconds; by default the wall clock. */
  readonly now?: (() => number) | undefined;
  /** Resolves host names; by default with the C library. */
  readonly resolve?: Resolve | undefined;
}

export interface HttpRegistryClient extends RegistryClient {
  /** Closes all connections, and ends the requests in progress. */
  close(): Promise<void>;
}

/** An unavailable mirror is skipped for this time; otherwise each image would wait for it. */
const MIRROR_PAUSE_MS = 15_000;
const MAX_MIRRORS = 1000;
/** Leaves time for the registry if a mirror hangs. */
const MIRROR_TIMEOUT_MS = 2000;
/** Applies even if the caller has no deadline: a registry that sends a byte now and then is never idle. */
const TIMEOUT_MS = 30_000;

export function createRegistryClient(
  settings: RegistrySettings,
  { env, now = Date.now, resolve = systemResolve }: ClientOptions,
): HttpRegistryClient {
  const transport = createTransport({ env, names: createHostNames(resolve, now) });
  const openConversation = createConversations({ transport, settings, now });
  const pausedMirrors = boundedCache<true>(MAX_MIRRORS, now);
  const requestAt = (endpoint: RegistryEndpoint, signal: AbortSignal): ManifestRequest => ({
    conversation: openConversation(endpoint),
    reference: endpoint.reference,
    signal,
  });
  return {
    mayQuery: (reference) => mayQuery(reference, settings),
    registryKey: ({ domain }) => registryKey(domain, settings.registries),
    isNamed({ domain }) {
      const entry = addressOf(domain, settings.registries)?.entry;
      // Anyone can have a name that a glob such as *.azurecr.io matches.
      return entry !== undefined && !entry.host.includes('*');
    },
    async manifest(target, signal) {
      return fromFirst(
        { target, endpoints: endpointsOf(target, settings), pausedMirrors, signal },
        async (endpoint, ended) => {
          const { digest, type } = await findManifest(requestAt(endpoint, ended));
          return { digest, mediaType: type, mirror: endpoint.mirror };
        },
      );
    },
    async details(target, signal) {
      return fromFirst({ target, endpoints: endpointsOf(target, settings), pausedMirrors, signal }, (endpoint, ended) =>
        fetchDetails(requestAt(endpoint, ended), { withOrigin: target.withOrigin ?? false }),
      );
    },
    close: () => transport.close(),
  };
}

function mayQuery(reference: Target['reference'], settings: RegistrySettings): boolean {
  try {
    endpointsOf({ reference, by: 'image', credential: undefined }, settings);
    return true;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

type FetchAt<T> = (endpoint: RegistryEndpoint, signal: AbortSignal) => Promise<T>;

interface MirroredRequest {
  readonly target: Target;
  readonly endpoints: ReturnType<typeof endpointsOf>;
  readonly pausedMirrors: BoundedCache<true>;
  readonly signal: AbortSignal;
}

/** If mirrors and registry fail, the error is the registry's; if the registry is unavailable, those of its mirrors are added. */
async function fromFirst<T>(request: MirroredRequest, fetchAt: FetchAt<T>): Promise<T> {
  const { target, endpoints, pausedMirrors, signal } = request;
  const within: FetchAt<T> = (endpoint, ended) => {
    if (signal.aborted) throw timeoutError(remoteHostOf(endpoint), signal.reason);
    return fetchAt(endpoint, AbortSignal.any([signal, ended]));
  };
  const failed: RegistryError[] = [];
  for (const mirror of endpoints.mirrors.filter((one) => !pausedMirrors.get(pauseKey(one)))) {
    try {
      return await within(mirror, AbortSignal.timeout(MIRROR_TIMEOUT_MS));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      pauseAfter(error, mirror, request);
      failed.push(error);
      target.mirrorFailed?.(mirror.mirror ?? mirror.name, error.failure);
    }
  }
  try {
    return await within(endpoints.registry, AbortSignal.timeout(TIMEOUT_MS));
  } catch (error) {
    throw error instanceof RegistryError ? withMirrors(error, failed) : error;
  }
}

function pauseAfter(
  { failure }: RegistryError,
  mirror: RegistryEndpoint,
  { pausedMirrors, signal }: MirroredRequest,
): void {
  const isUnavailable = isOutage(failure) || failure.cause === 'dns';
  if (isUnavailable && !signal.aborted) pausedMirrors.set(pauseKey(mirror), true, MIRROR_PAUSE_MS, mirror.tenant);
}

/** Anyone can write an image that makes a mirror slow or fail, so the failures of one namespace decide for no other. */
function pauseKey({ key, tenant }: RegistryEndpoint): string {
  return `${key}\n${tenant}`;
}
