/** Objects that bring images which no rule sees: one notice for each kind and place, so that silence does not read as approval. */
import { objectLabel } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import { shownPointer } from '../pod/pointer.ts';
import { type UnreadImages, unreadImagesIn } from '../pod/unread-images.ts';
import type { InputNotice } from './left-out.ts';
import type { Manifest } from './manifest-objects.ts';

interface Found {
  readonly manifest: Manifest;
  readonly unread: UnreadImages;
}

export function unreadImageNotices(manifests: readonly Manifest[]): readonly InputNotice[] {
  const found = manifests.flatMap((manifest): readonly Found[] => {
    const { object, type } = manifest.request;
    const unread = object === undefined ? undefined : unreadImagesIn(object, type.group, type.kind);
    return unread === undefined ? [] : [{ manifest, unread }];
  });
  const byKind = Map.groupBy(found, ({ manifest: { request }, unread }) =>
    JSON.stringify([request.type.group, request.type.kind, unread.pointer]),
  );
  return [...byKind.values()].map(noticeFor);
}

function noticeFor(all: readonly Found[]): InputNotice {
  const [{ manifest, unread }] = all as [Found];
  const { type, namespace, name } = manifest.request;
  const { line, column } = manifest.positionOf(unread.pointer);
  const whose =
    all.length === 1
      ? objectLabel(type.kind, namespace, name)
      : `${all.length} objects of kind ${quoteValue(type.kind)}`;
  const message = `images of ${whose} are not evaluated: ${shownPointer(unread.pointer)} ${unread.why}`;
  return { file: manifest.file, line, column, message };
}
