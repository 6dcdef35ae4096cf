/** `replacements` of a kustomization: they write fields after `images` has pinned them, from values of other objects. */
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import type { FieldSpec } from '../../../pinning/kustomize/field-specs.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import type { KindTable } from '../../../pod/kinds.ts';
import { listAt } from '../../kustomization.ts';
import { isImageField, isImageOrContainers } from './patch-fields.ts';
import { selectedKinds } from './patched-kinds.ts';
import { locationWithout, type DocumentContext } from '../document-context.ts';
import type { DocumentFormat } from '../format.ts';

/** A file in `replacements` of a kustomization: a replacement, or a list. */
export const replacementsFormat: DocumentFormat = {
  name: 'patch',
  matches: ({ document }) => isReplacements(document.value),
  locate(context, { kinds }) {
    const { value } = context.document;
    return { locations: replacedImages(context, { pointer: '', value, kinds }), uses: cutFields(value, kinds) };
  },
};

function isReplacements(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return (
    all.length > 0 && all.every((one) => isObject(one) && isObject(one['source']) && Array.isArray(one['targets']))
  );
}

interface Replacements {
  readonly pointer: string;
  /** A replacement, or a list of replacements. */
  readonly value: unknown;
  readonly kinds: KindTable;
}

export function replacedImages(
  context: DocumentContext,
  { pointer, value, kinds }: Replacements,
): readonly ImageLocation[] {
  if (!Array.isArray(value)) return isObject(value) ? imagesIn(context, pointer, { replacement: value, kinds }) : [];
  return value.flatMap((one: unknown, index) =>
    isObject(one) ? imagesIn(context, `${pointer}/${index}`, { replacement: one, kinds }) : [],
  );
}

/** Returns the fields of which a replacement reads or writes only a part between delimiters. */
export function cutFields(value: unknown, kinds: KindTable): readonly FieldSpec[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter(isObject).flatMap(({ source, ...replacement }) => {
    const from = isObject(source) ? [{ ...source, select: source, fieldPaths: [source['fieldPath']] }] : [];
    return [...from, ...listAt(replacement, 'targets')].flatMap((target) =>
      isObject(target) && hasDelimiter(target['options']) ? cutsOf(target, kinds) : [],
    );
  });
}

function hasDelimiter(options: unknown): boolean {
  return isObject(options) && typeof options['delimiter'] === 'string' && options['delimiter'] !== '';
}

function cutsOf(target: JsonObject, kinds: KindTable): readonly FieldSpec[] {
  const { select } = target;
  const { group, kind, name } = isObject(select) ? select : {};
  return listAt(target, 'fieldPaths').flatMap((field) => {
    const segments = typeof field === 'string' ? segmentsOf(field) : [];
    if (!isImageOrContainers(segments, selectedKinds([select], kinds))) return [];
    const path = segments.filter((segment) => !/^(?:\[.*|\*|\d+|-)$/.test(segment));
    return [{ path, group: plainName(group), kind: plainName(kind), name: plainName(name) }];
  });
}

/** Returns '' for a regular expression, which can match anything. */
function plainName(value: unknown): string {
  return typeof value === 'string' && /^[\w.-]*$/.test(value) ? value : '';
}

interface ReplacementContext {
  readonly replacement: JsonObject;
  readonly kinds: KindTable;
}

function imagesIn(
  context: DocumentContext,
  pointer: string,
  { replacement, kinds }: ReplacementContext,
): readonly ImageLocation[] {
  const isCopy = isWholeImage(replacement['source'], kinds);
  return listAt(replacement, 'targets').flatMap((target, index) => {
    if (!isObject(target) || (isCopy && !isObject(target['options']))) return [];
    const selected = selectedKinds([target['select']], kinds);
    return listAt(target, 'fieldPaths').flatMap((field, at) =>
      typeof field === 'string' && isImageOrContainers(segmentsOf(field), selected)
        ? [replacedImage(context, `${pointer}/targets/${index}/fieldPaths/${at}`, field)]
        : [],
    );
  });
}

/** A copied image is pinned at its source if the source is searched; the data of a ConfigMap is not searched. */
function isWholeImage(source: unknown, kinds: KindTable): boolean {
  if (!isObject(source) || typeof source['fieldPath'] !== 'string' || isObject(source['options'])) return false;
  const selected = selectedKinds([source], kinds);
  const isRead = selected.sure.length > 0 || selected.possible.length > 0;
  return isRead && isImageField(segmentsOf(source['fieldPath']), selected);
}

/** Splits a path at dots. Dots in brackets and after a backslash are part of a segment. */
function segmentsOf(field: string): readonly string[] {
  return field.match(/\[[^\]]*\]|(?:\\.|[^.\\[])+/g) ?? [];
}

function replacedImage(context: DocumentContext, pointer: string, field: string): ImageLocation {
  const problem =
    'a replacement sets it when kustomize runs, after "images"; write the image in the manifest or in "images"';
  return locationWithout(context, { pointer, image: field, content: { state: 'problem', problem } });
}
