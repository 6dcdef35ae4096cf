/** Failures of requests that were not sent, or that were ended before the registry responded. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { RegistryError } from '../registry/client.ts';
import { shownRegistry } from './image-key.ts';

export function lateError(reference: ImageReference): RegistryError {
  const message = `${shownRegistry(reference)} gave no answer in time`;
  return new RegistryError({ cause: 'timeout', message, remedy: undefined, isPublic: true });
}

const REASONS = {
  full: { cause: 'tooMany', words: 'was not asked: too many other images are being looked up' },
  evicted: { cause: 'tooMany', words: 'did not respond while images of other namespaces waited to be looked up' },
  unwanted: { cause: 'timeout', words: 'was not asked in the time allowed' },
} as const;

export function notContacted(reference: ImageReference, why: keyof typeof REASONS): RegistryFailure {
  const { cause, words } = REASONS[why];
  const remedy = cause === 'tooMany' ? 'try again in a moment' : undefined;
  return { cause, message: `${shownRegistry(reference)} ${words}`, remedy, isPublic: true };
}
