/** One image in a file, and where its digest goes. Offsets are UTF-16 units into the text, as everywhere. */
import type { ImageReference } from '../image/reference.ts';

export interface ImageLocation {
  /** The name of its format in files/image-locations/formats.ts. */
  readonly format: string;
  readonly line: number;
  readonly column: number;
  /** Of the text that is changed; several places have the same one when an alias or a merge key leads there. */
  readonly offset: number;
  /** What changes with the digest, for whoever compares before and after. */
  readonly address: ValueAddress;
  /** JSON pointer into the object that runs it, of an image in a manifest or a patch. */
  readonly field?: string;
  /** Of that object, where it is known. */
  readonly object?: { readonly group: string; readonly kind: string; readonly name: string };
  /** As it is written; put together where it stands in several fields. */
  readonly image: string;
  readonly content: LocationContent;
  readonly target: EditTarget;
}

/** In YAML and JSON, the value that changes. `document` counts from 0. */
export type ValueAddress =
  | {
      readonly kind: 'value';
      readonly document: number;
      readonly pointer: string;
      /** Values that are added beside it. */
      readonly also?: readonly string[];
    }
  | { readonly kind: 'text' };

export type LocationContent =
  | { readonly state: 'image'; readonly reference: ImageReference }
  /** Nothing to pin here, and that is no fault. */
  | { readonly state: 'none'; readonly reason: string }
  /** What it means cannot be told, or it is no image reference. */
  | { readonly state: 'problem'; readonly problem: string };

/** `before` and the digest replace the text from `from` to `to`; or why that cannot be done here. */
export type EditTarget =
  | { readonly ok: true; readonly from: number; readonly to: number; readonly before: string; readonly after: string }
  | { readonly ok: false; readonly reason: string };

export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function editOf(target: Extract<EditTarget, { readonly ok: true }>, digest: string): Edit {
  return { from: target.from, to: target.to, text: `${target.before}${digest}${target.after}` };
}

/** Edits may repeat (an anchor that several images use), never overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  let last: Edit | undefined;
  for (const edit of edits.toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    if (last !== undefined && edit.from === last.from && edit.to === last.to && edit.text === last.text) continue;
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
    last = edit;
  }
  return result + text.slice(at);
}

/** The user's own spelling without a digest, and with the tag that it means. */
export function taggedText(reference: ImageReference): string {
  const { text, tag, digest } = reference;
  const named = digest === undefined ? text : text.slice(0, -digest.length - 1);
  return tag === undefined && digest === undefined ? `${named}:${reference.effectiveTag}` : named;
}

export function pinnedText(reference: ImageReference, digest: string): string {
  return `${taggedText(reference)}@${digest}`;
}
