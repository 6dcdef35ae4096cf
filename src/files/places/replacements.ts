/** `replacements` of a kustomization: they write fields after `images` has pinned them, from values that are found then. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { ImagePlace } from '../../pinning/place.ts';
import { listAt } from '../kustomization-references.ts';
import { placeWithout, type Scene } from './scene.ts';

/** A file that a kustomization names under `replacements`: one of them, or a list. */
export function isReplacements(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return (
    all.length > 0 && all.every((one) => isObject(one) && isObject(one['source']) && Array.isArray(one['targets']))
  );
}

interface Replacements {
  readonly pointer: string;
  /** One, or a list. */
  readonly value: unknown;
}

export function replacedImages(scene: Scene, { pointer, value }: Replacements): readonly ImagePlace[] {
  if (!Array.isArray(value)) return isObject(value) ? imagesIn(scene, pointer, value) : [];
  return value.flatMap((one: unknown, index) => (isObject(one) ? imagesIn(scene, `${pointer}/${index}`, one) : []));
}

function imagesIn(scene: Scene, pointer: string, replacement: JsonObject): readonly ImagePlace[] {
  const isCopy = isWholeImage(replacement['source']);
  return listAt(replacement, 'targets').flatMap((target, index) => {
    if (!isObject(target) || (isCopy && !isObject(target['options']))) return [];
    return listAt(target, 'fieldPaths').flatMap((field, at) =>
      typeof field === 'string' && isImage(field)
        ? [replacedImage(scene, `${pointer}/targets/${index}/fieldPaths/${at}`, field)]
        : [],
    );
  });
}

/** What is copied from another image is pinned there. */
function isWholeImage(source: unknown): boolean {
  return (
    isObject(source) &&
    typeof source['fieldPath'] === 'string' &&
    isImage(source['fieldPath']) &&
    !isObject(source['options'])
  );
}

function isImage(field: string): boolean {
  return /(?:^|\.)image$|\.(?:containers|initContainers|ephemeralContainers)(?:\.(?:\[[^\]]*\]|\d+|-|\*))?$/.test(
    field,
  );
}

function replacedImage(scene: Scene, pointer: string, field: string): ImagePlace {
  const problem =
    'a replacement writes it when kustomize runs, after "images": write the image into the manifest or into "images"';
  return placeWithout(scene, { pointer, image: field, reading: { state: 'problem', problem } });
}
