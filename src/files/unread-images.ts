/** Objects that bring images which no rule sees: one notice for each kind and place, so that silence does not read as approval. */
import { requestLabel } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import { shownPointer } from '../pod/pointer.ts';
import { type UnreadImages, unreadImagesIn } from '../pod/unread-images.ts';
import type { InputNotice } from './skipped-files.ts';
import type { Manifest } from './manifest-objects.ts';

export interface Unread {
  readonly manifest: Manifest;
  readonly unread: UnreadImages;
}

export function unreadImages(manifest: Manifest): Unread | undefined {
  const { object, type } = manifest.request;
  const unread = object === undefined ? undefined : unreadImagesIn(object, type.group, type.kind);
  return unread === undefined ? undefined : { manifest, unread };
}

/** `done` is what is not done with them: `evaluated`. */
export function unreadImageNotices(all: readonly Unread[], done: string): readonly InputNotice[] {
  const byKind = Map.groupBy(all, ({ manifest: { request }, unread }) =>
    JSON.stringify([request.type.group, request.type.kind, unread.pointer]),
  );
  return [...byKind.values()].map((same) => noticeFor(same, done));
}

function noticeFor(all: readonly Unread[], done: string): InputNotice {
  const [{ manifest, unread }] = all as [Unread];
  const { file, request } = manifest;
  const { line, column } = manifest.positionOf(unread.pointer);
  const whose =
    all.length === 1 ? requestLabel(request) : `${all.length} objects of kind ${quoteValue(request.type.kind)}`;
  const message = `images of ${whose} are not ${done}: ${shownPointer(unread.pointer)} ${unread.why}`;
  return { file, line, column, message };
}
