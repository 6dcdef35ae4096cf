/** Looks up images, as they would run, with the credentials that the kubelet would use. */
import { type ImageReference, withDigest } from '../../image/reference.ts';
import type { Container, ContainerImage } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Excuses } from '../../policy/exception-book.ts';
import { type Covering, planned } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import type { ImageLookup } from '../context.ts';
import { deniedFact, deniedImages, havePassedBefore } from '../facts/denied-images.ts';
import { type AddedSecrets, withAddedSecrets } from '../facts/added-secrets.ts';
import { pullSecretsOf } from '../facts/gather.ts';
import { imageLookups } from '../facts/image-lookups.ts';
import type { Lookups } from '../facts/lookups.ts';

export type ImageFact = RegistryFact<RegistryImage>;

/** An image to look up in the place of the image of a container; at most one for each container. */
export interface WantedImage {
  readonly container: Container;
  readonly written: ImageReference;
  /** Maximum age of a known fact if the registry is unavailable, in milliseconds. */
  readonly staleMs: number;
  /** The registry is queried even if the fact is known. */
  readonly refresh: boolean;
}

export interface ImageFactRequest {
  readonly policies: readonly Policy[];
  readonly request: ScopeRequest;
  readonly excuses: Excuses | undefined;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
  readonly lookups: Lookups;
  readonly addedSecrets: AddedSecrets;
}

/** Synchronous if every image is cached. */
export function lookUpImages<Wanted extends WantedImage>(
  wanted: readonly Wanted[],
  request: ImageFactRequest,
): MaybePromise<ReadonlyMap<Wanted, ImageFact>> {
  const facts = new Map<Wanted, ImageFact>();
  const allowed = withoutDenied(wanted, request, facts);
  if (allowed.length === 0) return facts;
  const { pluginsRan, lookups, addedSecrets } = request;
  const workload = withImages(request.request.workload, allowed, written);
  const own = pullSecretsOf({ workload, pluginsRan }, lookups);
  const known = whenKnown(own, (secrets) => withAddedSecrets(secrets, { workload, lookups, addedSecrets }));
  return whenKnown(known, (pullSecrets) => {
    const needed = lookupsFor(workload, allowed, new Map(pullSecrets));
    const found = whenAllKnown(needed.map(({ lookup }) => lookups.registry('images', lookup)));
    return whenKnown(found, (results) => {
      for (const [index, { image }] of needed.entries()) {
        const fact = results[index];
        if (fact !== undefined) facts.set(image, fact);
      }
      return facts;
    });
  });
}

/** Removes images that a policy denies, because the author of the object chooses which registries they are in. */
function withoutDenied<Wanted extends WantedImage>(
  wanted: readonly Wanted[],
  { policies, request, excuses }: ImageFactRequest,
  facts: Map<Wanted, ImageFact>,
): readonly Wanted[] {
  // The common case: all images passed before.
  if (havePassedBefore(planned(policies, request), wanted.map(pinned))) return wanted;
  const workload = withImages(request.workload, wanted, pinned);
  const asPinned: ScopeRequest = { ...request, workload };
  const covering: Covering = planned(policies, asPinned);
  const denialOf = deniedImages(covering, asPinned, excuses);
  return wanted.filter((image, index) => {
    const container = workload.containers[index];
    const denial = container && denialOf(container);
    if (denial === undefined) return true;
    facts.set(image, deniedFact(denial));
    return false;
  });
}

/**
 * The image with a placeholder digest, so that rules that require a digest do not deny it, and with its default tag, so that a
 * rule that denies "latest" also covers images without a tag.
 */
function pinned({ written: reference }: WantedImage): ContainerImage {
  if (reference.digest !== undefined) return { state: 'parsed', text: reference.text, reference };
  const withPlaceholder = withDigest(reference, PLACEHOLDER_DIGEST);
  return { state: 'parsed', text: withPlaceholder.text, reference: withPlaceholder, toBePinned: true };
}

const PLACEHOLDER_DIGEST = `sha256:${'0'.repeat(64)}`;

function written({ written: reference, container: { image } }: WantedImage): ContainerImage {
  if (image.state === 'parsed' && image.reference === reference) return image;
  return { state: 'parsed', text: reference.text, reference };
}

/** Returns the workload with only the containers of the images, in their order, and their Pods. */
function withImages(
  workload: Workload,
  wanted: readonly WantedImage[],
  imageFor: (image: WantedImage) => ContainerImage,
): Workload {
  const changed = new Map<Container, Container>();
  for (const each of wanted) {
    const { container } = each;
    const image = imageFor(each);
    changed.set(container, image === container.image ? container : { ...container, image });
  }
  const isSame = ({ container }: WantedImage): boolean => changed.get(container) === container;
  if (wanted.length === workload.containers.length && wanted.every(isSame)) return workload;
  const pods = workload.pods.flatMap((pod) => {
    const containers = pod.containers.flatMap((container) => changed.get(container) ?? []);
    return containers.length === 0 ? [] : [{ ...pod, containers }];
  });
  return { ...workload, pods, containers: [...changed.values()] };
}

interface WantedLookup<Wanted> {
  readonly image: Wanted;
  readonly lookup: ImageLookup;
}

/** `workload` contains the containers of the images, in their order. */
function lookupsFor<Wanted extends WantedImage>(
  workload: Workload,
  wanted: readonly Wanted[],
  pullSecrets: Parameters<typeof imageLookups>[1],
): readonly WantedLookup<Wanted>[] {
  const staleMs = wanted[0]?.staleMs ?? 0;
  return imageLookups(workload, pullSecrets, { by: 'image', staleMs }).flatMap(({ lookup }, index) => {
    const image = wanted[index];
    if (image === undefined) return [];
    const { staleMs: own, refresh } = image;
    return [{ image, lookup: own === staleMs && !refresh ? lookup : { ...lookup, staleMs: own, refresh } }];
  });
}
