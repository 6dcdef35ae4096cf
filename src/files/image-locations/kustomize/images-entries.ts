/**
 * The `images` of a kustomization (kustomize api/internal/image, imagetag updater): `newName` replaces the name; `newTag` with
 * `digest` gives name:tag@digest; `newTag` alone removes a digest; `digest` alone removes the tag; without both, the manifest
 * keeps its version.
 */
import { type ImageReference, parseReference } from '../../../image/reference.ts';
import { isObject, type JsonObject, jsonType } from '../../../pod/pointer.ts';
import type { EditTarget, ImageLocation, NameTarget } from '../../../pinning/image-location.ts';
import { type ImagesEntry, splitImage } from '../../../pinning/kustomize/images-entry.ts';
import { listAt } from '../../kustomization.ts';
import { insertField, replaceField } from '../field-text.ts';
import { digestTarget, spanOf } from '../edit-target.ts';
import { locationAt, partText, locationWithout, type DocumentContext } from '../document-context.ts';

export function imagesEntries(context: DocumentContext, kustomization: JsonObject): readonly ImagesEntry[] {
  return ['images', 'imageTags'].flatMap((key) =>
    listAt(kustomization, key).flatMap((entry, index) =>
      isObject(entry) && typeof entry['name'] === 'string' && entry['name'] !== ''
        ? [imagesEntry(context, `/${key}/${index}`, entry)]
        : [],
    ),
  );
}

function imagesEntry(context: DocumentContext, holder: string, entry: JsonObject): ImagesEntry {
  return {
    name: partText(entry['name']),
    newName: partText(entry['newName']),
    newTag: partText(entry['newTag']),
    digest: partText(entry['digest']),
    tagSuffix: partText(entry['tagSuffix']),
    location: { ...entryLocation(context, holder, entry), name: newNameTarget(context, holder, entry) },
    targetFor: (tag) => versionTarget(context, holder, { entry, tag }),
  };
}

/** `name` stays, because it selects the images; a missing `newName` comes after it. */
function newNameTarget(context: DocumentContext, holder: string, { name, newName }: JsonObject): NameTarget {
  const text = partText(newName) || partText(name);
  if (splitImage(text).name !== text)
    return {
      ok: false,
      reason: `its ${newName ? '"newName"' : '"name"'} contains a colon, as before a tag; write "newName" by hand`,
    };
  const field = { holder, key: 'newName' };
  const target = newName === undefined ? insertField(context, field, 'name') : replaceField(context, field);
  if (!target.ok) return target;
  const { from, to, before, after } = target;
  return { ok: true, pieces: [{ part: 'name', from, to, before, after }], values: [`${holder}/newName`] };
}

interface EntryTag {
  readonly entry: JsonObject;
  readonly tag: string;
}

/** Inserts both fields after `newName`, in the layout of a new digest. */
function versionTarget(context: DocumentContext, holder: string, { entry, tag }: EntryTag): EditTarget {
  if (entry['newTag'] !== undefined || entry['digest'] !== undefined)
    return { ok: false, reason: 'its "newTag" or "digest" is empty; set "newTag"' };
  const target = insertField(context, { holder, key: 'digest' }, 'newName');
  if (!target.ok) return target;
  const lead = target.before.replace('digest', 'newTag');
  return { ...target, before: `${lead}${target.after === '' ? `"${tag}"` : `${tag}${target.after}`}${target.before}` };
}

function entryLocation(context: DocumentContext, holder: string, entry: JsonObject): ImageLocation {
  const odd = ['newName', 'newTag', 'digest'].find(
    (key) => entry[key] !== undefined && entry[key] !== null && typeof entry[key] !== 'string',
  );
  const image = imageOf(entry);
  if (odd !== undefined)
    return problem(
      context,
      { holder, image },
      `"${odd}" is ${jsonType(entry[odd])}; kustomize requires a string, so quote it`,
    );
  if (entry['tagSuffix'])
    return problem(context, { holder, image }, 'it has a "tagSuffix", so only kustomize knows the tag');
  if (!entry['newTag'] && !entry['digest']) {
    const location = locationWithout(context, {
      pointer: holder,
      image,
      content: { state: 'none', reason: entry['newName'] ? MATCHES_NOTHING : CHANGES_NOTHING },
    });
    const { index: document } = context.document;
    const address = { kind: 'value', document, pointer: `${holder}/digest`, also: [`${holder}/newTag`] } as const;
    return { ...location, address };
  }
  const parsed = parseReference(image);
  if (!parsed.ok) return problem(context, { holder, image }, parsed.problem);
  const { reference } = parsed;
  const pointer = entry['newTag'] ? `${holder}/newTag` : `${holder}/digest`;
  const location = locationAt(context, {
    pointer,
    image,
    content: { state: 'image', reference },
    target: targetOf(context, holder, { entry, reference }),
  });
  if (hasDigestInTag(entry)) return location;
  const changed = `${holder}/digest`;
  return {
    ...location,
    offset: context.document.positionOf(changed).offset,
    address: { kind: 'value', document: context.document.index, pointer: changed },
  };
}

const CHANGES_NOTHING = 'it changes nothing, without "newName", "newTag", or "digest"';

/** The reason until the manifests are known. */
const MATCHES_NOTHING = 'it has no tag and matches none of the images in the input files';

/** Reports whether `newTag` contains a digest, as in `1.27@sha256:…`, which kustomize does not split. */
function hasDigestInTag({ newTag, digest }: JsonObject): boolean {
  return partText(newTag).includes('@') && !partText(digest);
}

interface EntryReference {
  readonly entry: JsonObject;
  readonly reference: ImageReference;
}

function targetOf(context: DocumentContext, holder: string, { entry, reference }: EntryReference): EditTarget {
  const field = { holder, key: 'digest' };
  if (hasDigestInTag(entry)) {
    const { offset } = context.document.positionOf(`${holder}/newTag`);
    const span = spanOf(context.text, offset, partText(entry['newTag']));
    return span?.literal
      ? digestTarget(span.to, reference)
      : { ok: false, reason: 'its "newTag" is not a plain string; write it on one line, without escapes' };
  }
  return entry['digest'] === undefined ? insertField(context, field, 'newTag') : replaceField(context, field);
}

function imageOf({ name, newName, newTag, digest }: JsonObject): string {
  const [tag, hash] = [partText(newTag), partText(digest)];
  return `${partText(newName) || partText(name)}${tag && `:${tag}`}${hash && `@${hash}`}`;
}

function problem(
  context: DocumentContext,
  { holder, image }: { readonly holder: string; readonly image: string },
  text: string,
): ImageLocation {
  return locationWithout(context, { pointer: holder, image, content: { state: 'problem', problem: text } });
}
