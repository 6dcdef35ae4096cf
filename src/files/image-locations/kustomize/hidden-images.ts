/** Images that `images` of a kustomization changes and that are not read here, in objects of unknown kinds above all. */
import type { ImageLocation } from '../../../pinning/image-location.ts';
import { escapeSegment, type JsonObject } from '../../../pod/pointer.ts';
import { namedType, type DocumentContext, wholeImage } from '../document-context.ts';

interface Search {
  readonly context: DocumentContext;
  /** Pointers from the root of the document. */
  readonly known: ReadonlySet<string>;
  readonly found: ImageLocation[];
  /** An alias in YAML gives the same value many times. */
  readonly seen: Set<unknown>;
}

/** `base` leads to the object. */
export function hiddenImages(
  { context, known }: Pick<Search, 'context' | 'known'>,
  base: string,
  object: JsonObject,
): readonly ImageLocation[] {
  const type = namedType(object);
  // kustomize leaves them alone.
  if (type.kind === 'CustomResourceDefinition') return [];
  const found: ImageLocation[] = [];
  const { metadata, items, ...rest } = object;
  search(rest, base, { context, known, found, seen: new Set([metadata, items]) });
  return found.map((location) => ({ ...location, field: pointerIn(location).slice(base.length), object: type }));
}

function search(value: unknown, pointer: string, into: Search): void {
  if (typeof value === 'string') {
    if (value !== '' && pointer.endsWith('/image') && !into.known.has(pointer))
      into.found.push(wholeImage(into.context, pointer, value));
    return;
  }
  if (value === null || typeof value !== 'object' || into.seen.has(value)) return;
  into.seen.add(value);
  for (const [key, child] of Object.entries(value)) search(child, `${pointer}/${escapeSegment(key)}`, into);
}

function pointerIn({ address }: ImageLocation): string {
  return address.kind === 'value' ? address.pointer : '';
}
