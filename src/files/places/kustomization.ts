/**
 * `images:` of a kustomization. kustomize (api/internal/image, imagetag updater): `newName` replaces the name; `newTag` and
 * `digest` together give name:tag@digest; `newTag` alone takes a digest away that the manifest had; `digest` alone takes the
 * tag away; with neither the manifest keeps its own.
 */
import { parseReference } from '../../image/reference.ts';
import { isObject, type JsonObject, jsonType } from '../../pod/pointer.ts';
import type { ImagePlace, Slot } from '../../pinning/place.ts';
import { insertField, replaceField } from './field.ts';
import { placeAt, partText, placeWithout, type Scene } from './scene.ts';

export function kustomizationImages(scene: Scene): readonly ImagePlace[] {
  const { value } = scene.document;
  const images = isObject(value) ? value['images'] : undefined;
  if (!Array.isArray(images)) return [];
  return images.flatMap((entry: unknown, index) =>
    isObject(entry) && typeof entry['name'] === 'string' && entry['name'] !== ''
      ? [entryPlace(scene, `/images/${index}`, entry)]
      : [],
  );
}

/** Names whose images in manifests become others, whatever their tags. */
export function replacedNames({ images }: JsonObject): readonly string[] {
  if (!Array.isArray(images)) return [];
  return images.flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['name'] === 'string' && (entry['newTag'] || entry['digest']) ? [entry['name']] : [],
  );
}

function entryPlace(scene: Scene, holder: string, entry: JsonObject): ImagePlace {
  const odd = ['newName', 'newTag', 'digest'].find(
    (key) => entry[key] !== undefined && entry[key] !== null && typeof entry[key] !== 'string',
  );
  const image = imageOf(entry);
  if (odd !== undefined)
    return problem(
      scene,
      { holder, image },
      `"${odd}" is ${jsonType(entry[odd])}: kustomize wants a text, put it in quotes`,
    );
  if (entry['tagSuffix'])
    return problem(scene, { holder, image }, 'it has a "tagSuffix", so the tag is known only to kustomize');
  if (!entry['newTag'] && !entry['digest']) {
    const reason = 'it names no tag: the manifests do, and are pinned themselves';
    return placeWithout(scene, { pointer: holder, image, reading: { state: 'none', reason } });
  }
  const parsed = parseReference(image);
  if (!parsed.ok) return problem(scene, { holder, image }, parsed.problem);
  const { reference } = parsed;
  const pointer = entry['newTag'] ? `${holder}/newTag` : `${holder}/digest`;
  const place = placeAt(scene, {
    pointer,
    image,
    reading: { state: 'image', reference },
    slot: slotOf(scene, holder, entry),
  });
  const changed = `${holder}/digest`;
  return {
    ...place,
    offset: scene.document.positionOf(changed).offset,
    target: { kind: 'value', document: scene.document.index, pointer: changed },
  };
}

function slotOf(scene: Scene, holder: string, entry: JsonObject): Slot {
  const field = { holder, key: 'digest' };
  return entry['digest'] === undefined ? insertField(scene, field, 'newTag') : replaceField(scene, field);
}

function imageOf({ name, newName, newTag, digest }: JsonObject): string {
  const [tag, hash] = [partText(newTag), partText(digest)];
  return `${partText(newName) || partText(name)}${tag && `:${tag}`}${hash && `@${hash}`}`;
}

function problem(
  scene: Scene,
  { holder, image }: { readonly holder: string; readonly image: string },
  text: string,
): ImagePlace {
  return placeWithout(scene, { pointer: holder, image, reading: { state: 'problem', problem: text } });
}
