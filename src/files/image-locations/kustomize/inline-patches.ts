/** Inline patches of a kustomization, usually block scalars (`patch: |-`). */
import type { FieldUse } from '../../../pinning/kustomize/field-specs.ts';
import type { EditTarget, ImageLocation, NameTarget } from '../../../pinning/image-location.ts';
import type { KindTable } from '../../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { inlineTexts, listAt, targetsIn } from '../../kustomization.ts';
import { lineTable } from '../../yaml/positions.ts';
import { parseDocuments } from '../../yaml/yaml.ts';
import { type InnerOffsets, innerOffsets } from '../inner-text.ts';
import { comparedFields, patchImages } from './patches.ts';
import { locationWithout, type DocumentContext } from '../document-context.ts';

interface InlinePatch {
  readonly pointer: string;
  readonly text: string;
  /** At most one target. */
  readonly targets: readonly unknown[];
}

export function inlinePatchImages(
  context: DocumentContext,
  kustomization: JsonObject,
  kinds: KindTable,
): readonly ImageLocation[] {
  return inlinePatches(kustomization).flatMap((patch) => imagesIn(context, patch, kinds));
}

function inlinePatches(kustomization: JsonObject): readonly InlinePatch[] {
  const entries = ['patches', 'patchesJson6902'].flatMap((key) =>
    listAt(kustomization, key).flatMap((entry, index) =>
      isObject(entry) && typeof entry['patch'] === 'string'
        ? [{ pointer: `/${key}/${index}/patch`, text: entry['patch'], targets: targetsIn(entry) }]
        : [],
    ),
  );
  const merged = inlineTexts(kustomization, 'patchesStrategicMerge').map((one) => ({ ...one, targets: [] }));
  return [...entries, ...merged];
}

function imagesIn(
  context: DocumentContext,
  { pointer, text, targets }: InlinePatch,
  kinds: KindTable,
): readonly ImageLocation[] {
  const { offset } = context.document.positionOf(pointer);
  const home: PatchLocation = { context, pointer, outer: innerOffsets(context.text, offset, text) };
  return parseDocuments(text).flatMap((document) => {
    if (document.ok)
      return patchImages({ ...context, text, document }, { kinds, targets }).map((location) => moved(location, home));
    const problem = `invalid patch (line ${document.line} of the patch): ${document.problem}`;
    return [locationWithout(context, { pointer, image: '', content: { state: 'problem', problem } })];
  });
}

export function inlineComparedFields(kustomization: JsonObject, kinds: KindTable): readonly FieldUse[] {
  return inlinePatches(kustomization).flatMap(({ text, targets }) =>
    parseDocuments(text).flatMap((document) => (document.ok ? comparedFields(document.value, { kinds, targets }) : [])),
  );
}

interface PatchLocation {
  readonly context: DocumentContext;
  readonly pointer: string;
  readonly outer: InnerOffsets;
}

/** Moves a location from the patch to the file. */
function moved(location: ImageLocation, { context, pointer, outer }: PatchLocation): ImageLocation {
  const address = { kind: 'value', document: context.document.index, pointer } as const;
  if (outer === undefined) {
    const position = context.document.positionOf(pointer);
    return { ...location, ...position, address, target: NOT_PLAIN, name: undefined };
  }
  const position = lineTable(context.text)(outer(location.offset));
  const [target, name] = [movedTarget(location.target, outer), movedName(location.name, outer)];
  return { ...location, ...position, address, target, name };
}

function movedName(name: NameTarget | undefined, outer: (inner: number) => number): NameTarget | undefined {
  if (name?.ok !== true) return name;
  return { ok: true, pieces: name.pieces.map((one) => ({ ...one, from: outer(one.from), to: outer(one.to) })) };
}

function movedTarget(target: EditTarget, outer: (inner: number) => number): EditTarget {
  return target.ok ? { ...target, from: outer(target.from), to: outer(target.to) } : target;
}

const NOT_PLAIN: EditTarget = {
  ok: false,
  reason: 'its patch is a string with folded lines or escapes; write it as a block, "patch: |-"',
};
