/** The images of objects, and the names that policies give them at mirrors. */
import type { Context } from '../../admission/context.ts';
import type { Step } from '../../admission/rewrite/chain.ts';
import { rewriteStepsOf } from '../../admission/rewrite/steps-of-image.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import type { RecordingEvent } from '../../files/recordings.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { type ShapeFault, typeOf, type Workload, workloadOf } from '../../pod/workload.ts';
import type { ErrorRow } from '../../report/check.ts';
import { type Visited, visitReviews } from '../recorded/occurrences.ts';

export interface WantedImage {
  readonly from: ImageReference;
  readonly to: ImageReference;
  readonly policies: Set<string>;
}

export interface WantedImages {
  /** By both names. */
  readonly images: ReadonlyMap<string, WantedImage>;
  /** Names beyond the limit. */
  readonly more: number;
  readonly objects: number;
  /** With an error for each object that cannot be read. */
  readonly visited: Visited;
}

/** Recordings contain what anyone writes. */
const MAX_IMAGES = 20_000;

export async function wantedImages(
  events: AsyncIterable<RecordingEvent>,
  { policies, kinds }: Pick<Context, 'policies' | 'kinds'>,
  stop: AbortSignal,
): Promise<WantedImages> {
  const images = new Map<string, WantedImage>();
  const seen = new Set<string>();
  const counts = { more: 0, objects: 0 };
  const add = (from: ImageReference, { policy, to }: Step): void => {
    if (!to.ok) return;
    const key = `${from.runtimeName} ${to.reference.runtimeName}`;
    const known = images.get(key);
    if (known !== undefined) known.policies.add(policy);
    else if (images.size < MAX_IMAGES) images.set(key, { from, to: to.reference, policies: new Set([policy]) });
    else counts.more += 1;
  };
  const unread: ErrorRow[] = [];
  const visited = await visitReviews(events, {
    stop,
    onlyLines: true,
    visit: (recording) => {
      const { namespace = 'default' } = recording.review.request;
      const workload = workloadIn(recording, kinds, unread);
      if (workload === undefined) return NOTHING;
      counts.objects += 1;
      for (const { image } of workload.containers) {
        if (image.state !== 'parsed') continue;
        const { reference } = image;
        const key = `${namespace} ${reference.runtimeName}`;
        if (seen.has(key)) continue;
        if (seen.size < MAX_IMAGES) seen.add(key);
        for (const step of rewriteStepsOf(reference, { policies, kinds, namespace })) add(reference, step);
      }
      return NOTHING;
    },
  });
  return { images, visited: withUnread(visited, unread), ...counts };
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
