/** The images that a pod's pull secrets match, computed once for all pods and images that share the list. */
import type { CredentialIndex } from '../../credential/credential-index.ts';
import { type Candidate, type Credentials, keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { shownServer } from '../../credential/registry-key.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { NamedSecret, PodPullSecrets } from '../fact.ts';
import { shortList } from './images.ts';
import { type Doubt, doubtAbout, doubtOf } from './pull-secrets.ts';

export type Ring =
  | { readonly state: 'unknown'; readonly doubt: Doubt }
  | { readonly state: 'malformed'; readonly secrets: readonly MalformedSecret[] }
  | ReadRing;

export interface MalformedSecret {
  readonly name: string;
  readonly key: string;
  readonly faults: readonly string[];
}

export interface ReadRing {
  readonly state: 'read';
  /** Why more credentials can exist than are known. */
  readonly doubt: Doubt | undefined;
  coverageOf(reference: ImageReference): ReturnType<Credentials['coverageOf']> | 'too-many';
  /** Returns none if there are too many host patterns to compare. */
  candidatesFor(reference: ImageReference): readonly Candidate[];
  /** Describes the pull secrets, for an image that none of them matches. */
  summary(): string;
  remedy(reference: ImageReference): string;
}

/** Characters of hosts times characters of host patterns: a few tenths of a second for one object. */
const MAX_COMPARED = 20_000_000;

/** For one evaluation; pods with the same list share its ring. */
export function ringMaker(): (pullSecrets: PodPullSecrets) => Ring {
  const rings = new Map<PodPullSecrets['secrets'], Ring>();
  let compared = 0;
  const spend = (amount: number): boolean => (compared += amount) <= MAX_COMPARED;
  return (pullSecrets) => {
    const known = rings.get(pullSecrets.secrets) ?? makeRing(pullSecrets, spend);
    rings.set(pullSecrets.secrets, known);
    return known;
  };
}

function makeRing(pullSecrets: PodPullSecrets, spend: (amount: number) => boolean): Ring {
  const { secrets } = pullSecrets;
  const doubt = doubtAbout(pullSecrets);
  if (doubt !== undefined) return { state: 'unknown', doubt };
  if (secrets.state !== 'yes') throw new TypeError('expected known pull secrets');
  const existing = secrets.value.flatMap(({ secret }) => (secret.state === 'yes' ? [secret.value] : []));
  const malformed = existing.flatMap(malformedSecret);
  const keyring = keyringOf(existing);
  if (!keyring.ok) return { state: 'malformed', secrets: malformed };
  const coverages = new Map<ImageReference, ReturnType<ReadRing['coverageOf']>>();
  const compare = (reference: ImageReference): ReturnType<ReadRing['coverageOf']> =>
    spend(keyring.globLength * reference.domain.length) ? keyring.coverageOf(reference) : 'too-many';
  return {
    state: 'read',
    doubt: secrets.value.map(doubtIn).find((one) => one !== undefined),
    coverageOf(reference) {
      let coverage = coverages.get(reference);
      if (coverage === undefined) coverages.set(reference, (coverage = compare(reference)));
      return coverage;
    },
    candidatesFor: (reference) =>
      spend(keyring.globLength * reference.domain.length) ? keyring.candidatesFor(reference) : [],
    summary: () => summaryOf(secrets.value),
    remedy: (reference) => remedyFor(existing)(reference),
  };
}

function malformedSecret(secret: PullSecret): readonly MalformedSecret[] {
  const contents = secret.contents();
  if (contents.state !== 'malformed') return [];
  return [{ name: secret.name, key: contents.key, faults: contents.faults }];
}

function doubtIn({ secret }: NamedSecret): Doubt | undefined {
  return secret.state === 'unknown' ? doubtOf(secret) : undefined;
}

function summaryOf(secrets: readonly NamedSecret[]): string {
  if (secrets.length === 0) return 'the Pod has no pull secret';
  const missing = secrets.filter(({ secret }) => secret.state === 'no');
  const absent = `${labelOf(missing)} ${missing.length === 1 ? 'does' : 'do'} not exist`;
  if (missing.length === secrets.length) return absent;
  return `no entry in ${labelOf(secrets)} matches${missing.length === 0 ? '' : ` (${absent})`}`;
}

/** `pull secrets "a", "b"` */
function labelOf(secrets: readonly NamedSecret[]): string {
  return `pull secret${secrets.length === 1 ? '' : 's'} ${shortList(secrets.map(({ name }) => quoteValue(name)))}`;
}

/** The remedy names the registry of the image and the existing entries, so that the user can compare them. */
function remedyFor(secrets: readonly PullSecret[]): ReadRing['remedy'] {
  const credentials = secrets.flatMap((secret) => {
    const contents = secret.contents();
    return contents.state === 'read' ? [contents.credentials] : [];
  });
  const lacksSlash = credentials.some((one) => one.slot(HUB_WITHOUT_SLASH) !== undefined);
  return ({ domain }) => {
    if (domain === 'docker.io' && lacksSlash) return 'use "https://index.docker.io/v1/", with the "/" at the end';
    return `add an entry for ${quoteValue(domain, 80)}${entriesIn(credentials)}`;
  };
}

function entriesIn(credentials: readonly CredentialIndex[]): string {
  const some = credentials.flatMap(({ entries }) => entries.slice(0, MAX_SHOWN)).slice(0, MAX_SHOWN);
  const total = credentials.reduce((sum, { entries }) => sum + entries.length, 0);
  if (total === 0) return '';
  const more = total > some.length ? ` and ${total - some.length} more` : '';
  return ` (found entries for ${some.map(({ server }) => quoteValue(shownServer(server), 60)).join(', ')}${more})`;
}

const MAX_SHOWN = 5;

/** The key of `https://index.docker.io/v1`, which the kubelet takes for a repository "v1". */
const HUB_WITHOUT_SLASH = 'index.docker.io/v1';
