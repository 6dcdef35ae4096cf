/**
 * Selects and orders the credentials that the kubelet tries for an image (kubernetes pkg/credentialprovider/keyring.go): all
 * matches, keys in descending byte order, Secrets in the Pod's order. Docker Hub's default entry counts only if nothing matches.
 */
import type { ImageReference } from '../image/reference.ts';
import type { Entry } from './docker-config.ts';
import type { CredentialIndex, Slot } from './credential-index.ts';
import type { PullSecret } from './pull-secret.ts';
import { DOCKER_HUB_KEY, imageHostPath, isOnDockerHub, shownServer } from './registry-key.ts';

/** A credential that the kubelet tries, and its source. */
export interface Candidate {
  readonly secret: string;
  /** The entry's key as written in the Secret, without a possible password. */
  readonly key: string;
  /** Registry and path that the kubelet derives from the key. */
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

/** A single malformed Secret stops the kubelet from pulling any image for the Pod, including public images. */
export type Keyring =
  | ({ readonly ok: true } & Credentials)
  | { readonly ok: false; readonly faults: readonly SecretFault[] };

export interface Credentials {
  /** Returns the credentials in the order of the attempts; if empty, the kubelet pulls the image anonymously. */
  candidatesFor(reference: ImageReference): readonly Candidate[];
  /** `empty`: no matching entry has a user name, so the kubelet pulls the image anonymously. */
  coverageOf(reference: ImageReference): 'covered' | 'empty' | 'none';
  /** Characters in all host globs; the duration of a lookup grows with it. */
  readonly globLength: number;
}

/** Creates the keyring of the existing Secrets, in the order of imagePullSecrets. Ignores what the kubelet ignores. */
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
      if (image !== undefined && sources.some(({ credentials }) => credentials.hasUserFor(image))) return 'covered';
      const matches = matchesFor(reference, sources);
      if (matches.length === 0) return 'none';
      return matches.some(({ slot }) => slot.hasUser) ? 'covered' : 'empty';
    },
  };
}

/** Credentials of one Secret or file, with its name. */
export interface Source {
  readonly secret: string;
  readonly credentials: CredentialIndex;
}

/** Like `candidatesFor`, for sources other than pull secrets: files on nodes, and responses of credential providers. */
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

function descending(one: string, other: string): number {
  return one === other ? 0 : one < other ? 1 : -1;
}

function candidate(secret: string, { key }: Slot, { server, username, password }: Entry): Candidate {
  return { secret, key: shownServer(server), registry: key, username, password };
}
