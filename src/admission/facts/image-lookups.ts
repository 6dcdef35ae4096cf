/** Which questions to registries an object gives rise to: each image, with the credentials that the kubelet would use for it. */
import { keyringOf } from '../../credential/keyring.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Facts, PodPullSecrets } from '../../policy/fact.ts';
import type { ImageQuestion } from '../context.ts';

export interface AskedImage {
  readonly container: Container;
  readonly question: ImageQuestion;
}

export interface Asking extends Pick<ImageQuestion, 'by' | 'staleMs'> {
  /** Which containers; all of them when not given. */
  readonly only?: ((container: Container) => boolean) | undefined;
}

/** Of every image that can be read. */
export function askedImages(
  { pods, containers }: Workload,
  pullSecrets: Facts['pullSecrets'],
  { only = everyone, by, staleMs }: Asking,
): readonly AskedImage[] {
  const credentials = new Map<Container, PodCredentials>();
  const credentialsOf = credentialMaker();
  for (const pod of pods) {
    const asked = pod.containers.filter(only);
    if (asked.length === 0) continue;
    const ofPod = credentialsOf(pullSecrets.get(pod.pointer));
    for (const container of asked) credentials.set(container, ofPod);
  }
  return containers.filter(only).flatMap((container) => {
    const { image } = container;
    if (image.state !== 'parsed') return [];
    const { reference } = image;
    const { candidates, doubt } = (credentials.get(container) ?? LOOSE)(reference);
    return [{ container, question: { reference, by, staleMs, candidates, doubt } }];
  });
}

const everyone = (): boolean => true;

type PodCredentials = (reference: ImageReference) => Pick<ImageQuestion, 'candidates' | 'doubt'>;

function nobody(doubt: string): PodCredentials {
  const none = { candidates: [], doubt };
  return () => none;
}

/** Outside of a pod spec. */
const LOOSE = nobody('its controller decides which pull secrets it will have');

/** Characters of hosts times characters of host patterns: some tenths of a second for one object. */
const MAX_COMPARED = 20_000_000;
const TOO_MANY = { candidates: [], doubt: 'its pull secrets have too many host patterns to compare' } as const;

/** For one object; pods with the same pull secrets share what they are good for. */
function credentialMaker(): (pullSecrets: PodPullSecrets | undefined) => PodCredentials {
  const known = new Map<string, PodCredentials>();
  let compared = 0;
  const spend = (amount: number): boolean => (compared += amount) <= MAX_COMPARED;
  return (pullSecrets) => {
    if (pullSecrets?.secrets.state !== 'yes') return podCredentials(pullSecrets, spend);
    // Within one object a name stands for one Secret.
    const key = JSON.stringify(pullSecrets.secrets.value.map(({ name }) => name));
    const credentials = known.get(key) ?? podCredentials(pullSecrets, spend);
    known.set(key, credentials);
    return credentials;
  };
}

function podCredentials(pullSecrets: PodPullSecrets | undefined, spend: (amount: number) => boolean): PodCredentials {
  if (pullSecrets === undefined) return nobody('its pull secrets are not known');
  const { secrets, serviceAccount } = pullSecrets;
  if (secrets.state === 'unknown') return nobody(`its pull secrets are not known: ${secrets.reason}`);
  if (secrets.state === 'no') return nobody(`service account ${quoteValue(serviceAccount)} does not exist yet`);
  const existing = secrets.value.flatMap(({ secret }) => (secret.state === 'yes' ? [secret.value] : []));
  const unread = secrets.value.find(({ secret }) => secret.state === 'unknown');
  const keyring = keyringOf(existing);
  if (!keyring.ok) {
    const [fault] = keyring.faults;
    return nobody(
      `pull secret ${quoteValue(fault?.secret ?? '')} cannot be read, and because of it the kubelet uses none`,
    );
  }
  const doubt =
    unread?.secret.state === 'unknown'
      ? `pull secret ${quoteValue(unread.name)} is not known: ${unread.secret.reason}`
      : undefined;
  const found = new Map<ImageReference, ReturnType<PodCredentials>>();
  const find = (reference: ImageReference): ReturnType<PodCredentials> =>
    spend(keyring.globLength * reference.domain.length)
      ? { candidates: keyring.candidatesFor(reference), doubt }
      : TOO_MANY;
  return (reference) => {
    const before = found.get(reference);
    if (before !== undefined) return before;
    const answer = find(reference);
    found.set(reference, answer);
    return answer;
  };
}
