/** The credentials that a node has for an image in addition to pull secrets, in the kubelet's order. */
import type { ImageReference } from '../image/reference.ts';
import type { Credential } from '../registry/credential.ts';

export interface NodeCredentialList {
  /** In the order in which they are tried. */
  readonly credentials: readonly Credential[];
  /** Sources that failed, and why: other credentials may exist. Never a value of a credential. */
  readonly problems: readonly string[];
}

export interface NodeCredentials {
  /** Returns cached credentials synchronously; rejects only on a bug. `tenant`: the namespace whose share of program runs is used. */
  credentialsFor(reference: ImageReference, tenant?: string): NodeCredentialList | Promise<NodeCredentialList>;
}

export interface ReplaceableCredentials extends NodeCredentials {
  replace(next: NodeCredentials): void;
}

/** Credentials that a running server replaces when their files change. */
export function replaceableCredentials(first: NodeCredentials): ReplaceableCredentials {
  let current = first;
  return {
    credentialsFor: (reference, tenant) => current.credentialsFor(reference, tenant),
    replace(next) {
      current = next;
    },
  };
}

/** Concatenates the credentials of all sources, as the kubelet's union of keyrings does. */
export function combineNodeCredentials(sources: readonly NodeCredentials[]): NodeCredentials {
  return {
    credentialsFor(reference, tenant) {
      const lists = sources.map((source) => source.credentialsFor(reference, tenant));
      return allOf(lists, joined);
    },
  };
}

function joined(answers: readonly NodeCredentialList[]): NodeCredentialList {
  return {
    credentials: answers.flatMap(({ credentials }) => credentials),
    problems: answers.flatMap(({ problems }) => problems),
  };
}

/** Joins synchronously if no value is a promise. */
export function allOf<T extends object, R>(
  answers: readonly (T | Promise<T>)[],
  join: (known: readonly T[]) => R,
): R | Promise<R> {
  const known = answers.filter((answer): answer is T => !(answer instanceof Promise));
  if (known.length === answers.length) return join(known);
  return Promise.all(answers.map(async (answer) => answer)).then(join);
}
