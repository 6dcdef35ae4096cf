/** Patches that are written into a kustomization, mostly as a block (`patch: |-`). */
import type { FieldUse } from '../../../pinning/field-specs.ts';
import type { ImagePlace, Slot } from '../../../pinning/image-location.ts';
import type { KindTable } from '../../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { inlineTexts, listAt, targetsIn } from '../../kustomization-references.ts';
import { lineTable } from '../../yaml/positions.ts';
import { readDocuments } from '../../yaml/yaml.ts';
import { type InnerOffsets, innerOffsets } from '../inner-text.ts';
import { comparedFields, patchImages } from './patches.ts';
import { placeWithout, type Scene } from '../document-context.ts';

interface InlinePatch {
  readonly pointer: string;
  readonly text: string;
  /** One or none. */
  readonly targets: readonly unknown[];
}

export function inlinePatchImages(scene: Scene, kustomization: JsonObject, kinds: KindTable): readonly ImagePlace[] {
  return inlinePatches(kustomization).flatMap((patch) => imagesIn(scene, patch, kinds));
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

function imagesIn(scene: Scene, { pointer, text, targets }: InlinePatch, kinds: KindTable): readonly ImagePlace[] {
  const { offset } = scene.document.positionOf(pointer);
  const home: Home = { scene, pointer, outer: innerOffsets(scene.text, offset, text) };
  return readDocuments(text).flatMap((document) => {
    if (document.ok)
      return patchImages({ text, document, format: scene.format }, { kinds, targets }).map((place) =>
        moved(place, home),
      );
    const problem = `the patch cannot be read (line ${document.line} of it): ${document.problem}`;
    return [placeWithout(scene, { pointer, image: '', reading: { state: 'problem', problem } })];
  });
}

export function inlineComparedFields(kustomization: JsonObject, kinds: KindTable): readonly FieldUse[] {
  return inlinePatches(kustomization).flatMap(({ text, targets }) =>
    readDocuments(text).flatMap((document) => (document.ok ? comparedFields(document.value, { kinds, targets }) : [])),
  );
}

interface Home {
  readonly scene: Scene;
  readonly pointer: string;
  readonly outer: InnerOffsets;
}

/** From its place in the patch to that in the file. */
function moved(place: ImagePlace, { scene, pointer, outer }: Home): ImagePlace {
  const target = { kind: 'value', document: scene.document.index, pointer } as const;
  if (outer === undefined) return { ...place, ...scene.document.positionOf(pointer), target, slot: NOT_PLAIN };
  const position = lineTable(scene.text)(outer(place.offset));
  return { ...place, ...position, target, slot: movedSlot(place.slot, outer) };
}

function movedSlot(slot: Slot, outer: (inner: number) => number): Slot {
  return slot.ok ? { ...slot, from: outer(slot.from), to: outer(slot.to) } : slot;
}

const NOT_PLAIN: Slot = {
  ok: false,
  refused: 'its patch is a text with folded lines or escapes: write it as a block, "patch: |-"',
};
