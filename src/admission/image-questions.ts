/** Which questions to registries an object gives rise to: each image, with the credentials that the kubelet would use for it. */
import { type Candidate, keyringOf } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Container } from '../pod/containers.ts';
import type { Workload } from '../pod/workload.ts';
import type { Facts, PodPullSecrets } from '../policy/fact.ts';
import type { ImageQuestion } from './context.ts';

export interface AskedImage {
  readonly container: Container;
  readonly question: ImageQuestion;
}

/** Of every image that can be read. */
export function askedImages(
  { pods, containers }: Workload,
  pullSecrets: Facts['pullSecrets'],
  how: Pick<ImageQuestion, 'by' | 'staleMs'>,
): readonly AskedImage[] {
  const credentials = new Map<Container, PodCredentials>();
  for (const pod of pods) {
    const ofPod = podCredentials(pullSecrets.get(pod.pointer));
    for (const container of pod.containers) credentials.set(container, ofPod);
  }
  return containers.flatMap((container) => {
    const { image } = container;
    if (image.state !== 'parsed') return [];
    const ofPod = credentials.get(container) ?? LOOSE;
    const { reference } = image;
    const candidates = ofPod.candidatesFor(reference);
    return [{ container, question: { reference, ...how, candidates, doubt: ofPod.doubt } }];
  });
}

interface PodCredentials {
  candidatesFor(reference: ImageReference): readonly Candidate[];
  readonly doubt: string | undefined;
}

const nobody = (doubt: string | undefined): PodCredentials => ({ candidatesFor: () => [], doubt });

/** Outside of a pod spec. */
const LOOSE = nobody('its controller decides which pull secrets it will have');

function podCredentials(pullSecrets: PodPullSecrets | undefined): PodCredentials {
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
  return { candidatesFor: (reference) => keyring.candidatesFor(reference), doubt };
}
