/**
 * Images in Helm values, where the user says that they stand: a text, or a map of registry, repository, tag and digest. Only
 * the chart knows what it makes of a map. One that has a `digest` key gets its digest there; of any other the tag becomes
 * `tag@sha256:…`, which every template that writes repository:tag makes a pinned image of.
 */
import { parseReference } from '../../image/reference.ts';
import { isObject, type JsonObject, jsonType, placesAt, pointerSegments } from '../../pod/pointer.ts';
import type { ImagePlace, Slot } from '../../pinning/image-location.ts';
import { replaceField } from './field-text.ts';
import { partText, placeAt, placeWithout, type Scene, wholeImage } from './document-context.ts';
import { spanOf } from './edit-target.ts';

/** JSON pointers, `*` stands for every element or value. */
export function helmImages(scene: Scene, pointers: readonly string[]): readonly ImagePlace[] {
  return pointers
    .flatMap((pointer) => placesAt(scene.document.value, pointerSegments(pointer)))
    .map(({ pointer, value }) => imageAt(scene, pointer, value));
}

/** The pointers that lead to something in a document. */
export function leadingPointers(value: unknown, pointers: readonly string[]): readonly string[] {
  return pointers.filter((pointer) => placesAt(value, pointerSegments(pointer)).length > 0);
}

function imageAt(scene: Scene, pointer: string, value: unknown): ImagePlace {
  if (typeof value === 'string') return wholeImage(scene, pointer, value);
  if (isObject(value)) return mapImage(scene, pointer, value);
  return problem(
    scene,
    { pointer, image: '' },
    `expected a text, or a map with a repository, found ${jsonType(value)}`,
  );
}

const PARTS = ['registry', 'repository', 'tag', 'digest'] as const;

function mapImage(scene: Scene, holder: string, map: JsonObject): ImagePlace {
  const image = imageOf(map);
  const odd = PARTS.find((key) => map[key] !== undefined && map[key] !== null && typeof map[key] !== 'string');
  if (odd !== undefined)
    return problem(
      scene,
      { pointer: `${holder}/${odd}`, image },
      `"${odd}" is ${jsonType(map[odd])}: put it in quotes`,
    );
  if (!map['repository']) return problem(scene, { pointer: holder, image }, 'there is no "repository" in this map');
  if (!map['tag'] && !map['digest'])
    return problem(
      scene,
      { pointer: holder, image },
      'there is no "tag" in this map, so only the chart knows which version it means',
    );
  const parsed = parseReference(image);
  if (!parsed.ok) return problem(scene, { pointer: holder, image }, parsed.problem);
  const key = map['digest'] === undefined ? 'tag' : 'digest';
  const slot = key === 'digest' ? replaceField(scene, { holder, key }) : tagSlot(scene, holder, map);
  const place = placeAt(scene, {
    pointer: `${holder}/${map['tag'] ? 'tag' : 'digest'}`,
    image,
    reading: { state: 'image', reference: parsed.reference },
    slot,
  });
  const changed = `${holder}/${key}`;
  const { offset } = scene.document.positionOf(changed);
  return { ...place, offset, target: { kind: 'value', document: scene.document.index, pointer: changed } };
}

function tagSlot({ text, document }: Scene, holder: string, { tag }: JsonObject): Slot {
  const value = partText(tag);
  const span = spanOf(text, document.positionOf(`${holder}/tag`).offset, value);
  if (span?.literal !== true)
    return { ok: false, refused: 'its "tag" is not written plainly on one line: write it so' };
  const at = value.indexOf('@');
  if (at === -1) return { ok: true, from: span.to, to: span.to, before: '@', after: '' };
  return { ok: true, from: span.from + at + 1, to: span.to, before: '', after: '' };
}

function imageOf(map: JsonObject): string {
  const [registry, repository, tag, digest] = PARTS.map((key) => partText(map[key]));
  return `${registry && `${registry}/`}${repository}${tag && `:${tag}`}${digest && `@${digest}`}`;
}

function problem(
  scene: Scene,
  { pointer, image }: { readonly pointer: string; readonly image: string },
  text: string,
): ImagePlace {
  return placeWithout(scene, { pointer, image, reading: { state: 'problem', problem: text } });
}
