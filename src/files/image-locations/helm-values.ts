/**
 * Images in Helm values, at pointers that the user gives: a string, or a map of registry, repository, tag, and digest. Only the
 * chart knows how it uses a map. A map with a `digest` key gets its digest there; in other maps the tag becomes `tag@sha256:…`,
 * which pins the image in every template that prints repository:tag.
 */
import { parseReference } from '../../image/reference.ts';
import {
  escapeSegment,
  isObject,
  type JsonObject,
  jsonType,
  type Location,
  pointerSegments,
  valueAt,
} from '../../pod/pointer.ts';
import type { EditTarget, ImageLocation, NamePiece, NameTarget } from '../../pinning/image-location.ts';
import { replaceField } from './field-text.ts';
import { partText, locationAt, locationWithout, type DocumentContext, wholeImage } from './document-context.ts';
import { spanOf } from './edit-target.ts';
import type { DocumentFormat } from './format.ts';

export const helmValuesFormat: DocumentFormat = {
  name: 'helm-values',
  matches: ({ document }, { helmImages }) => leadingPointers(document.value, helmImages).length > 0,
  locate: (context, { helmImages }) => ({
    locations: imagesAt(context, helmImages),
    pointers: leadingPointers(context.document.value, helmImages),
  }),
};

function imagesAt(context: DocumentContext, pointers: readonly string[]): readonly ImageLocation[] {
  return pointers
    .flatMap((pointer) => valuesAt(context.document.value, pointer))
    .map(({ pointer, value }) => imageAt(context, pointer, value));
}

/** The pointers that lead to something in a document. */
function leadingPointers(value: unknown, pointers: readonly string[]): readonly string[] {
  return pointers.filter((pointer) => valuesAt(value, pointer).length > 0);
}

/** Returns the values at a JSON pointer; `*` is every element or value. Values have any shape, so a text holds no images. */
function valuesAt(root: unknown, pointer: string): readonly Location[] {
  let locations: readonly Location[] = [{ pointer: '', value: root }];
  for (const segment of pointerSegments(pointer)) {
    locations = locations.flatMap((location) => childrenAt(location, segment));
  }
  return locations.filter(({ value }) => value !== undefined && value !== null);
}

function childrenAt({ pointer, value }: Location, segment: string): readonly Location[] {
  const keys = segment === '*' ? keysOf(value) : [segment];
  return keys.map((key) => {
    const child = `/${escapeSegment(key)}`;
    return { pointer: pointer + child, value: valueAt(value, child) };
  });
}

function keysOf(value: unknown): readonly string[] {
  return isObject(value) || Array.isArray(value) ? Object.keys(value) : [];
}

function imageAt(context: DocumentContext, pointer: string, value: unknown): ImageLocation {
  if (typeof value === 'string') return wholeImage(context, pointer, value);
  if (isObject(value)) return mapImage(context, pointer, value);
  return problem(
    context,
    { pointer, image: '' },
    `expected a string, or a map with a repository, found ${jsonType(value)}`,
  );
}

const PARTS = ['registry', 'repository', 'tag', 'digest'] as const;

function mapImage(context: DocumentContext, holder: string, map: JsonObject): ImageLocation {
  const image = imageOf(map);
  const odd = PARTS.find((key) => map[key] !== undefined && map[key] !== null && typeof map[key] !== 'string');
  if (odd !== undefined)
    return problem(context, { pointer: `${holder}/${odd}`, image }, `"${odd}" is ${jsonType(map[odd])}; quote it`);
  if (!map['repository']) return problem(context, { pointer: holder, image }, 'the map has no "repository"');
  if (!map['tag'] && !map['digest'])
    return problem(context, { pointer: holder, image }, 'the map has no "tag", so only the chart knows the version');
  const parsed = parseReference(image);
  if (!parsed.ok) return problem(context, { pointer: holder, image }, parsed.problem);
  const key = map['digest'] === undefined ? 'tag' : 'digest';
  const target = key === 'digest' ? replaceField(context, { holder, key }) : tagTarget(context, holder, map);
  const location = locationAt(context, {
    pointer: `${holder}/${map['tag'] ? 'tag' : 'digest'}`,
    image,
    content: { state: 'image', reference: parsed.reference },
    target,
    name: nameInMap(context, holder, map),
  });
  const changed = `${holder}/${key}`;
  const { offset } = context.document.positionOf(changed);
  return { ...location, offset, address: { kind: 'value', document: context.document.index, pointer: changed } };
}

/** A map with a registry gets the registry and the path of the new name, another map the whole name as its repository. */
function nameInMap(context: DocumentContext, holder: string, { registry }: JsonObject): NameTarget {
  const parts: readonly (readonly [string, NamePiece['part']])[] = partText(registry)
    ? [
        ['registry', 'registry'],
        ['repository', 'path'],
      ]
    : [['repository', 'name']];
  const pieces: NamePiece[] = [];
  for (const [key, part] of parts) {
    const target = replaceField(context, { holder, key });
    if (!target.ok) return target;
    const { from, to, before, after } = target;
    pieces.push({ part, from, to, before, after });
  }
  return { ok: true, pieces, values: parts.map(([key]) => `${holder}/${key}`) };
}

function tagTarget({ text, document }: DocumentContext, holder: string, { tag }: JsonObject): EditTarget {
  const value = partText(tag);
  const span = spanOf(text, document.positionOf(`${holder}/tag`).offset, value);
  if (span?.literal !== true)
    return { ok: false, reason: 'its "tag" is not a plain string on one line; write it on one line, without escapes' };
  const at = value.indexOf('@');
  if (at === -1) return { ok: true, from: span.to, to: span.to, before: '@', after: '' };
  return { ok: true, from: span.from + at + 1, to: span.to, before: '', after: '' };
}

function imageOf(map: JsonObject): string {
  const [registry, repository, tag, digest] = PARTS.map((key) => partText(map[key]));
  return `${registry && `${registry}/`}${repository}${tag && `:${tag}`}${digest && `@${digest}`}`;
}

function problem(
  context: DocumentContext,
  { pointer, image }: { readonly pointer: string; readonly image: string },
  text: string,
): ImageLocation {
  return locationWithout(context, { pointer, image, content: { state: 'problem', problem: text } });
}
