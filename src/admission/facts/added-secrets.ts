/** The pull secrets that policies add to Pods, beside those that the Pods have. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { PodPullSecrets } from '../../policy/fact.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import type { Lookups } from './lookups.ts';

/** The names of the secrets that the Pod of a container gets for an image. */
export type AddedSecrets = (container: Container, image: ImageReference) => readonly string[];

type PodSecrets = readonly (readonly [pod: string, secrets: PodPullSecrets])[];

interface AddedContext {
  readonly workload: Workload;
  readonly addedSecrets: AddedSecrets;
  readonly lookups: Lookups;
}

/** A secret that does not exist, or is not known, is not added to the Pod. */
export function withAddedSecrets(
  secrets: PodSecrets,
  { workload, addedSecrets, lookups }: AddedContext,
): MaybePromise<PodSecrets> {
  const added = addedTo(workload, addedSecrets);
  if ([...added.values()].every((names) => names.length === 0)) return secrets;
  return whenAllKnown(
    secrets.map(([pod, own]): MaybePromise<PodSecrets[number]> => {
      if (own.secrets.state !== 'yes') return [pod, own];
      const { value } = own.secrets;
      const names = [...new Set(added.get(pod))].filter((name) => value.every((one) => one.name !== name));
      return whenKnown(whenAllKnown(names.map((name) => lookups.secret(name))), (facts) => {
        const more = names.flatMap((name, index) => {
          const secret = facts[index];
          return secret?.state === 'yes' ? [{ name, secret }] : [];
        });
        return [pod, { ...own, secrets: { state: 'yes', value: [...value, ...more] } }];
      });
    }),
  );
}

/** By the pointer of the Pod. */
function addedTo({ pods }: Workload, addedSecrets: AddedSecrets): ReadonlyMap<string, readonly string[]> {
  return new Map(
    pods.map(({ pointer, containers }) => [
      pointer,
      containers.flatMap((container) =>
        container.image.state === 'parsed' ? addedSecrets(container, container.image.reference) : [],
      ),
    ]),
  );
}
