/** The document being searched for images, and the locations in it. */
import { maskPassword } from '../../image/password.ts';
import { parseReference } from '../../image/reference.ts';
import { isObject, type JsonObject, pointerSegments } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type {
  EditTarget,
  ImageLocation,
  LocatedObject,
  LocationContent,
  NameTarget,
} from '../../pinning/image-location.ts';
import type { ValidDocument } from '../yaml/yaml.ts';
import { imageTarget, nameTarget } from './edit-target.ts';

export interface DocumentContext {
  readonly file: string;
  /** The whole file. */
  readonly text: string;
  readonly document: ValidDocument;
  readonly format: string;
}

export interface LocationParts {
  readonly pointer: string;
  readonly image: string;
  readonly content: LocationContent;
  readonly target: EditTarget;
  readonly name?: NameTarget;
}

/** Creates a location for the value at `pointer`, which is also the value that changes. */
export function locationAt(
  { document, format }: DocumentContext,
  { pointer, image, content, target, name }: LocationParts,
): ImageLocation {
  const { line, column, offset } = document.positionOf(pointer);
  return {
    format,
    line,
    column,
    offset,
    address: { kind: 'value', document: document.index, pointer },
    image,
    content,
    target,
    name,
  };
}

const NOTHING_TO_WRITE: EditTarget = { ok: false, reason: 'no image is written here' };

/** What is there instead of an image that can be pulled. */
export function problemContent(image: string, problem: string): LocationContent {
  return image.startsWith(BUILT) ? { state: 'none', reason: BUILT_BY_KO } : { state: 'problem', problem };
}

/** ko (github.com/ko-build/ko) replaces such a reference to a Go program by the image that it builds, with its digest. */
const BUILT = 'ko://';
const BUILT_BY_KO = 'ko builds this image, and writes its digest';

/** Creates a location without a pinnable image. The text may be a URL with a password. */
export function locationWithout(
  context: DocumentContext,
  parts: Pick<LocationParts, 'pointer' | 'image' | 'content'>,
): ImageLocation {
  return locationAt(context, { ...parts, image: maskPassword(parts.image), target: NOTHING_TO_WRITE });
}

/** Creates a location for an image that is a single value. */
export function wholeImage(context: DocumentContext, pointer: string, image: string): ImageLocation {
  const parsed = parseReference(image);
  if (!parsed.ok) return locationWithout(context, { pointer, image, content: problemContent(image, parsed.problem) });
  const { reference } = parsed;
  const at = { text: context.text, offset: context.document.positionOf(pointer).offset };
  const written = { value: image, reference };
  const [target, name] = [imageTarget(at, written), nameTarget(at, written)];
  return locationAt(context, { pointer, image, content: { state: 'image', reference }, target, name });
}

/** The type and name of an object in a manifest, for selectors. */
export function namedType(object: JsonObject): LocatedObject {
  const { group, kind } = typeOf(object);
  const { metadata } = object;
  const [name, namespace] = ['name', 'namespace'].map((key) => (isObject(metadata) ? partText(metadata[key]) : ''));
  return { group, kind, name: name ?? '', namespace: namespace || undefined };
}

export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const segment of pointerSegments(pointer)) {
    if (Array.isArray(value)) value = value[Number(segment)];
    else value = isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
  }
  return value;
}

/** Returns the text of a field that contains a part of an image, such as a tag; `''`: the field contains no part. */
export function partText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
