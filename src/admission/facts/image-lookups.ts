/** The lookups for the images of an object, with the credentials that the kubelet uses for each. */
import { keyringOf } from '../../credential/keyring.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Facts, NamedSecret, PodPullSecrets } from '../../policy/fact.ts';
import type { ImageLookup } from '../context.ts';

export interface ContainerLookup {
  readonly container: Container;
  readonly lookup: ImageLookup;
}

export interface LookupOptions extends Pick<ImageLookup, 'by' | 'staleMs'> {
  /** Selects the containers; by default all. */
  readonly only?: ((container: Container) => boolean) | undefined;
  /** The image to look up for a container; by default its image. */
  readonly referenceFor?: ((container: Container) => ImageReference | undefined) | undefined;
}

/** Returns a lookup for each valid image. */
export function imageLookups(
  { pods, containers }: Workload,
  pullSecrets: Facts['pullSecrets'],
  { only = everyone, referenceFor = imageOf, by, staleMs }: LookupOptions,
): readonly ContainerLookup[] {
  const credentials = new Map<Container, PodCredentials>();
  const credentialsOf = createPodCredentials();
  for (const pod of pods) {
    const included = pod.containers.filter(only);
    if (included.length === 0) continue;
    const ofPod = credentialsOf(pullSecrets.get(pod.pointer));
    for (const container of included) credentials.set(container, ofPod);
  }
  return containers.filter(only).flatMap((container) => {
    const reference = referenceFor(container);
    if (reference === undefined) return [];
    const { candidates, incompleteReason } = (credentials.get(container) ?? NO_POD)(reference);
    return [{ container, lookup: { reference, by, staleMs, candidates, incompleteReason } }];
  });
}

const everyone = (): boolean => true;

function imageOf({ image }: Container): ImageReference | undefined {
  return image.state === 'parsed' ? image.reference : undefined;
}

type PodCredentials = (reference: ImageReference) => Pick<ImageLookup, 'candidates' | 'incompleteReason'>;

function noCandidates(incompleteReason: string): PodCredentials {
  const none = { candidates: [], incompleteReason };
  return () => none;
}

/** For images outside of a Pod spec. */
const NO_POD = noCandidates('its controller sets the pull secrets later');

/** Characters of hosts times characters of host patterns: tenths of a second for one object. */
const MAX_COMPARED = 20_000_000;
const TOO_MANY = {
  candidates: [],
  incompleteReason: "the Pod's pull secrets have too many host patterns to compare",
} as const;

/** For one object. Pods with the same pull secrets share their credentials. */
function createPodCredentials(): (pullSecrets: PodPullSecrets | undefined) => PodCredentials {
  const known = new Map<string, PodCredentials>();
  /** Pods with the same ServiceAccount share its list, which can be long. */
  const ofLists = new Map<PodPullSecrets['secrets'], PodCredentials>();
  let compared = 0;
  const spend = (amount: number): boolean => (compared += amount) <= MAX_COMPARED;
  return (pullSecrets) => {
    if (pullSecrets?.secrets.state !== 'yes') return podCredentials(pullSecrets, spend);
    const ofList = ofLists.get(pullSecrets.secrets);
    if (ofList !== undefined) return ofList;
    // Within one object, equal names are the same Secret.
    const key = JSON.stringify(pullSecrets.secrets.value.map(({ name }) => name));
    const credentials = known.get(key) ?? podCredentials(pullSecrets, spend);
    known.set(key, credentials);
    ofLists.set(pullSecrets.secrets, credentials);
    return credentials;
  };
}

function podCredentials(pullSecrets: PodPullSecrets | undefined, spend: Spend): PodCredentials {
  if (pullSecrets === undefined) return noCandidates('its pull secrets are not known');
  const { secrets, serviceAccount, added = [] } = pullSecrets;
  if (secrets.state === 'unknown')
    return listedCredentials(added, `its pull secrets are not known: ${secrets.reason}`, spend);
  if (secrets.state === 'no')
    return listedCredentials(added, `ServiceAccount ${quoteValue(serviceAccount)} does not exist yet`, spend);
  const unread = secrets.value.find(({ secret }) => secret.state === 'unknown');
  const incompleteReason =
    unread?.secret.state === 'unknown'
      ? `pull secret ${quoteValue(unread.name)} is not known: ${unread.secret.reason}`
      : undefined;
  return listedCredentials(secrets.value, incompleteReason, spend);
}

type Spend = (amount: number) => boolean;

/** `incompleteReason`: why there can be more secrets. */
function listedCredentials(
  listed: readonly NamedSecret[],
  incompleteReason: string | undefined,
  spend: Spend,
): PodCredentials {
  const existing = listed.flatMap(({ secret }) => (secret.state === 'yes' ? [secret.value] : []));
  const keyring = keyringOf(existing);
  if (!keyring.ok) {
    const [fault] = keyring.faults;
    return noCandidates(
      `pull secret ${quoteValue(fault?.secret ?? '')} is malformed, so the kubelet uses no pull secrets`,
    );
  }
  const found = new Map<ImageReference, ReturnType<PodCredentials>>();
  const find = (reference: ImageReference): ReturnType<PodCredentials> =>
    spend(keyring.globLength * reference.domain.length)
      ? { candidates: keyring.candidatesFor(reference), incompleteReason }
      : TOO_MANY;
  return (reference) => {
    const before = found.get(reference);
    if (before !== undefined) return before;
    const result = find(reference);
    found.set(reference, result);
    return result;
  };
}
