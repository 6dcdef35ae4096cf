/** Failures of requests that were not sent, or that were ended before the registry responded. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { RegistryError } from '../registry/client.ts';
import { shownRegistry } from './image-key.ts';

export function lateError(reference: ImageReference): RegistryError {
  const message = `${shownRegistry(reference)} did not respond in time`;
  return new RegistryError({ cause: 'timeout', message, remedy: undefined, isPublic: true });
}

const REASONS = {
  full: { cause: 'tooMany', words: 'was not queried: too many lookups are in progress' },
  evicted: { cause: 'tooMany', words: 'did not respond while lookups of other namespaces waited' },
  unwanted: { cause: 'timeout', words: 'was not queried before the deadline' },
} as const;

export function notContacted(reference: ImageReference, why: keyof typeof REASONS): RegistryFailure {
  const { cause, words } = REASONS[why];
  const remedy = cause === 'tooMany' ? 'try again in a moment' : undefined;
  return { cause, message: `${shownRegistry(reference)} ${words}`, remedy, isPublic: true };
}
