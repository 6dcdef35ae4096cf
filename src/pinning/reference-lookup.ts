/** The references that `pin` and `drift` look up, and the keys that identify equal lookups. */
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { RegistryFact, RegistryFailure } from '../policy/registry-fact.ts';
import { taggedText } from './image-location.ts';

export interface ReferenceLookup {
  readonly key: string;
  readonly reference: ImageReference;
}

/** Looks up the tag; undefined: there is only a digest. */
export function tagLookup(reference: ImageReference): ReferenceLookup | undefined {
  return reference.tag === undefined && reference.digest !== undefined ? undefined : lookupOf(taggedText(reference));
}

/** Looks up the digest. */
export function digestLookup(reference: ImageReference, digest: string): ReferenceLookup | undefined {
  return lookupOf(`${reference.repository}@${digest}`);
}

function lookupOf(text: string): ReferenceLookup | undefined {
  const parsed = parseReference(text);
  return parsed.ok ? { key: parsed.reference.fullName, reference: parsed.reference } : undefined;
}

/** The reason for a missing result after Ctrl-C. */
export const INTERRUPTED = 'interrupted before the lookup';

/** The fact about a reference that was not looked up. */
export const NOT_LOOKED_UP: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'timeout', message: INTERRUPTED, remedy: undefined },
};

export function failureText({ message, remedy }: RegistryFailure): string {
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
