/** The pull secrets that policies add to Pods, beside those that the Pods have. */
import { keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Fact, NamedSecret, PodPullSecrets } from '../../policy/fact.ts';
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

/** A secret that does not exist, is malformed, or is not known, is not added to the Pod. */
export function withAddedSecrets(
  secrets: PodSecrets,
  { workload, addedSecrets, lookups }: AddedContext,
): MaybePromise<PodSecrets> {
  const added = addedTo(workload, addedSecrets);
  if ([...added.values()].every((names) => names.length === 0)) return secrets;
  return whenAllKnown(
    secrets.map(([pod, own]): MaybePromise<PodSecrets[number]> => {
      const listed = new Set(own.secrets.state === 'yes' ? own.secrets.value.map(({ name }) => name) : []);
      const names = [...new Set(added.get(pod))].filter((name) => !listed.has(name));
      return whenKnown(whenAllKnown(names.map((name) => lookups.secret(name))), (facts) => [
        pod,
        withSecrets(
          own,
          names.flatMap((name, index) => addedSecret(name, facts[index]) ?? []),
        ),
      ]);
    }),
  );
}

function addedSecret(name: string, secret: Fact<PullSecret> | undefined): NamedSecret | undefined {
  return secret?.state === 'yes' && keyringOf([secret.value]).ok ? { name, secret } : undefined;
}

function withSecrets(own: PodPullSecrets, more: readonly NamedSecret[]): PodPullSecrets {
  if (more.length === 0) return own;
  const { secrets } = own;
  if (secrets.state !== 'yes') return { ...own, added: more };
  return { ...own, secrets: { ...secrets, value: [...secrets.value, ...more] } };
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
