/** An image in a file, and the place of its digest. Offsets are UTF-16 units into the text. */
import type { ImageReference } from '../image/reference.ts';
import type { ContainerKind } from '../pod/containers.ts';

export interface ImageLocation {
  /** The name of its format in files/image-locations/formats.ts. */
  readonly format: string;
  readonly line: number;
  readonly column: number;
  /** The offset of the text to change; locations that an alias or a merge key leads to share it. */
  readonly offset: number;
  /** The value that changes with the digest, for comparisons of the file before and after. */
  readonly address: ValueAddress;
  /** JSON Pointer of an image in a manifest or a patch, from the root of the object that runs it. */
  readonly field?: string;
  /** The object that runs the image, if it is known. */
  readonly object?: LocatedObject;
  /** The kind of the container, if it is known. */
  readonly container?: ContainerKind;
  /** The stage of a Dockerfile that it is the base of. */
  readonly stage?: string | undefined;
  /** The `.env` file that has values of its variables. */
  readonly environment?: string;
  /** The image as written; several fields are joined. */
  readonly image: string;
  readonly content: LocationContent;
  readonly target: EditTarget;
  /** undefined: `target` has the reason why nothing can be written. */
  readonly name?: NameTarget | undefined;
}

export interface LocatedObject {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** undefined: it states none. */
  readonly namespace?: string | undefined;
}

/** The value to change, for YAML and JSON. `document` is zero-based. */
export type ValueAddress =
  | {
      readonly kind: 'value';
      readonly document: number;
      readonly pointer: string;
      /** Values that are added next to it. */
      readonly also?: readonly string[];
    }
  | { readonly kind: 'text' };

export type LocationContent =
  | { readonly state: 'image'; readonly reference: ImageReference }
  /** There is nothing to pin, which is not an error. */
  | { readonly state: 'none'; readonly reason: string }
  /** The image cannot be determined, or is not a valid reference. */
  | { readonly state: 'problem'; readonly problem: string };

/** `before`, the digest, and `after` replace the text from `from` to `to`; or the reason why the digest cannot be written. */
export type EditTarget =
  | { readonly ok: true; readonly from: number; readonly to: number; readonly before: string; readonly after: string }
  | { readonly ok: false; readonly reason: string };

/** The places of the name of an image, without tag and digest; or the reason why another name cannot be written. */
export type NameTarget =
  | {
      readonly ok: true;
      readonly pieces: readonly NamePiece[];
      /** JSON pointers in the document to the values that change, if they are not that of the address. */
      readonly values?: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/** `before`, the part of the new name, and `after` replace the text from `from` to `to`. */
export interface NamePiece extends Omit<Extract<EditTarget, { readonly ok: true }>, 'ok'> {
  readonly part: 'name' | 'registry' | 'path';
}

export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function editOf(target: Extract<EditTarget, { readonly ok: true }>, written: string): Edit {
  return { from: target.from, to: target.to, text: `${target.before}${written}${target.after}` };
}

/** The edits that write the name of a reference. */
export function nameEdits(
  { pieces }: Extract<NameTarget, { readonly ok: true }>,
  name: ImageReference,
): readonly Edit[] {
  const parts = { name: name.repository, registry: name.domain, path: name.path };
  return pieces.map(({ part, ...piece }) => editOf({ ok: true, ...piece }, parts[part]));
}

/** The length of the name at the start of an image: the text before the tag and the digest. */
export function nameLength({ text, tag, digest }: ImageReference): number {
  return text.length - (tag === undefined ? 0 : tag.length + 1) - (digest === undefined ? 0 : digest.length + 1);
}

/** Applies edits. They can repeat, as for an anchor that several images use, but never overlap. */
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

/** Returns the reference as written, without a digest and with its tag or the default tag. */
export function taggedText(reference: ImageReference): string {
  const { text, tag, digest } = reference;
  const named = digest === undefined ? text : text.slice(0, -digest.length - 1);
  return tag === undefined && digest === undefined ? `${named}:${reference.effectiveTag}` : named;
}

export function pinnedText(reference: ImageReference, digest: string): string {
  return `${taggedText(reference)}@${digest}`;
}
