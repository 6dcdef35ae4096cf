/** Images that `images` of a kustomization changes and that are not read here, in objects of unknown kinds above all. */
import type { ImagePlace } from '../../../pinning/image-location.ts';
import { escapeSegment, type JsonObject } from '../../../pod/pointer.ts';
import { namedType, type Scene, wholeImage } from '../document-context.ts';

interface Search {
  readonly scene: Scene;
  /** Pointers from the root of the document. */
  readonly known: ReadonlySet<string>;
  readonly found: ImagePlace[];
  /** An alias in YAML gives the same value many times. */
  readonly seen: Set<unknown>;
}

/** `base` leads to the object. */
export function hiddenImages(
  { scene, known }: Pick<Search, 'scene' | 'known'>,
  base: string,
  object: JsonObject,
): readonly ImagePlace[] {
  const type = namedType(object);
  // kustomize leaves them alone.
  if (type.kind === 'CustomResourceDefinition') return [];
  const found: ImagePlace[] = [];
  const { metadata, items, ...rest } = object;
  search(rest, base, { scene, known, found, seen: new Set([metadata, items]) });
  return found.map((place) => ({ ...place, field: pointerIn(place).slice(base.length), object: type }));
}

function search(value: unknown, pointer: string, into: Search): void {
  if (typeof value === 'string') {
    if (value !== '' && pointer.endsWith('/image') && !into.known.has(pointer))
      into.found.push(wholeImage(into.scene, pointer, value));
    return;
  }
  if (value === null || typeof value !== 'object' || into.seen.has(value)) return;
  into.seen.add(value);
  for (const [key, child] of Object.entries(value)) search(child, `${pointer}/${escapeSegment(key)}`, into);
}

function pointerIn({ target }: ImagePlace): string {
  return target.kind === 'value' ? target.pointer : '';
}
