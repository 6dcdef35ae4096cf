/** Looks up the digests of images with the credentials that the kubelet would use. */
import { withDigest } from '../../image/reference.ts';
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
import { pullSecretsOf } from '../facts/gather.ts';
import { imageLookups } from '../facts/image-lookups.ts';
import type { Lookups } from '../facts/lookups.ts';
import type { Candidate } from './candidates.ts';

export type DigestFact = RegistryFact<RegistryImage>;
export type DigestFacts = ReadonlyMap<Candidate, DigestFact>;

export interface DigestRequest {
  readonly policies: readonly Policy[];
  readonly request: ScopeRequest;
  readonly excuses: Excuses | undefined;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
  readonly lookups: Lookups;
}

/** Synchronous if every image is cached. */
export function lookUpDigests(candidates: readonly Candidate[], digests: DigestRequest): MaybePromise<DigestFacts> {
  const facts = new Map<Candidate, DigestFact>();
  const allowed = withoutDenied(candidates, digests, facts);
  if (allowed.length === 0) return facts;
  const { request, pluginsRan, lookups } = digests;
  const workload = withImages(request.workload, allowed, written);
  return whenKnown(pullSecretsOf({ workload, pluginsRan }, lookups), (pullSecrets) => {
    const needed = candidateLookups(workload, allowed, new Map(pullSecrets));
    const found = whenAllKnown(needed.map(({ lookup }) => lookups.registry('images', lookup)));
    return whenKnown(found, (results) => {
      for (const [index, { candidate }] of needed.entries()) {
        const fact = results[index];
        if (fact !== undefined) facts.set(candidate, fact);
      }
      return facts;
    });
  });
}

/** Removes images that a policy denies, because the author of the object chooses which registries they are in. */
function withoutDenied(
  candidates: readonly Candidate[],
  { policies, request, excuses }: DigestRequest,
  facts: Map<Candidate, DigestFact>,
): readonly Candidate[] {
  // The common case: all images passed before.
  if (havePassedBefore(planned(policies, request), candidates.map(pinned))) return candidates;
  const workload = withImages(request.workload, candidates, pinned);
  const asPinned: ScopeRequest = { ...request, workload };
  const covering: Covering = planned(policies, asPinned);
  const denialOf = deniedImages(covering, asPinned, excuses);
  return candidates.filter((candidate, index) => {
    const container = workload.containers[index];
    const denial = container && denialOf(container);
    if (denial === undefined) return true;
    facts.set(candidate, deniedFact(denial));
    return false;
  });
}

/**
 * The image with a placeholder digest, so that rules that require a digest do not deny it, and with its default tag, so that a
 * rule that denies "latest" also covers images without a tag.
 */
function pinned({ written: reference }: Candidate): ContainerImage {
  const withPlaceholder = withDigest(reference, PLACEHOLDER_DIGEST);
  return { state: 'parsed', text: withPlaceholder.text, reference: withPlaceholder, toBePinned: true };
}

const PLACEHOLDER_DIGEST = `sha256:${'0'.repeat(64)}`;

function written({ written: reference, container: { image } }: Candidate): ContainerImage {
  if (image.state === 'parsed' && image.reference === reference) return image;
  return { state: 'parsed', text: reference.text, reference };
}

/** Returns the workload with only the containers of the candidates, in their order, and their Pods. */
function withImages(
  workload: Workload,
  candidates: readonly Candidate[],
  imageFor: (candidate: Candidate) => ContainerImage,
): Workload {
  const changed = new Map<Container, Container>();
  for (const candidate of candidates) {
    const { container } = candidate;
    const image = imageFor(candidate);
    changed.set(container, image === container.image ? container : { ...container, image });
  }
  const isSame = ({ container }: Candidate): boolean => changed.get(container) === container;
  if (candidates.length === workload.containers.length && candidates.every(isSame)) return workload;
  const pods = workload.pods.flatMap((pod) => {
    const containers = pod.containers.flatMap((container) => changed.get(container) ?? []);
    return containers.length === 0 ? [] : [{ ...pod, containers }];
  });
  return { ...workload, pods, containers: [...changed.values()] };
}

interface CandidateLookup {
  readonly candidate: Candidate;
  readonly lookup: ImageLookup;
}

/** `workload` contains the containers of the candidates, in their order. */
function candidateLookups(
  workload: Workload,
  candidates: readonly Candidate[],
  pullSecrets: Parameters<typeof imageLookups>[1],
): readonly CandidateLookup[] {
  const staleMs = candidates[0]?.pin.staleMs ?? 0;
  return imageLookups(workload, pullSecrets, { by: 'image', staleMs }).flatMap(({ lookup }, index) => {
    const candidate = candidates[index];
    if (candidate === undefined) return [];
    const { staleMs: own } = candidate.pin;
    // An image with a stored digest is looked up only because of a restart.
    const refresh = candidate.stored !== undefined;
    return [{ candidate, lookup: own === staleMs && !refresh ? lookup : { ...lookup, staleMs: own, refresh } }];
  });
}
