/** Objects with images that no command sees, and the notices about them: one for each kind, however many there are. */
import type { KindTable } from '../pod/kinds.ts';
import type { InputNotice } from './skipped-files.ts';
import type { Manifest } from './manifest-objects.ts';
import { type Unknown, unknownKind, unknownKindNotices } from './unknown-kinds.ts';
import { type Unread, unreadImageNotices, unreadImages } from './unread-images.ts';

export interface UnseenObjects {
  readonly unknown: readonly Unknown[];
  readonly unread: readonly Unread[];
}

export function unseenObjects(manifests: readonly Manifest[], kinds: KindTable): UnseenObjects {
  return {
    unknown: manifests.flatMap((manifest) => unknownKind(manifest, kinds) ?? []),
    unread: manifests.flatMap((manifest) => unreadImages(manifest) ?? []),
  };
}

/** `done` is what is not done with them: `evaluated`. */
export function unseenNotices(all: readonly UnseenObjects[], done: string): readonly InputNotice[] {
  return [
    ...unknownKindNotices(
      all.flatMap(({ unknown }) => unknown),
      done,
    ),
    ...unreadImageNotices(
      all.flatMap(({ unread }) => unread),
      done,
    ),
  ];
}
