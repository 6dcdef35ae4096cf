/**
 * `images:` of a kustomization. kustomize (api/internal/image, imagetag updater): `newName` replaces the name; `newTag` and
 * `digest` together give name:tag@digest; `newTag` alone takes a digest away that the manifest had; `digest` alone takes the
 * tag away; with neither the manifest keeps its own.
 */
import { type ImageReference, parseReference } from '../../../image/reference.ts';
import { isObject, type JsonObject, jsonType } from '../../../pod/pointer.ts';
import type { ImagePlace, Slot } from '../../../pinning/image-location.ts';
import type { ImagesEntry } from '../../../pinning/kustomization.ts';
import { listAt } from '../../kustomization-references.ts';
import { insertField, replaceField } from '../field-text.ts';
import { digestSlot, spanOf } from '../edit-target.ts';
import { placeAt, partText, placeWithout, type Scene } from '../document-context.ts';

export function imagesEntries(scene: Scene, kustomization: JsonObject): readonly ImagesEntry[] {
  return ['images', 'imageTags'].flatMap((key) =>
    listAt(kustomization, key).flatMap((entry, index) =>
      isObject(entry) && typeof entry['name'] === 'string' && entry['name'] !== ''
        ? [imagesEntry(scene, `/${key}/${index}`, entry)]
        : [],
    ),
  );
}

function imagesEntry(scene: Scene, holder: string, entry: JsonObject): ImagesEntry {
  return {
    name: partText(entry['name']),
    newName: partText(entry['newName']),
    newTag: partText(entry['newTag']),
    digest: partText(entry['digest']),
    tagSuffix: partText(entry['tagSuffix']),
    place: entryPlace(scene, holder, entry),
    slotFor: (tag) => versionSlot(scene, holder, { entry, tag }),
  };
}

interface Versioned {
  readonly entry: JsonObject;
  readonly tag: string;
}

/** Both fields go behind `newName`, in the layout that the place of a digest has. */
function versionSlot(scene: Scene, holder: string, { entry, tag }: Versioned): Slot {
  if (entry['newTag'] !== undefined || entry['digest'] !== undefined)
    return { ok: false, refused: 'its "newTag" or "digest" is empty: write the tag into "newTag"' };
  const slot = insertField(scene, { holder, key: 'digest' }, 'newName');
  if (!slot.ok) return slot;
  const lead = slot.before.replace('digest', 'newTag');
  return { ...slot, before: `${lead}${slot.after === '' ? `"${tag}"` : `${tag}${slot.after}`}${slot.before}` };
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
    const place = placeWithout(scene, {
      pointer: holder,
      image,
      reading: { state: 'none', reason: entry['newName'] ? MATCHES_NOTHING : CHANGES_NOTHING },
    });
    const { index: document } = scene.document;
    const target = { kind: 'value', document, pointer: `${holder}/digest`, also: [`${holder}/newTag`] } as const;
    return { ...place, target };
  }
  const parsed = parseReference(image);
  if (!parsed.ok) return problem(scene, { holder, image }, parsed.problem);
  const { reference } = parsed;
  const pointer = entry['newTag'] ? `${holder}/newTag` : `${holder}/digest`;
  const place = placeAt(scene, {
    pointer,
    image,
    reading: { state: 'image', reference },
    slot: slotOf(scene, holder, { entry, reference }),
  });
  if (hasDigestInTag(entry)) return place;
  const changed = `${holder}/digest`;
  return {
    ...place,
    offset: scene.document.positionOf(changed).offset,
    target: { kind: 'value', document: scene.document.index, pointer: changed },
  };
}

const CHANGES_NOTHING = 'it changes nothing, without "newName", "newTag", or "digest"';

/** Until the manifests are known. */
const MATCHES_NOTHING = 'it names no tag, and matches none of the images that are read here';

/** `newTag: 1.27@sha256:…`, as a text that kustomize does not look into. */
function hasDigestInTag({ newTag, digest }: JsonObject): boolean {
  return partText(newTag).includes('@') && !partText(digest);
}

interface Referring {
  readonly entry: JsonObject;
  readonly reference: ImageReference;
}

function slotOf(scene: Scene, holder: string, { entry, reference }: Referring): Slot {
  const field = { holder, key: 'digest' };
  if (hasDigestInTag(entry)) {
    const { offset } = scene.document.positionOf(`${holder}/newTag`);
    const span = spanOf(scene.text, offset, partText(entry['newTag']));
    return span?.literal
      ? digestSlot(span.to, reference)
      : { ok: false, refused: 'its "newTag" is not a plain text: write it on one line, without escapes' };
  }
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
