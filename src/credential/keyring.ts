/**
 * Which credentials the kubelet tries for an image, and in which order (kubernetes pkg/credentialprovider/keyring.go): all
 * that match, keys in descending byte order, secrets in the Pod's order; Docker Hub's own entry only if nothing matches.
 */
import type { ImageReference } from '../image/reference.ts';
import type { Entry } from './docker-config.ts';
import type { CredentialIndex, Slot } from './credential-index.ts';
import type { PullSecret } from './pull-secret.ts';
import { DOCKER_HUB_KEY, imageHostPath, isOnDockerHub, shownServer } from './registry-key.ts';

/** One of the credentials that the kubelet tries, and where it stands. */
export interface Candidate {
  readonly secret: string;
  /** The entry's key as it is written in the secret, without anything that could be a password. */
  readonly key: string;
  /** What the kubelet makes of the key: registry and path. */
  readonly registry: string;
  readonly username: string;
  /** A function, so that no JSON, log or inspection of the candidate shows it. */
  readonly password: () => string;
}

export interface SecretFault {
  readonly secret: string;
  /** The key of the Secret. */
  readonly key: string;
  /** A sentence fragment; never a value of the secret. */
  readonly problem: string;
}

/** One malformed secret is enough, and the kubelet pulls no image of the Pod, not even those that need no credential. */
export type Keyring =
  | ({ readonly ok: true } & Credentials)
  | { readonly ok: false; readonly faults: readonly SecretFault[] };

export interface Credentials {
  /** In the order in which they are tried; empty means that the image is pulled anonymously. */
  candidatesFor(reference: ImageReference): readonly Candidate[];
  /** `empty`: all that matches has no user name, so the image is pulled anonymously. */
  coverageOf(reference: ImageReference): 'covered' | 'empty' | 'none';
  /** The more, the longer a look-up takes. */
  readonly globLength: number;
}

/** `secrets` are those that exist, in the order of imagePullSecrets. What the kubelet ignores is ignored. */
export function keyringOf(secrets: readonly PullSecret[]): Keyring {
  const faults: SecretFault[] = [];
  const sources: Source[] = [];
  for (const secret of secrets) {
    const contents = secret.contents();
    if (contents.state === 'read') sources.push({ secret: secret.name, credentials: contents.credentials });
    if (contents.state !== 'malformed') continue;
    for (const problem of contents.faults) faults.push({ secret: secret.name, key: contents.key, problem });
  }
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    globLength: sources.reduce((sum, { credentials }) => sum + credentials.globLength, 0),
    candidatesFor: (reference) => candidatesIn(sources, reference),
    coverageOf(reference) {
      // Most images are covered, and then the order does not matter.
      const image = imageHostPath(reference);
      if (image !== undefined && sources.some(({ credentials }) => credentials.anyMatching(image, hasUser)))
        return 'covered';
      const matches = matchesFor(reference, sources);
      if (matches.length === 0) return 'none';
      return matches.some(({ slot }) => slot.hasUser) ? 'covered' : 'empty';
    },
  };
}

/** Credentials of one file, and what it is called. */
export interface Source {
  readonly secret: string;
  readonly credentials: CredentialIndex;
}

/** The same for what is no pull secret: files of a node, and answers of credential providers. */
export function candidatesIn(sources: readonly Source[], reference: ImageReference): readonly Candidate[] {
  return matchesFor(reference, sources).flatMap(({ secret, slot }) =>
    slot.entries.map((entry) => candidate(secret, slot, entry)),
  );
}

interface Match {
  readonly secret: string;
  readonly slot: Slot;
}

function matchesFor(reference: ImageReference, sources: readonly Source[]): readonly Match[] {
  const image = imageHostPath(reference);
  const matches =
    image === undefined
      ? []
      : sources.flatMap(({ secret, credentials }) => credentials.matching(image).map((slot) => ({ secret, slot })));
  // Stable: within one key the secrets stay in their order.
  if (matches.length > 0) return matches.sort((one, other) => descending(one.slot.key, other.slot.key));
  if (!isOnDockerHub(reference.repository)) return [];
  return sources.flatMap(({ secret, credentials }) => {
    const slot = credentials.slot(DOCKER_HUB_KEY);
    return slot === undefined ? [] : [{ secret, slot }];
  });
}

function hasUser(slot: Slot): boolean {
  return slot.hasUser;
}

function descending(one: string, other: string): number {
  return one === other ? 0 : one < other ? 1 : -1;
}

function candidate(secret: string, { key }: Slot, { server, username, password }: Entry): Candidate {
  return { secret, key: shownServer(server), registry: key, username, password };
}
