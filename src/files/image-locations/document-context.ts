/** A document of a file while its images are looked for. */
import { maskPassword } from '../../image/password.ts';
import { parseReference } from '../../image/reference.ts';
import { isObject, type JsonObject, pointerSegments } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type { ImagePlace, PlaceFormat, Reading, Slot } from '../../pinning/image-location.ts';
import type { ParsedDocument } from '../yaml/yaml.ts';
import { imageSlot } from './edit-target.ts';

export interface Scene {
  readonly text: string;
  readonly document: Extract<ParsedDocument, { readonly ok: true }>;
  readonly format: PlaceFormat;
}

export interface Spot {
  readonly pointer: string;
  readonly image: string;
  readonly reading: Reading;
  readonly slot: Slot;
}

/** A place at the value that `pointer` names; what changes is that value, too. */
export function placeAt({ document, format }: Scene, { pointer, image, reading, slot }: Spot): ImagePlace {
  const { line, column, offset } = document.positionOf(pointer);
  return {
    format,
    line,
    column,
    offset,
    target: { kind: 'value', document: document.index, pointer },
    image,
    reading,
    slot,
  };
}

const NOTHING_TO_WRITE: Slot = { ok: false, refused: 'there is no image here' };

/** For what is no image: it may be a URL with somebody's password in it. */
export function placeWithout(scene: Scene, spot: Pick<Spot, 'pointer' | 'image' | 'reading'>): ImagePlace {
  return placeAt(scene, { ...spot, image: maskPassword(spot.image), slot: NOTHING_TO_WRITE });
}

/** An image that is written at one place, whole. */
export function wholeImage(scene: Scene, pointer: string, image: string): ImagePlace {
  const parsed = parseReference(image);
  if (!parsed.ok)
    return placeWithout(scene, { pointer, image, reading: { state: 'problem', problem: parsed.problem } });
  const { reference } = parsed;
  const at = { text: scene.text, offset: scene.document.positionOf(pointer).offset };
  const slot = imageSlot(at, { value: image, reference });
  return placeAt(scene, { pointer, image, reading: { state: 'image', reference }, slot });
}

/** Of an object in a manifest, for whoever selects it. */
export function namedType(object: JsonObject): NonNullable<ImagePlace['object']> {
  const { group, kind } = typeOf(object);
  const { metadata } = object;
  return { group, kind, name: isObject(metadata) ? partText(metadata['name']) : '' };
}

export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const segment of pointerSegments(pointer)) {
    if (Array.isArray(value)) value = value[Number(segment)];
    else value = isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
  }
  return value;
}

/** Of a part of an image that stands in a field of its own; `''` for what is no part of any. */
export function partText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
