/** Images in the patches of a kustomization: JSON 6902 operations, and objects that are merged into others. */
import type { FieldUse } from '../../../pinning/kustomize/field-specs.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import type { KindTable } from '../../../pod/kinds.ts';
import { escapeSegment, isObject, type JsonObject, pointerSegments } from '../../../pod/pointer.ts';
import { typeOf } from '../../../pod/workload.ts';
import { parseReference } from '../../../image/reference.ts';
import { holdsImage, imageFields, type PatchedAt } from './patch-fields.ts';
import { type PatchedKinds, selectedKinds, united } from './patched-kinds.ts';
import { locationWithout, type DocumentContext, wholeImage } from '../document-context.ts';
import type { DocumentFormat } from '../format.ts';

/** A file that a kustomization lists as a patch, or that looks like a patch, whose targets are then unknown. */
export const patchFormat: DocumentFormat = {
  name: 'patch',
  matches: ({ file, document }, { patchTargets }) => patchTargets?.(file) !== undefined || isJsonPatch(document.value),
  locate(context, { kinds, patchTargets }) {
    const options = { kinds, targets: patchTargets?.(context.file) ?? [] };
    return { locations: patchImages(context, options), uses: comparedFields(context.document.value, options) };
  },
};

export interface PatchOptions {
  readonly kinds: KindTable;
  /** The targets of the patch, if they are known. */
  readonly targets: readonly unknown[];
}

/** Reports whether a value is a list of operations (RFC 6902). An empty list does not count. */
function isJsonPatch(value: unknown): value is readonly JsonObject[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one: unknown) => isObject(one) && typeof one['op'] === 'string' && typeof one['path'] === 'string')
  );
}

export function patchImages(context: DocumentContext, options: PatchOptions): readonly ImageLocation[] {
  const { value } = context.document;
  if (isJsonPatch(value)) {
    const kinds = selectedKinds(options.targets, options.kinds);
    return value.flatMap((operation, index) => operationImages(context, `/${index}`, { operation, kinds }));
  }
  return isObject(value) ? imagesAt(context, '', { value, at: mergedAt(value, options) }) : [];
}

/** With a `target`, kustomize ignores the kind in the patch, which can be any text. */
function mergedAt(value: JsonObject, { kinds, targets }: PatchOptions): PatchedAt {
  const { group, kind } = typeOf(value);
  const own = kinds.find(group, kind);
  const named: PatchedKinds = { sure: own === undefined ? [] : [own], possible: [] };
  return {
    field: [],
    kinds: targets.length === 0 && kind !== '' ? named : united(named, selectedKinds(targets, kinds)),
    loose: false,
  };
}

interface Operation {
  readonly operation: JsonObject;
  readonly kinds: PatchedKinds;
}

function operationImages(
  context: DocumentContext,
  pointer: string,
  { operation, kinds }: Operation,
): readonly ImageLocation[] {
  const { op, path, from, value } = operation;
  const field = pointerSegments(String(path));
  const at: PatchedAt = { field, kinds, loose: true };
  if (op === 'add' || op === 'replace') return imagesAt(context, `${pointer}/value`, { value, at });
  if (op === 'test') return testedImages(context, pointer, { value, at });
  if ((op !== 'copy' && op !== 'move') || !holdsImage(field, kinds)) return [];
  return holdsImage(pointerSegments(String(from)), kinds) ? [] : [copiedImage(context, `${pointer}/path`, operation)];
}

/** An image copied from a field that is not an image, such as an annotation or an environment variable. */
function copiedImage(context: DocumentContext, pointer: string, { op, path, from }: JsonObject): ImageLocation {
  const problem = `"${String(op)}" copies it from ${String(from)} when kustomize runs; use "add" with the image as its value`;
  return locationWithout(context, { pointer, image: String(path), content: { state: 'problem', problem } });
}

interface PatchValue {
  readonly value: unknown;
  readonly at: PatchedAt;
}

function testedImages(context: DocumentContext, pointer: string, { value, at }: PatchValue): readonly ImageLocation[] {
  return imageFields(value, at)
    .filter(({ image }) => !image.includes('@'))
    .map(({ pointer: inner, image }) => {
      const problem =
        'the operation "test" compares it with the image in the object, which differs once pinned; remove the operation';
      return locationWithout(context, {
        pointer: `${pointer}/value${inner}`,
        image,
        content: { state: 'problem', problem },
      });
    });
}

/** Returns the fields in which the operation "test" expects the current image. */
export function comparedFields(value: unknown, options: PatchOptions): readonly FieldUse[] {
  if (!isJsonPatch(value)) return [];
  const kinds = selectedKinds(options.targets, options.kinds);
  return value
    .filter(({ op }) => op === 'test')
    .flatMap((operation) =>
      imageFields(operation['value'], { field: pointerSegments(String(operation['path'])), kinds, loose: true }),
    )
    .map(({ field, image }) => ({
      path: field.filter((segment) => !/^(?:\d+|-)$/.test(segment)),
      group: '',
      kind: '',
      text: image,
    }));
}

function imagesAt(context: DocumentContext, pointer: string, { value, at }: PatchValue): readonly ImageLocation[] {
  return imageFields(value, at).flatMap(({ pointer: inner, field, image, certain }) =>
    certain || parseReference(image).ok
      ? [
          {
            ...wholeImage(context, `${pointer}${inner}`, image),
            field: field.map((one) => `/${escapeSegment(one)}`).join(''),
            ...objectOf(at.kinds),
          },
        ]
      : [],
  );
}

function objectOf({ sure, possible }: PatchedKinds): Pick<ImageLocation, 'object'> {
  const [first, ...more] = sure;
  const isSure = first !== undefined && possible.length === 0 && more.every(({ kind }) => kind === first.kind);
  return isSure ? { object: { group: first.group, kind: first.kind, name: '' } } : {};
}
