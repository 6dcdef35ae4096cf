/** The images of objects, and the names that policies give them at mirrors. */
import type { Context } from '../../admission/context.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import type { PossibleStep } from '../../admission/rewrite/possible-steps.ts';
import { type ImageSteps, possibleStepsIn } from '../../admission/rewrite/steps-of-image.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import type { RecordingEvent } from '../../files/recording-events.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Rewritten } from '../../image/rewriting.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import { type ShapeFault, typeOf, type Workload, workloadOf } from '../../pod/workload.ts';
import type { ErrorRow } from '../../report/check.ts';
import { type Visited, visitReviews } from '../recorded/occurrences.ts';
import type { InputNamespaces } from './input-namespaces.ts';

export interface WantedImage {
  readonly from: ImageReference;
  readonly to: Rewritten;
  readonly policies: Set<string>;
  /** Why it is unknown whether it gets the name; undefined: it does. */
  assumed: string | undefined;
}

export interface WantedImages {
  /** By both names. */
  readonly images: ReadonlyMap<string, WantedImage>;
  /** There are names beyond the limit. */
  readonly hasMore: boolean;
  readonly objects: number;
  /** With an error for each object that cannot be read. */
  readonly visited: Visited;
}

/** Recordings contain what anyone writes. */
const MAX_IMAGES = 20_000;

interface WantedContext extends Pick<Context, 'policies' | 'kinds'> {
  /** Complete when all events are read. */
  readonly namespaces: InputNamespaces;
}

/** A line of a recording has its labels; those of objects are looked for when all inputs are read. */
export async function wantedImages(
  events: AsyncIterable<RecordingEvent>,
  { policies, kinds, namespaces }: WantedContext,
  stop: AbortSignal,
): Promise<WantedImages> {
  const list = createList();
  const unread: ErrorRow[] = [];
  const undecided: CreatedObject[] = [];
  let objects = 0;
  const stepsOf = ({ workload, request }: CreatedObject, labels: Fact<Labels> | undefined): readonly ImageSteps[] =>
    possibleStepsIn(workload, { policies, kinds, request, labels });
  const visited = await visitReviews(events, {
    stop,
    onlyLines: true,
    visit: (recording) => {
      const { request } = recording.review;
      if (recording.recorded === undefined && request.object !== undefined) namespaces.add(request.object);
      const workload = workloadIn(recording, kinds, unread);
      if (workload === undefined) return NOTHING;
      objects += 1;
      const created = { workload, request };
      const images = stepsOf(created, recording.recorded?.facts.namespaceLabels);
      if (recording.recorded === undefined && images.some(isAssumed)) undecided.push(created);
      else images.forEach((image) => list.add(image));
      return NOTHING;
    },
  });
  for (const created of undecided)
    for (const image of stepsOf(created, namespaces.labelsOf(created.request.namespace ?? ''))) list.add(image);
  return { images: list.images, hasMore: list.hasMore(), visited: withUnread(visited, unread), objects };
}

interface CreatedObject {
  readonly workload: Workload;
  readonly request: AdmissionRequest;
}

function isAssumed({ steps }: ImageSteps): boolean {
  return steps.some(({ assumed }) => assumed !== undefined);
}

interface ImageList {
  readonly images: ReadonlyMap<string, WantedImage>;
  add(image: ImageSteps): void;
  hasMore(): boolean;
}

function createList(): ImageList {
  const images = new Map<string, WantedImage>();
  let hasMore = false;
  const addStep = (from: ImageReference, { policy, to, assumed }: PossibleStep): void => {
    const key = `${from.runtimeName} ${to.ok ? to.reference.runtimeName : to.problem}`;
    const known = images.get(key);
    if (known !== undefined) {
      known.policies.add(policy);
      if (assumed === undefined) known.assumed = undefined;
    } else if (images.size < MAX_IMAGES) images.set(key, { from, to, policies: new Set([policy]), assumed });
    else hasMore = true;
  };
  return {
    images,
    add({ image, steps, hasMore: isCut }) {
      for (const step of steps) addStep(image, step);
      hasMore ||= isCut;
    },
    hasMore: () => hasMore,
  };
}

/** Adds an error if the object cannot be read, except in recordings, which have objects that the API server rejected. */
function workloadIn(recording: Recording, kinds: KindTable, unread: ErrorRow[]): Workload | undefined {
  const { object } = recording.review.request;
  const read = object === undefined ? undefined : workloadOf(object, typeOf(object), kinds);
  if (read?.ok === false && recording.recorded === undefined) unread.push(unreadRow(recording, read.fault));
  return read?.ok === true ? read.workload : undefined;
}

function unreadRow({ file, line, document }: Recording, { pointer, problem }: ShapeFault): ErrorRow {
  return { file, line, column: null, document, message: pointer === '' ? problem : `${pointer}: ${problem}` };
}

const MAX_UNREAD = 20;

function withUnread(visited: Visited, unread: readonly ErrorRow[]): Visited {
  const shown = unread.slice(0, MAX_UNREAD);
  const moreErrors = visited.moreErrors + unread.length - shown.length;
  return { ...visited, errors: [...visited.errors, ...shown], moreErrors };
}

const NOTHING = Promise.resolve(undefined);
