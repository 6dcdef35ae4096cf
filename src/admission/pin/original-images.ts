/**
 * The annotation of an object that keeps its images as somebody wrote them, for people and as a hint for restarts. It stands on
 * the object itself, not on its template, where it would roll the Pods. Anybody can write it, so nothing is decided by it.
 */
import { annotationOf } from '../../pod/metadata.ts';
import { escapeSegment, isObject, type JsonObject, parsedJsonObject } from '../../pod/pointer.ts';

export const ORIGINAL_IMAGES = 'tidewaiter.dev/original-images';

/** Small beside the 256 KiB that all annotations of an object may have together (kubernetes apimachinery, ValidateAnnotationsSize). */
const MAX_LENGTH = 16_384;

export interface AddOperation {
  readonly op: 'add';
  /** RFC 6901, from the root of the object. */
  readonly path: string;
  readonly value: string | { readonly [key: string]: unknown };
}

/** By place (`placeKey`). */
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
  /** As it will be, with its digest. */
  readonly pinned: string;
  /** As it was written; `undefined`: what the annotation says already, if that is the same image. */
  readonly written: string | undefined;
}

/** `undefined` when the annotation is right as it is; `too-long` when it would not fit. */
export function annotationFor(object: JsonObject, all: readonly Original[]): AddOperation | 'too-long' | undefined {
  const before = originalImages(object);
  const once = new Set<string>();
  const again = new Set<string>();
  for (const { place } of all) (once.has(place) ? again : once).add(place);
  // Of two containers with one name (which the API server will refuse) nobody could tell which is meant.
  const entries = all.flatMap(({ place, pinned, written = before.get(place) }) =>
    written !== undefined && pinned.startsWith(`${written}@`) && !again.has(place) ? [[place, written] as const] : [],
  );
  const value = JSON.stringify(Object.fromEntries(entries));
  const stands = annotationOf(object, ORIGINAL_IMAGES);
  if (value === stands || (entries.length === 0 && stands === undefined)) return undefined;
  return value.length > MAX_LENGTH ? 'too-long' : addAnnotation(object, ORIGINAL_IMAGES, value);
}

/** `add` fails below a parent that is not there, and replaces what is (RFC 6902 section 4.1). */
function addAnnotation({ metadata }: JsonObject, key: string, value: string): AddOperation {
  if (!isObject(metadata)) return { op: 'add', path: '/metadata', value: { annotations: { [key]: value } } };
  if (!isObject(metadata['annotations'])) return { op: 'add', path: '/metadata/annotations', value: { [key]: value } };
  return { op: 'add', path: `/metadata/annotations/${escapeSegment(key)}`, value };
}
