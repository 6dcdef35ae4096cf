/** `transformers` of a kustomization that change images, after its `images`. They are not followed. */
import type { ImageLocation } from '../../../pinning/image-location.ts';
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { inlineTexts } from '../../kustomization.ts';
import { parseDocuments } from '../../yaml/yaml.ts';
import { locationWithout, partText, type DocumentContext } from '../document-context.ts';
import type { DocumentFormat } from '../format.ts';

export const imageTransformerFormat: DocumentFormat = {
  name: 'patch',
  matches: ({ document }) => isTransformer(document.value),
  locate(context) {
    const { value } = context.document;
    return isTransformer(value) ? { locations: [locationOf(context, '', value)], retagged: [nameIn(value)] } : {};
  },
};

export interface ImageTransformers {
  /** The names that they match, like `name` in `images`. */
  readonly names: readonly string[];
  readonly locations: readonly ImageLocation[];
}

export function inlineTransformers(context: DocumentContext, kustomization: JsonObject): ImageTransformers {
  const found = inlineTexts(kustomization, 'transformers').flatMap(({ pointer, text }) =>
    parseDocuments(text).flatMap((document) =>
      document.ok && isTransformer(document.value) ? [{ pointer, transformer: document.value }] : [],
    ),
  );
  return {
    names: found.map(({ transformer }) => nameIn(transformer)),
    locations: found.map(({ pointer, transformer }) => locationOf(context, pointer, transformer)),
  };
}

/** Ignores transformers that set a digest, because they pin every image that they match. */
function isTransformer(value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== 'builtin' || value['kind'] !== 'ImageTagTransformer') return false;
  const { imageTag } = value;
  return !isObject(imageTag) || partText(imageTag['digest']) === '';
}

function nameIn({ imageTag }: JsonObject): string {
  return isObject(imageTag) ? partText(imageTag['name']) : '';
}

function locationOf(context: DocumentContext, pointer: string, transformer: JsonObject): ImageLocation {
  const problem =
    'an ImageTagTransformer changes it after "images"; use an entry in "images", and list other fields in "configurations"';
  return locationWithout(context, { pointer, image: nameIn(transformer), content: { state: 'problem', problem } });
}
