/**
 * Decides which name an image gets. A step applies if its registries have the image; the next one continues from its name. A name
 * that the stored object already has stays, with the same digest, so that a manifest that is applied again changes nothing.
 */
import type { ImageReference } from '../../image/reference.ts';
import { hasController } from '../../pod/metadata.ts';
import type { ObjectType } from '../../pod/workload.ts';
import type { RegistryFailure } from '../../policy/registry-fact.ts';
import type { ChangedImage } from '../change/changed-images.ts';
import type { ImageFact, WantedImage } from '../change/image-facts.ts';
import { isPod, type MutableObject } from '../change/mutable-images.ts';
import { type MaybePromise, whenKnown } from '../maybe-promise.ts';
import type { Step } from './chain.ts';

export interface RewriteState {
  readonly image: ChangedImage;
  /** The steps that were not decided. */
  readonly ahead: readonly Step[];
  /** The name so far. */
  readonly name: ImageReference;
  /** The last step that applied. */
  readonly applied: Step | undefined;
  /** Of the name so far, if it was looked up. */
  readonly fact: ImageFact | undefined;
  readonly isSticky: boolean;
  /** Why the name stays. */
  readonly stopped: Stop | undefined;
}

export type Stop =
  | {
      readonly why: 'failure';
      readonly step: Step;
      readonly state: 'no' | 'unknown';
      readonly failure: RegistryFailure;
    }
  | { readonly why: 'origin-available' | 'scope' | 'only-warns'; readonly step: Step };

export type LookUpImages = (images: readonly WantedImage[]) => MaybePromise<ReadonlyMap<WantedImage, ImageFact>>;

export interface Surroundings {
  readonly lookUp: LookUpImages;
  /** Maximum age of a known fact about an image, in milliseconds. */
  readonly staleMs: (image: ChangedImage, name: ImageReference) => number;
}

/** The object of the images. */
export interface RewrittenObject {
  readonly change: MutableObject;
  readonly type: ObjectType;
}

export function firstState(image: ChangedImage, steps: readonly Step[], object: RewrittenObject): RewriteState {
  const start = undecided(image, stepsFor(object, steps));
  if (steps.length === 0) return start;
  const known = image.isRestarted ? undefined : storedStep(image, steps);
  if (known !== undefined) {
    const name = nameBehind(known);
    return {
      ...start,
      ahead: [],
      name: name ?? image.reference,
      applied: known === 'none' ? undefined : known,
      isSticky: true,
    };
  }
  // The image of a live Pod and of a Job only changes back to the stored image.
  return object.change.digests === 'stored' ? { ...start, ahead: [] } : start;
}

/** The state of an image before all of the steps. */
export function undecided(image: ChangedImage, steps: readonly Step[]): RewriteState {
  return {
    image,
    ahead: steps,
    name: image.reference,
    applied: undefined,
    fact: undefined,
    isSticky: false,
    stopped: undefined,
  };
}

/** The steps before the first one whose mode leaves the object as it is. */
function stepsFor({ type, change }: RewrittenObject, steps: readonly Step[]): readonly Step[] {
  const isLeft = ({ rewrite: { mode } }: Step): boolean =>
    (mode === 'pod' && !isPod(type)) || (mode === 'warn' && hasController(change.object));
  const end = steps.findIndex(isLeft);
  return end === -1 ? steps : steps.slice(0, end);
}

/** The step whose name the stored object has; `none`: it has the name as written. */
function storedStep({ reference, stored }: ChangedImage, steps: readonly Step[]): Step | 'none' | undefined {
  if (stored === undefined) return undefined;
  if (isStored(reference, stored)) return 'none';
  return steps.find(({ to }) => to.ok && isStored(to.reference, stored));
}

function isStored({ text }: ImageReference, stored: ImageReference): boolean {
  return stored.text === text || (stored.digest !== undefined && stored.text === `${text}@${stored.digest}`);
}

function nameBehind(step: Step | 'none'): ImageReference | undefined {
  return step !== 'none' && step.to.ok ? step.to.reference : undefined;
}

/** Decides all steps; synchronous if every image is cached. The steps of one container wait for each other. */
export function decideRewrites(
  states: readonly RewriteState[],
  surroundings: Surroundings,
): MaybePromise<readonly RewriteState[]> {
  const next = states.map(withoutLookup);
  if (next.every(({ ahead }) => ahead.length === 0)) return next;
  return whenKnown(decideOneStep(next, surroundings), (decided) => decideRewrites(decided, surroundings));
}

/** Takes the steps that need no lookup. */
function withoutLookup(state: RewriteState): RewriteState {
  const [step, ...rest] = state.ahead;
  if (step === undefined) return state;
  if (step.scopeUnknown !== undefined) return stop(state, { why: 'scope', step });
  if (!step.to.ok) return stop(state, { why: 'failure', step, state: 'no', failure: invalidName(step.to.problem) });
  return step.rewrite.when === 'always' ? withoutLookup(applied(state, step, { ahead: rest })) : state;
}

function stop(state: RewriteState, stopped: Stop): RewriteState {
  return { ...state, ahead: [], stopped };
}

/** No registry can have such an image. */
function invalidName(message: string): RegistryFailure {
  return { cause: 'notFound', message, remedy: undefined };
}

function applied(
  state: RewriteState,
  step: Step,
  { ahead, fact }: Pick<RewriteState, 'ahead'> & Partial<Pick<RewriteState, 'fact'>>,
): RewriteState {
  if (!step.to.ok) return state;
  if (step.rewrite.mode === 'warn') return stop(state, { why: 'only-warns', step });
  return { ...state, ahead, name: step.to.reference, applied: step, fact };
}

function decideOneStep(
  states: readonly RewriteState[],
  surroundings: Surroundings,
): MaybePromise<readonly RewriteState[]> {
  const origins = wantedOf(states, surroundings, ({ rewrite, from }) =>
    rewrite.when === 'originUnavailable' ? from : undefined,
  );
  return whenKnown(lookUpWanted(origins, surroundings), (originFacts) => {
    const waiting = states.map((state) => {
      const [step] = state.ahead;
      const origin = originFacts.get(state);
      const hasOrigin = origin?.state === 'yes' && origin.value.stale === undefined;
      return step !== undefined && hasOrigin ? stop(state, { why: 'origin-available', step }) : state;
    });
    const targets = wantedOf(waiting, surroundings, ({ to }) => (to.ok ? to.reference : undefined));
    return whenKnown(lookUpWanted(targets, surroundings), (facts) =>
      waiting.map((state) => afterLookup(state, facts.get(state))),
    );
  });
}

type Wanted = ReadonlyMap<RewriteState, WantedImage>;

function wantedOf(
  states: readonly RewriteState[],
  { staleMs }: Surroundings,
  nameIn: (step: Step) => ImageReference | undefined,
): Wanted {
  return new Map(
    states.flatMap((state) => {
      const [step] = state.ahead;
      const written = step && nameIn(step);
      if (written === undefined) return [];
      const { image } = state;
      // As when the image is pinned, so that both need one lookup.
      const refresh = image.replaced !== undefined;
      const wanted = { container: image.container, written, staleMs: staleMs(image, written), refresh };
      return [[state, wanted] as const];
    }),
  );
}

function lookUpWanted(
  wanted: Wanted,
  { lookUp }: Surroundings,
): MaybePromise<ReadonlyMap<RewriteState, ImageFact | undefined>> {
  if (wanted.size === 0) return new Map();
  return whenKnown(
    lookUp([...wanted.values()]),
    (facts) => new Map([...wanted].map(([state, image]) => [state, facts.get(image)])),
  );
}

function afterLookup(state: RewriteState, fact: ImageFact | undefined): RewriteState {
  const [step, ...rest] = state.ahead;
  if (step === undefined || fact === undefined) return { ...state, ahead: [] };
  if (fact.state !== 'yes') return stop(state, { why: 'failure', step, state: fact.state, failure: fact.failure });
  const failure = fact.value.stale?.failure;
  // A registry that had the image before, and does not answer, is not available. But it is better than a denial.
  if (failure === undefined || step.rewrite.onFailure(failure.cause) === 'deny')
    return applied(state, step, { ahead: rest, fact });
  return stop(state, { why: 'failure', step, state: 'unknown', failure });
}
