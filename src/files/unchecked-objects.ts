/** Objects whose images no rule sees, and the notices about them, so that silence does not read as approval. */
import { requestLabel } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { shownPointer } from '../pod/pointer.ts';
import { unreadImagesIn } from '../pod/unread-images.ts';
import type { Manifest } from './manifest-objects.ts';
import type { InputNotice } from './skipped-files.ts';
import { unknownKindReason } from './unknown-kinds.ts';

export interface UncheckedObject {
  readonly manifest: Manifest;
  /** An object of an unknown kind, or images in a part of an object that is not read. */
  readonly what: 'object' | 'images';
  readonly pointer: string;
  readonly reason: string;
}

export function uncheckedObjects(manifests: readonly Manifest[], kinds: KindTable): readonly UncheckedObject[] {
  return manifests.flatMap((manifest) => uncheckedObject(manifest, kinds) ?? []);
}

/** Reports whether there is a notice about an object. */
export function isUnchecked(manifest: Manifest, kinds: KindTable): boolean {
  return uncheckedObject(manifest, kinds) !== undefined;
}

function uncheckedObject(manifest: Manifest, kinds: KindTable): UncheckedObject | undefined {
  const { object, type } = manifest.request;
  if (object === undefined) return undefined;
  const unread = unreadImagesIn(object, type.group, type.kind);
  if (unread !== undefined) {
    const { pointer, why } = unread;
    return { manifest, what: 'images', pointer, reason: `${shownPointer(pointer)} ${why}` };
  }
  const reason = unknownKindReason(object, type, kinds);
  return reason === undefined ? undefined : { manifest, what: 'object', pointer: '/kind', reason };
}

/** Creates one notice for each kind and pointer. `done` completes the sentence "… is not …", for example `evaluated`. */
export function uncheckedNotices(all: readonly UncheckedObject[], done: string): readonly InputNotice[] {
  const groups = Map.groupBy(all, ({ manifest: { request }, pointer, what }) =>
    JSON.stringify([what, request.type.group, request.type.kind, pointer]),
  );
  const objectsFirst = [...groups.values()].toSorted(([one], [other]) => rankOf(one) - rankOf(other));
  return objectsFirst.map((same) => noticeFor(same, done));
}

function rankOf(one: UncheckedObject | undefined): number {
  return one?.what === 'object' ? 0 : 1;
}

function noticeFor(same: readonly UncheckedObject[], done: string): InputNotice {
  const [{ manifest, what, pointer, reason }] = same as [UncheckedObject];
  const { request } = manifest;
  const isOne = same.length === 1;
  const label = isOne ? requestLabel(request) : `${same.length} objects of kind ${quoteValue(request.type.kind)}`;
  const subject = what === 'images' ? `images of ${label} are` : `${label} ${isOne ? 'is' : 'are'}`;
  return { ...manifest.placeOf(pointer), message: `${subject} not ${done}: ${reason}` };
}
