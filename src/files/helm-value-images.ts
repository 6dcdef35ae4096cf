/**
 * Images in the Helm values of Flux and Argo CD objects, for `check`. Only the chart knows what it does with a value, so only what
 * has one meaning in nearly every chart counts: a map `image` with `repository` and `tag` or `digest`, and a text `image` with a
 * tag or a digest. The notice that other images are not evaluated stays.
 */
import { parseReference } from '../image/reference.ts';
import { hasVersion } from '../pod/image-parts.ts';
import type { Kind, KindTable } from '../pod/kinds.ts';
import type { OddImage, OddReader } from '../pod/odd-images.ts';
import { escapeSegment, isObject, type JsonObject, type Location, valueAt } from '../pod/pointer.ts';
import { parseDocuments } from './yaml/yaml.ts';

interface ValuePlaces {
  /** Values as a map. */
  readonly maps?: readonly string[];
  /** Values as YAML in a string. */
  readonly texts?: readonly string[];
  /** A list of `{name: image.tag, value: v1}`. */
  readonly parameters?: readonly string[];
}

const argoCd = (at: string): ValuePlaces => {
  const sources = [`${at}/source`, ...Array.from({ length: 20 }, (_, index) => `${at}/sources/${index}`)];
  const each = (key: string): readonly string[] => sources.map((source) => `${source}/helm/${key}`);
  return { maps: each('valuesObject'), texts: each('values'), parameters: each('parameters') };
};

/** By `group/kind`. */
const PLACES: Readonly<Record<string, ValuePlaces>> = {
  'helm.toolkit.fluxcd.io/HelmRelease': { maps: ['/spec/values'] },
  'helm.cattle.io/HelmChart': { texts: ['/spec/valuesContent'] },
  'argoproj.io/Application': argoCd('/spec'),
  'argoproj.io/ApplicationSet': argoCd('/spec/template/spec'),
};

/** Adds the images in values to the kinds that have them. */
export function withHelmValues(kinds: KindTable): KindTable {
  const read = new Map<Kind, Kind>();
  return {
    ...kinds,
    find(group, name) {
      const kind = kinds.find(group, name);
      const key = `${group}/${name}`;
      const places = kind !== undefined && Object.hasOwn(PLACES, key) ? PLACES[key] : undefined;
      if (kind === undefined || places === undefined) return kind;
      const known = read.get(kind) ?? { ...kind, odd: withImagesIn(places, kind.odd) };
      read.set(kind, known);
      return known;
    },
  };
}

function withImagesIn({ maps = [], texts = [], parameters = [] }: ValuePlaces, odd: OddReader | undefined): OddReader {
  return (object) => [
    ...(odd?.(object) ?? []),
    ...[
      ...maps.flatMap((at) => imagesInMap(valueAt(object, at), at)),
      ...texts.flatMap((at) => imagesInText(valueAt(object, at), at)),
      ...parameters.flatMap((at) => imagesInParameters(valueAt(object, at), at)),
    ]
      .filter(canBeImage)
      .map((image): OddImage => ({ ...image, inValues: true })),
  ];
}

/** Values can be URLs and data. Placeholders are filled in before Helm reads them. */
function canBeImage({ value }: Location): boolean {
  return typeof value === 'string' && (/\$\{|\{\{/.test(value) || parseReference(value).ok);
}

interface Step {
  readonly pointer: string;
  readonly value: unknown;
}

function imagesInMap(values: unknown, at: string): readonly Location[] {
  if (changesRegistries(values)) return [];
  const images: Location[] = [];
  const waiting: Step[] = [{ pointer: at, value: values }];
  // A YAML alias repeats the same value.
  const seen = new Set<unknown>();
  for (const { pointer, value } of waiting) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const [key, child] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
      const step = { pointer: `${pointer}/${escapeSegment(key)}`, value: child };
      const image = key === 'image' ? imageOf(step) : undefined;
      if (image === undefined) waiting.push(step);
      else images.push(image);
    }
  }
  return images;
}

/** Many charts put this registry before all images. */
function changesRegistries(values: unknown): boolean {
  const registry = valueAt(values, '/global/imageRegistry');
  return registry !== undefined && registry !== null && registry !== '';
}

function imageOf({ pointer, value }: Step): Location | undefined {
  if (typeof value === 'string') return hasVersion(value) ? { pointer, value } : undefined;
  return isObject(value) ? imageInMap(value, pointer) : undefined;
}

function imageInMap(map: JsonObject, pointer: string): Location | undefined {
  const { registry, repository, tag, digest } = map;
  if (!isText(repository) || [registry, tag, digest].some((part) => !isAbsent(part) && !isText(part))) return undefined;
  if (!isText(tag) && !isText(digest)) return undefined;
  const name = `${isText(registry) ? `${registry}/` : ''}${repository}`;
  const value = `${name}${isText(tag) ? `:${tag}` : ''}${isText(digest) ? `@${digest}` : ''}`;
  return { pointer: `${pointer}/${isText(tag) ? 'tag' : 'digest'}`, value };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Pointers go on in the text, so that each image has one; the position is that of the text. */
function imagesInText(text: unknown, at: string): readonly Location[] {
  if (typeof text !== 'string' || !text.includes('image')) return [];
  return parseDocuments(text).flatMap((document) => (document.ok ? imagesInMap(document.value, at) : []));
}

/** `image.repository` and `image.tag` have the same prefix. */
function imagesInParameters(list: unknown, at: string): readonly Location[] {
  if (!Array.isArray(list)) return [];
  const named = new Map<string, Location>();
  for (const [index, item] of list.entries() as Iterable<[number, unknown]>) {
    if (!isObject(item) || !isText(item['name']) || !isText(item['value'])) continue;
    named.set(item['name'], { pointer: `${at}/${index}/value`, value: item['value'] });
  }
  if (named.has('global.imageRegistry')) return [];
  return [...named].flatMap(([name, location]) => {
    const [, prefix, last] = /^((?:.*\.)?image)(?:\.(repository))?$/.exec(name) ?? [];
    if (prefix === undefined) return [];
    if (last === undefined) return imageOf(location) ?? [];
    const part = (key: string): unknown => named.get(`${prefix}.${key}`)?.value;
    const map = { registry: part('registry'), repository: location.value, tag: part('tag'), digest: part('digest') };
    const image = imageInMap(map, prefix);
    const changed = named.get(`${prefix}.${isText(map.tag) ? 'tag' : 'digest'}`);
    return image === undefined || changed === undefined ? [] : [{ ...image, pointer: changed.pointer }];
  });
}
