/** The images of a request that a policy may change: those that are new, differ from the stored object, or are restarted. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { type Workload, workloadOf } from '../../pod/workload.ts';
import { byPlace, isRestarted, placeKey } from '../pin/stored-digests.ts';
import type { MutableObject } from './mutable-images.ts';

export interface ChangedImage {
  readonly container: Container;
  /** As in the request; after a rewrite, with the new name. Without `replaced`. */
  readonly reference: ImageReference;
  /** In the stored object. */
  readonly stored: ImageReference | undefined;
  /** The update restarts its Pods. */
  readonly isRestarted: boolean;
  /** The digest that a restart replaces, which `reference` does not have. */
  readonly replaced?: string;
}

interface Wanted {
  readonly kinds: KindTable;
  /** Reports whether an image with a digest can be changed although nothing restarts it. */
  readonly withDigest: boolean;
}

export function changedImages(workload: Workload, change: MutableObject, wanted: Wanted): readonly ChangedImage[] {
  const { stored } = change;
  if (stored !== undefined) return updatedImages(workload, { ...change, stored }, wanted);
  return workload.containers.flatMap((container): readonly ChangedImage[] => {
    const reference = referenceOf(container);
    if (reference === undefined || (reference.digest !== undefined && !wanted.withDigest)) return [];
    return [{ container, reference, stored: undefined, isRestarted: false }];
  });
}

/** undefined: an image that cannot be read, or that consists of several fields, which the object runs itself. */
function referenceOf({ image, composed, inValues }: Container): ImageReference | undefined {
  return image.state === 'parsed' && (!composed || inValues) ? image.reference : undefined;
}

interface Update extends MutableObject {
  readonly stored: NonNullable<MutableObject['stored']>;
}

function updatedImages(workload: Workload, update: Update, { kinds, withDigest }: Wanted): readonly ChangedImage[] {
  const restarted = restartedContainers(workload.pods, update);
  const interesting = workload.containers.filter((container) => {
    const reference = referenceOf(container);
    if (reference === undefined || (update.onlyEphemeral && container.kind !== 'ephemeral')) return false;
    return withDigest || reference.digest === undefined || restarted.has(container);
  });
  if (interesting.length === 0) return [];
  const stored = workloadOf(update.stored, workload.type, kinds);
  // Without a valid stored object, the changed images are unknown.
  if (stored === undefined || !stored.ok) return [];
  const before = byPlace(stored.workload);
  return interesting.flatMap((container): readonly ChangedImage[] => {
    const reference = referenceOf(container);
    // The objects of the chart are not known, so that they count as new.
    const old = container.inValues ? undefined : before.get(placeKey(container))?.image;
    const changed = {
      stored: old?.state === 'parsed' ? old.reference : undefined,
      isRestarted: restarted.has(container),
    };
    if (reference === undefined || (!changed.isRestarted && changed.stored?.text === reference.text)) return [];
    return [{ container, reference, ...changed }];
  });
}

function restartedContainers(
  pods: readonly Pod[],
  { object, stored, digests, onlyEphemeral }: Update,
): ReadonlySet<Container> {
  // A running Pod cannot be restarted.
  if (digests === 'stored' || onlyEphemeral) return NOTHING;
  const restarted = pods.filter((pod) => isRestarted(pod, object, stored));
  return restarted.length === 0 ? NOTHING : new Set(restarted.flatMap(({ containers }) => containers));
}

const NOTHING: ReadonlySet<Container> = new Set();
