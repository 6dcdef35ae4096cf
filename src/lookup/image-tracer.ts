/** Records each request that the lookup of one image sends. It shares no cache with other lookups. */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { type RegistryClient, RegistryError, type Target } from '../registry/client.ts';
import { createRegistrySources, type ImageSourceOptions } from './image-source.ts';
import type { ImageTracer, PullAttempt } from './trace.ts';

type TracerOptions = Pick<ImageSourceOptions, 'client' | 'node' | 'settings' | 'now'>;

export function createImageTracer({ client, ...options }: TracerOptions): ImageTracer {
  return {
    async trace(lookup, signal) {
      const attempts: PullAttempt[] = [];
      const sources = createRegistrySources({ ...options, client: telling(client, attempts) });
      const image = await sources.images.lookUp(lookup, signal);
      const details = image.state === 'yes' ? await sources.imageDetails.lookUp(lookup, signal) : undefined;
      return { attempts, image, details };
    },
  };
}

function telling(client: RegistryClient, attempts: PullAttempt[]): RegistryClient {
  const failed = (mirror: string | undefined, { credential }: Target, failure: RegistryFailure): void => {
    const state = failure.cause === 'notFound' ? 'no' : 'unknown';
    attempts.push({ credential: credential?.label ?? 'anonymous', mirror, answer: { state, failure } });
  };
  return {
    async manifest(target, signal) {
      const mirrorFailed = (mirror: string, failure: RegistryFailure): void => failed(mirror, target, failure);
      try {
        const { digest, mediaType, mirror } = await client.manifest({ ...target, mirrorFailed }, signal);
        const credential = target.credential?.label ?? 'anonymous';
        attempts.push({ credential, mirror, answer: { state: 'yes', value: { digest, mediaType } } });
        return { digest, mediaType, mirror };
      } catch (error) {
        if (error instanceof RegistryError) failed(undefined, target, error.failure);
        throw error;
      }
    },
    details: (target, signal) => client.details(target, signal),
    isNamed: (reference) => client.isNamed?.(reference) ?? false,
    mayQuery: (reference) => client.mayQuery?.(reference) ?? true,
  };
}
