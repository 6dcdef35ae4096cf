/**
 * Failures that are cached, or shared by callers, contain a slot instead of a credential label. Secrets of several namespaces
 * can contain the same credential, and each namespace may see only the name of its own Secret.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import type { Attempt } from './attempts.ts';
import { RegistryError } from '../registry/client.ts';

/** Messages contain no other NUL, because control characters are escaped. */
const SLOT = '\0';

/** Replaces the label with a slot. The label of an anonymous attempt stays: it is a common word, and reveals nothing. */
export function withoutLabel(error: RegistryError, { credential, label }: Attempt): RegistryError {
  if (credential === undefined) return error;
  const { failure, retryAfterMs } = error;
  return new RegistryError(replaced(failure, label, SLOT), { cause: error, retryAfterMs });
}

/** Fills the slot with the label of the caller's credential. */
export function withLabel(failure: RegistryFailure, { label }: Attempt): RegistryFailure {
  return replaced(failure, SLOT, label);
}

function replaced(failure: RegistryFailure, from: string, to: string): RegistryFailure {
  const { message, remedy } = failure;
  if (!message.includes(from) && remedy?.includes(from) !== true) return failure;
  return { ...failure, message: message.replaceAll(from, () => to), remedy: remedy?.replaceAll(from, () => to) };
}
