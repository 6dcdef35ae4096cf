/**
 * A failure that is kept, or that several wait for, names no credential: the same one stands in Secrets of several namespaces,
 * and each requester hears the name of its own.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import type { Attempt } from './attempts.ts';
import { RegistryError } from '../registry/client.ts';

/** In no other message, because control characters are escaped. */
const SLOT = '\0';

/** A request without a credential is never told by its label, which is a word that others may use. */
export function withoutAsker(error: RegistryError, { credential, label }: Attempt): RegistryError {
  if (credential === undefined) return error;
  const { failure, retryAfterMs } = error;
  return new RegistryError(replaced(failure, label, SLOT), { cause: error, retryAfterMs });
}

export function forAsker(failure: RegistryFailure, { label }: Attempt): RegistryFailure {
  return replaced(failure, SLOT, label);
}

function replaced(failure: RegistryFailure, from: string, to: string): RegistryFailure {
  const { message, remedy } = failure;
  if (!message.includes(from) && remedy?.includes(from) !== true) return failure;
  return { ...failure, message: message.replaceAll(from, () => to), remedy: remedy?.replaceAll(from, () => to) };
}
