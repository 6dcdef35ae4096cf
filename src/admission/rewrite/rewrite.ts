/** Rewrites the images of a request: returns them with their new names, the outcomes, and the findings. */
import type { ImageReference } from '../../image/reference.ts';
import { parseReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { MAX_FINDINGS } from '../../policy/evaluate.ts';
import type { Finding } from '../../policy/finding.ts';
import type { Covering } from '../../policy/plan.ts';
import type { ChangedImage } from '../change/changed-images.ts';
import { type ImageFact, type ImageFactRequest, lookUpImages } from '../change/image-facts.ts';
import type { MutableObject } from '../change/mutable-images.ts';
import { type MaybePromise, whenKnown } from '../maybe-promise.ts';
import type { RewrittenImage } from '../mutation.ts';
import type { AdmissionRequest } from '../request.ts';
import { policiesOver } from '../change/scoped-policies.ts';
import { rewritingPolicies, stepsOf } from './chain.ts';
import { decideRewrites, firstState, type RewriteState, type Surroundings } from './decide.ts';
import { rewriteOutcome } from './outcome.ts';

export interface Rewritings {
  /** The given images, with their new names. */
  readonly images: readonly ChangedImage[];
  readonly rewrites: readonly RewrittenImage[];
  readonly findings: readonly Finding[];
  /** The facts about the new names that were looked up. */
  readonly facts: ReadonlyMap<Container, ImageFact>;
  /** The containers whose original image is recorded in an annotation. */
  readonly annotated: ReadonlySet<Container>;
}

export interface RewriteRequest {
  readonly request: AdmissionRequest;
  readonly change: MutableObject;
  readonly images: readonly ChangedImage[];
  readonly covering: Covering;
}

/** Synchronous if every image is cached. */
export function rewriteImages(
  { request, change, images, covering }: RewriteRequest,
  facts: ImageFactRequest,
): MaybePromise<Rewritings | 'too-many'> {
  const policies = rewritingPolicies(covering.policies);
  if (policies.length === 0) return { images, rewrites: [], findings: [], facts: new Map(), annotated: new Set() };
  const surroundings: Surroundings = {
    lookUp: (wanted) => lookUpImages(wanted, facts),
    staleMs: ({ container }, name) => staleMsOf(covering, container, name),
  };
  const object = { change, type: request.type };
  const states = images.map((image) => firstState(image, stepsOf(image.container, image.reference, policies), object));
  if (states.filter(({ ahead }) => ahead.length > 0).length > MAX_FINDINGS) return 'too-many';
  return whenKnown(decideRewrites(states, surroundings), rewritingsOf);
}

function rewritingsOf(states: readonly RewriteState[]): Rewritings {
  const outcomes = states.map(rewriteOutcome);
  return {
    images: states.map(({ image, name }) => (name === image.reference ? image : { ...image, reference: name })),
    rewrites: outcomes.flatMap(({ image }) => image ?? []),
    findings: outcomes.flatMap(({ finding }) => finding ?? []),
    facts: new Map(states.flatMap(({ image, fact }) => (fact === undefined ? [] : [[image.container, fact] as const]))),
    annotated: new Set(
      states.flatMap(({ image, applied }) => (applied?.rewrite.annotate === true ? [image.container] : [])),
    ),
  };
}

/** As when the image is pinned, so that both need one lookup. */
function staleMsOf({ policies }: Covering, container: Container, name: ImageReference): number {
  const pin = policiesOver(container, name, policies).find(({ policy }) => policy.pin?.covers(name) === true)?.policy
    .pin;
  return pin?.staleMs ?? 0;
}

/** The names that an image of a container can have got, from the name that its author wrote. */
export type NamesFor = (container: Container, written: string) => readonly string[];

export function namesFor({ policies }: Covering): NamesFor {
  const rewriting = rewritingPolicies(policies);
  return (container, written) => {
    const parsed = rewriting.length === 0 ? undefined : parseReference(written);
    if (parsed?.ok !== true) return [written];
    const steps = stepsOf(container, parsed.reference, rewriting);
    return [written, ...steps.flatMap(({ to }) => (to.ok ? [to.reference.text] : []))];
  };
}
