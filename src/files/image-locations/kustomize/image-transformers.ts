/** `transformers` of a kustomization that change images, after its `images`. They are not followed. */
import type { ImagePlace } from '../../../pinning/image-location.ts';
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { inlineTexts } from '../../kustomization-references.ts';
import { readDocuments } from '../../yaml/yaml.ts';
import { placeWithout, partText, type Scene } from '../document-context.ts';

export interface ImageTransformers {
  /** What they match, as the `name` in `images` does. */
  readonly names: readonly string[];
  readonly places: readonly ImagePlace[];
}

/** A file that `transformers` names. */
export function imageTransformer(scene: Scene): ImageTransformers | undefined {
  const { value } = scene.document;
  return isTransformer(value) ? { names: [nameIn(value)], places: [placeOf(scene, '', value)] } : undefined;
}

export function inlineTransformers(scene: Scene, kustomization: JsonObject): ImageTransformers {
  const found = inlineTexts(kustomization, 'transformers').flatMap(({ pointer, text }) =>
    readDocuments(text).flatMap((document) =>
      document.ok && isTransformer(document.value) ? [{ pointer, transformer: document.value }] : [],
    ),
  );
  return {
    names: found.map(({ transformer }) => nameIn(transformer)),
    places: found.map(({ pointer, transformer }) => placeOf(scene, pointer, transformer)),
  };
}

/** One that sets a digest makes pinned images of whatever comes. */
function isTransformer(value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== 'builtin' || value['kind'] !== 'ImageTagTransformer') return false;
  const { imageTag } = value;
  return !isObject(imageTag) || partText(imageTag['digest']) === '';
}

function nameIn({ imageTag }: JsonObject): string {
  return isObject(imageTag) ? partText(imageTag['name']) : '';
}

function placeOf(scene: Scene, pointer: string, transformer: JsonObject): ImagePlace {
  const problem =
    'an ImageTagTransformer changes it after "images": write an entry of "images", and name other fields in "configurations"';
  return placeWithout(scene, { pointer, image: nameIn(transformer), reading: { state: 'problem', problem } });
}
