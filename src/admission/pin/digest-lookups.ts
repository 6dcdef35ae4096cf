/** What registries say of the images that want a digest, each asked once, with the credentials that the kubelet would use. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { Container, ContainerImage } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Excuses } from '../../policy/exception-book.ts';
import { type Covering, planned } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import type { ImageQuestion } from '../context.ts';
import { deniedImages, havePassedBefore } from '../facts/denied-images.ts';
import { pullSecretsOf } from '../facts/gather.ts';
import { askedImages } from '../facts/image-lookups.ts';
import type { Lookups } from '../facts/lookups.ts';
import type { Candidate } from './candidates.ts';

export type Answer = RegistryFact<RegistryImage>;
export type Answers = ReadonlyMap<Candidate, Answer>;

export interface Asking {
  readonly policies: readonly Policy[];
  readonly request: ScopeRequest;
  readonly excuses: Excuses | undefined;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
  readonly ask: Lookups;
}

/** Of those that say `ask`. */
export function answersFor(candidates: readonly Candidate[], asking: Asking): MaybePromise<Answers> {
  const answers = new Map<Candidate, Answer>();
  const allowed = withoutRefused(candidates, asking, answers);
  if (allowed.length === 0) return answers;
  const wanted = { workload: withImages(asking.request.workload, allowed, written), pluginsRan: asking.pluginsRan };
  return whenKnown(pullSecretsOf(wanted, asking.ask), (pullSecrets) => {
    const questions = questionsOf(wanted.workload, allowed, new Map(pullSecrets));
    return whenKnown(whenAllKnown(questions.map(({ question }) => asking.ask.imageOf(question))), (given) => {
      for (const [index, answer] of given.entries()) {
        const candidate = questions[index]?.candidate;
        if (candidate !== undefined) answers.set(candidate, answer);
      }
      return answers;
    });
  });
}

/** Images that a policy refuses anyway are not looked up: names of images are what anybody can choose. */
function withoutRefused(
  candidates: readonly Candidate[],
  { policies, request, excuses }: Asking,
  answers: Map<Candidate, Answer>,
): readonly Candidate[] {
  // Mostly the same images as before, and then nothing of them has to be made up.
  if (havePassedBefore(planned(policies, request), candidates.map(pinned))) return candidates;
  const workload = withImages(request.workload, candidates, pinned);
  const asPinned: ScopeRequest = { ...request, workload };
  const covering: Covering = planned(policies, asPinned);
  const refusalOf = deniedImages(covering, asPinned, excuses);
  return candidates.filter((candidate, index) => {
    const container = workload.containers[index];
    const refusal = container && refusalOf(container);
    if (refusal === undefined) return true;
    const message = `${refusal.policy}/${refusal.rule} refuses the image, so no registry was asked`;
    answers.set(candidate, { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined } });
    return false;
  });
}

/** As the image will be, with whatever digest: a rule that wants one has nothing to refuse then. */
function pinned({ written: reference, container }: Candidate): ContainerImage {
  const before = pinnedForms.get(reference);
  if (before !== undefined) return before;
  // An implied tag is judged like a written one, or a rule about "latest" could be dodged by writing none.
  const text = `${reference.text}${reference.tag === undefined ? ':latest' : ''}@sha256:${'0'.repeat(64)}`;
  const parsed = parseReference(text);
  const image: ContainerImage = parsed.ok
    ? { state: 'parsed', text, reference: parsed.reference, toBePinned: true }
    : container.image;
  pinnedForms.set(reference, image);
  return image;
}

/** The same few images come again and again. */
const pinnedForms = new WeakMap<ImageReference, ContainerImage>();

function written({ written: reference, container: { image } }: Candidate): ContainerImage {
  if (image.state === 'parsed' && image.reference === reference) return image;
  return { state: 'parsed', text: reference.text, reference };
}

/** The workload with nothing in it but the candidates' containers, in their order, and their pods. */
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

interface CandidateQuestion {
  readonly candidate: Candidate;
  readonly question: ImageQuestion;
}

/** `workload` holds the containers of the candidates, in their order. */
function questionsOf(
  workload: Workload,
  candidates: readonly Candidate[],
  pullSecrets: Parameters<typeof askedImages>[1],
): readonly CandidateQuestion[] {
  const staleMs = candidates[0]?.pin.staleMs ?? 0;
  return askedImages(workload, pullSecrets, { by: 'image', staleMs }).flatMap(({ question }, index) => {
    const candidate = candidates[index];
    if (candidate === undefined) return [];
    const { staleMs: own } = candidate.pin;
    // What has a digest and is asked about all the same was restarted.
    const anew = candidate.stored !== undefined;
    return [{ candidate, question: own === staleMs && !anew ? question : { ...question, staleMs: own, anew } }];
  });
}
