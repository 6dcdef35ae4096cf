/**
 * The annotation with the original images of an object, for readers and as a hint for restarts. It is on the object itself,
 * because a change of its template restarts the Pods. Any client can write the annotation, so no decision depends on it.
 */
import { bytesOf } from '../../go/bytes.ts';
import { annotationOf } from '../../pod/metadata.ts';
import { escapeSegment, isObject, type JsonObject, parsedJsonObject } from '../../pod/pointer.ts';

export const ORIGINAL_IMAGES = 'tidewaiter.dev/original-images';

const MAX_LENGTH = 16_384;
/** Bytes of all keys and values of an object (kubernetes apimachinery, ValidateAnnotationsSize). */
const MAX_TOTAL = 262_144;

export interface AddOperation {
  readonly op: 'add';
  /** RFC 6901, from the root of the object. */
  readonly path: string;
  readonly value: string | { readonly [key: string]: unknown };
}

/** By `placeKey`. */
export function originalImages(object: JsonObject): ReadonlyMap<string, string> {
  const text = annotationOf(object, ORIGINAL_IMAGES);
  const entries = text === undefined ? undefined : parsedJsonObject(text);
  const images = Object.entries(entries ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return new Map(images);
}

export interface Original {
  readonly place: string;
  /** The image after the change. */
  readonly now: string;
  /** The original image. `undefined`: the value that the annotation already has, if it is the same image. */
  readonly written: string | undefined;
  /** The names that an image can have got from its original name, which is the first. */
  readonly names: (written: string) => readonly string[];
}

/** Returns undefined if the annotation is up to date, and `too-long` if it exceeds its limit, or that of all annotations. */
export function annotationFor(object: JsonObject, all: readonly Original[]): AddOperation | 'too-long' | undefined {
  const before = originalImages(object);
  const once = new Set<string>();
  const again = new Set<string>();
  for (const { place } of all) (once.has(place) ? again : once).add(place);
  // Containers with the same name, which the API server rejects, are ambiguous.
  const entries = all.flatMap((original) => {
    const image = again.has(original.place) ? undefined : originalOf(original, before.get(original.place));
    return image === undefined ? [] : [[original.place, image] as const];
  });
  const value = JSON.stringify(Object.fromEntries(entries));
  const current = annotationOf(object, ORIGINAL_IMAGES);
  if (value === current || (entries.length === 0 && current === undefined)) return undefined;
  const isTooLong =
    value.length > MAX_LENGTH || totalSize({ ...annotationsOf(object), [ORIGINAL_IMAGES]: value }) > MAX_TOTAL;
  return isTooLong ? 'too-long' : addAnnotation(object, ORIGINAL_IMAGES, value);
}

function annotationsOf({ metadata }: JsonObject): JsonObject {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : {};
}

function totalSize(annotations: JsonObject): number {
  return Object.entries(annotations).reduce(
    (total, [key, value]) => total + bytesOf(key).length + (typeof value === 'string' ? bytesOf(value).length : 0),
    0,
  );
}

/** A restart sends the changed image, so the recorded one counts if it is the same image. */
function originalOf(original: Original, before: string | undefined): string | undefined {
  const { written } = original;
  const isRecorded = before !== undefined && isFrom(original, before);
  if (isRecorded && (written === undefined || original.names(before).includes(written))) return before;
  return written !== undefined && isFrom(original, written) ? written : undefined;
}

function isFrom({ now, names }: Original, written: string): boolean {
  return now !== written && names(written).some((name) => now === name || now.startsWith(`${name}@`));
}

/** `add` fails if the parent is missing, and replaces an existing value (RFC 6902 section 4.1). */
function addAnnotation({ metadata }: JsonObject, key: string, value: string): AddOperation {
  if (!isObject(metadata)) return { op: 'add', path: '/metadata', value: { annotations: { [key]: value } } };
  if (!isObject(metadata['annotations'])) return { op: 'add', path: '/metadata/annotations', value: { [key]: value } };
  return { op: 'add', path: `/metadata/annotations/${escapeSegment(key)}`, value };
}
