/** The references that a registry is asked with, and the keys that say which of them are the same. */
import { type ImageReference, normalizedName, parseReference, repositoryOf } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { taggedText } from './image-location.ts';

export interface Question {
  readonly key: string;
  readonly reference: ImageReference;
}

/** By the tag; undefined where there is only a digest. */
export function tagQuestion(reference: ImageReference): Question | undefined {
  return reference.tag === undefined && reference.digest !== undefined ? undefined : questionOf(taggedText(reference));
}

/** By a digest alone. */
export function digestQuestion(reference: ImageReference, digest: string): Question | undefined {
  return questionOf(`${repositoryOf(reference)}@${digest}`);
}

function questionOf(text: string): Question | undefined {
  const parsed = parseReference(text);
  return parsed.ok ? { key: normalizedName(parsed.reference), reference: parsed.reference } : undefined;
}

/** Why there is no answer to a question after Ctrl-C. */
export const STOPPED = 'stopped before it was asked for';

export function failureText({ message, remedy }: RegistryFailure): string {
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
