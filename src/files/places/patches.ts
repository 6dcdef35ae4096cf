/** Images in the patches of a kustomization: JSON 6902 operations, and objects that are merged into others. */
import type { ImagePlace } from '../../pinning/place.ts';
import type { Kind, KindTable } from '../../pod/kinds.ts';
import { escapeSegment, isObject, type JsonObject, pointerSegments } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import { parseReference } from '../../image/reference.ts';
import { holdsImage, imageFields, type PatchedAt } from './patch-fields.ts';
import { placeWithout, type Scene, wholeImage } from './scene.ts';

export interface PatchOptions {
  readonly kinds: KindTable;
  /** The `target` of the patch, where it is known. */
  readonly target: unknown;
}

/** Lists of operations (RFC 6902); an empty list says nothing. */
export function isJsonPatch(value: unknown): value is readonly JsonObject[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one: unknown) => isObject(one) && typeof one['op'] === 'string' && typeof one['path'] === 'string')
  );
}

export function patchImages(scene: Scene, options: PatchOptions): readonly ImagePlace[] {
  const { value } = scene.document;
  if (isJsonPatch(value)) {
    const kind = targetKind(options);
    return value.flatMap((operation, index) => operationImages(scene, `/${index}`, { operation, kind }));
  }
  if (!isObject(value)) return [];
  const { group, kind } = typeOf(value);
  const known = kind === '' ? targetKind(options) : options.kinds.find(group, kind);
  return imagesAt(scene, '', { value, at: { field: [], kind: known, loose: false } });
}

function targetKind({ kinds, target }: PatchOptions): Kind | undefined {
  if (!isObject(target)) return undefined;
  const { group, kind } = target;
  return kinds.find(typeof group === 'string' ? group : '', typeof kind === 'string' ? kind : '');
}

interface Operation {
  readonly operation: JsonObject;
  readonly kind: Kind | undefined;
}

function operationImages(scene: Scene, pointer: string, { operation, kind }: Operation): readonly ImagePlace[] {
  const { op, path, from, value } = operation;
  const field = pointerSegments(String(path));
  const at: PatchedAt = { field, kind, loose: true };
  if (op === 'add' || op === 'replace') return imagesAt(scene, `${pointer}/value`, { value, at });
  if (op === 'test') return testedImages(scene, pointer, { value, at });
  if ((op !== 'copy' && op !== 'move') || !holdsImage(field, kind)) return [];
  return holdsImage(pointerSegments(String(from)), kind) ? [] : [copiedImage(scene, `${pointer}/path`, operation)];
}

/** The text of a field that holds no image otherwise: an annotation, an environment variable. */
function copiedImage(scene: Scene, pointer: string, { op, path, from }: JsonObject): ImagePlace {
  const problem = `"${String(op)}" takes it from ${String(from)} when kustomize runs: use "add" with the image as its value`;
  return placeWithout(scene, { pointer, image: String(path), reading: { state: 'problem', problem } });
}

interface Patched {
  readonly value: unknown;
  readonly at: PatchedAt;
}

function testedImages(scene: Scene, pointer: string, { value, at }: Patched): readonly ImagePlace[] {
  return imageFields(value, at)
    .filter(({ image }) => !image.includes('@'))
    .map(({ pointer: inner, image }) => {
      const problem =
        'the operation "test" compares it with the image in the object, which is another text once it is pinned: remove the operation';
      return placeWithout(scene, {
        pointer: `${pointer}/value${inner}`,
        image,
        reading: { state: 'problem', problem },
      });
    });
}

function imagesAt(scene: Scene, pointer: string, { value, at }: Patched): readonly ImagePlace[] {
  return imageFields(value, at).flatMap(({ pointer: inner, field, image, certain }) =>
    certain || parseReference(image).ok
      ? [
          {
            ...wholeImage(scene, `${pointer}${inner}`, image),
            field: field.map((one) => `/${escapeSegment(one)}`).join(''),
          },
        ]
      : [],
  );
}
