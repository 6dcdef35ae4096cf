/** What a node could hold for an image beside the pull secrets, in the kubelet's order. */
import type { ImageReference } from '../image/reference.ts';
import type { Credential } from '../registry/credential.ts';

export interface NodeCredentialList {
  /** In the order in which they are tried. */
  readonly credentials: readonly Credential[];
  /** What could not be asked, and why: there could be more. Never a value of a credential. */
  readonly problems: readonly string[];
}

export interface NodeCredentials {
  /** At once where it is known; never rejects, but for a bug. `tenant`: in whose share a program is run. */
  credentialsFor(reference: ImageReference, tenant?: string): NodeCredentialList | Promise<NodeCredentialList>;
}

/** One after the other, as the kubelet's union of keyrings has them. */
export function combineNodeCredentials(sources: readonly NodeCredentials[]): NodeCredentials {
  return {
    credentialsFor(reference, tenant) {
      const answers = sources.map((source) => source.credentialsFor(reference, tenant));
      return allOf(answers, joined);
    },
  };
}

function joined(answers: readonly NodeCredentialList[]): NodeCredentialList {
  return {
    credentials: answers.flatMap(({ credentials }) => credentials),
    problems: answers.flatMap(({ problems }) => problems),
  };
}

/** At once where all are known. */
export function allOf<T extends object, R>(
  answers: readonly (T | Promise<T>)[],
  join: (known: readonly T[]) => R,
): R | Promise<R> {
  const known = answers.filter((answer): answer is T => !(answer instanceof Promise));
  if (known.length === answers.length) return join(known);
  return Promise.all(answers.map(async (answer) => answer)).then(join);
}
