/**
 * The registry client: OCI distribution-spec 1.1, reading only. An image is asked for at the mirrors of its registry, then at the
 * registry itself; how it is reached, and who may be asked at all, is in settings.ts.
 */
import { boundedCache } from './bounded-cache.ts';
import { isOutage } from './causes.ts';
import { RegistryError, type RegistryClient, type Target } from './client.ts';
import { systemResolve } from './connector.ts';
import { createConversation } from './authenticated-request.ts';
import { fetchDetails } from './image-details.ts';
import { type Fetching, findManifest } from './fetch-manifest.ts';
import { createNames, type Resolve } from './host-names.ts';
import type { Environment } from './proxy.ts';
import { addressOf, registryKey } from './registry-address.ts';
import type { RegistrySettings } from './settings.ts';
import { placeOf, type Site, sitesOf } from './endpoint.ts';
import { createTransport } from './transport.ts';
import { timedOut, withMirrors } from './network-errors.ts';

export interface ClientOptions {
  /** For HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  readonly env: Environment;
  /** Milliseconds since 1970; the wall clock when not given. */
  readonly now?: (() => number) | undefined;
  /** Host names to addresses; as the C library does when not given. */
  readonly resolve?: Resolve | undefined;
}

export interface HttpRegistryClient extends RegistryClient {
  /** Ends connections, and with them what is still asked. */
  close(): Promise<void>;
}

/** A mirror that is away is not asked for a while: each image would wait for it anew. */
const MIRROR_PAUSE_MS = 15_000;
const MAX_MIRRORS = 1000;
/** A mirror that hangs must leave time for the registry. */
const MIRROR_TIMEOUT_MS = 2000;
/** Whoever gives no deadline gets one: a registry that drips never goes idle. */
const TIMEOUT_MS = 30_000;

export function createRegistryClient(
  settings: RegistrySettings,
  { env, now = Date.now, resolve = systemResolve }: ClientOptions,
): HttpRegistryClient {
  const transport = createTransport({ env, names: createNames(resolve, now) });
  const conversation = createConversation({ transport, settings, now });
  const away = boundedCache<true>(MAX_MIRRORS, now);
  const fetching = (site: Site, signal: AbortSignal): Fetching => ({ conversation, site, wanted: site.wanted, signal });
  return {
    mayAsk(reference) {
      try {
        sitesOf({ reference, by: 'image', credential: undefined }, settings);
        return true;
      } catch (error) {
        if (error instanceof RegistryError) return false;
        throw error;
      }
    },
    registryKey: ({ domain }) => registryKey(domain, settings.registries),
    isNamed({ domain }) {
      const entry = addressOf(domain, settings.registries)?.entry;
      // What a glob matches may be anybody's: *.azurecr.io.
      return entry !== undefined && !entry.host.includes('*');
    },
    manifest: (target, signal) =>
      firstOf(target, signal, async (site, ended) => {
        const { digest, type } = await findManifest(fetching(site, ended));
        return { digest, mediaType: type, mirror: site.mirror };
      }),
    details: (target, signal) => firstOf(target, signal, (site, ended) => fetchDetails(fetching(site, ended))),
    close: () => transport.close(),
  };

  /** When all fail, the error is that of the registry itself, which knows best; where it cannot say, what mirrors said is told as well. */
  async function firstOf<T>(target: Target, signal: AbortSignal, ask: Ask<T>): Promise<T> {
    const { mirrors, registry } = sitesOf(target, settings);
    const within: Ask<T> = (site, ended) => {
      if (signal.aborted) throw timedOut(placeOf(site), signal.reason);
      return ask(site, AbortSignal.any([signal, ended]));
    };
    const failed: RegistryError[] = [];
    for (const mirror of mirrors.filter((one) => !away.get(awayKey(one)))) {
      try {
        return await within(mirror, AbortSignal.timeout(MIRROR_TIMEOUT_MS));
      } catch (error) {
        const known = mirrorFailure(error, mirror, signal);
        failed.push(known);
        target.mirrorFailed?.(mirror.mirror ?? mirror.name, known.failure);
      }
    }
    try {
      return await within(registry, AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      throw error instanceof RegistryError ? withMirrors(error, failed) : error;
    }
  }

  function mirrorFailure(error: unknown, mirror: Site, signal: AbortSignal): RegistryError {
    if (!(error instanceof RegistryError)) throw error;
    const isAway = isOutage(error.failure) || error.failure.cause === 'dns';
    if (isAway && !signal.aborted) away.set(awayKey(mirror), true, MIRROR_PAUSE_MS, mirror.tenant);
    return error;
  }
}

/** An image that makes a mirror slow, or fail, can be anybody's: what one namespace meets decides for no other. */
function awayKey({ key, tenant }: Site): string {
  return `${key}\n${tenant}`;
}

type Ask<T> = (site: Site, signal: AbortSignal) => Promise<T>;
