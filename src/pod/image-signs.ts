/** Guesses, for notices only, whether an object of an unknown kind runs or pulls images. */
import { parseReference } from '../image/reference.ts';
import { isBuiltInGroup } from './kind-entry.ts';
import { escapeSegment, isObject, type JsonObject } from './pointer.ts';

export interface ImageSign {
  /** RFC 6901, from the root of the object; `*` is every item of a list. */
  readonly pointer: string;
  /**
   * `containers`: a list of containers; `image`: one image string; `parts`: an image composed from several fields; `placeholder`: a
   * text that another program replaces by an image.
   */
  readonly what: 'containers' | 'image' | 'parts' | 'placeholder';
}

const LISTS = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Groups whose objects refer to images of other objects; those of `image.toolkit.fluxcd.io` list the tags of an image. */
const ABOUT_OTHERS =
  /(^|\.)(tidewaiter\.dev|kyverno\.io|gatekeeper\.sh|apiextensions\.k8s\.io|admission\.k8s\.io|image\.toolkit\.fluxcd\.io)$/;

/** Returns the first list of containers, otherwise the first image. */
export function imageSignIn(object: JsonObject, group: string): ImageSign | undefined {
  if (ABOUT_OTHERS.test(group)) return undefined;
  // Built-in kinds have images only in containers; a key `image` elsewhere is data or the status of a node.
  const isBuiltIn = isBuiltInGroup(group);
  let image: ImageSign | undefined;
  for (const sign of signsIn(object)) {
    if (sign.what === 'containers') return sign;
    if (!isBuiltIn) image ??= sign;
  }
  return image;
}

/** Returns the locations of all image strings. */
export function imagePointersIn(object: JsonObject, group: string): readonly string[] {
  if (ABOUT_OTHERS.test(group)) return [];
  const pointers = [...signsIn(object)].flatMap(({ what, pointer }) => (what === 'image' ? [pointer] : []));
  return [...new Set(pointers)];
}

/** A value with its key (`*` for items of a list) and its parent. */
interface Step {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Step | undefined;
}

function* signsIn(root: JsonObject): Generator<ImageSign> {
  const waiting: Step[] = [{ value: root, key: '', parent: undefined }];
  // A YAML alias repeats the same value.
  const seen = new Set<unknown>();
  for (const step of waiting) {
    const what = signOf(step.key, step.value);
    if (what !== undefined) yield { pointer: pointerOf(step), what };
    if (seen.has(step.value)) continue;
    seen.add(step.value);
    for (const child of childrenOf(step)) waiting.push(child);
  }
}

/** The parts of an object that run nothing: a status reports what ran. */
const NOT_DESIRED = new Set(['metadata', 'status']);

function childrenOf(parent: Step): readonly Step[] {
  const { value } = parent;
  if (Array.isArray(value)) return value.map((item: unknown) => ({ value: item, key: '*', parent }));
  if (!isObject(value)) return [];
  return Object.entries(value)
    .filter(([key]) => parent.parent !== undefined || !NOT_DESIRED.has(key))
    .map(([key, child]) => ({ value: child, key, parent }));
}

function pointerOf({ key, parent }: Step): string {
  if (parent === undefined) return '';
  return `${pointerOf(parent)}/${key === '*' ? key : escapeSegment(key)}`;
}

function signOf(key: string, value: unknown): ImageSign['what'] | undefined {
  if (LISTS.has(key) && Array.isArray(value) && value.some(isObject)) return 'containers';
  const match = /^(?:image|.*Image|.*_image)(Name|Ref|Reference|Repository)?$/.exec(key);
  if (match === null) return undefined;
  if (typeof value !== 'string') return isInParts(value) ? 'parts' : undefined;
  if (!parseReference(value).ok) return PLACEHOLDER.test(value) ? 'placeholder' : undefined;
  // A repository has its tag in another field.
  return match[1] === 'Repository' ? 'parts' : 'image';
}

/** `ko://…`, `$(params.image)`, or `{{ .Values.image }}`, but neither a URL of a picture nor a text for people. */
const PLACEHOLDER = /^(?!https?:|data:)[a-z][a-z\d+.-]*:\/\/\S+$|^\S*(?:\$[({]|\{\{)/;

function isInParts(value: unknown): boolean {
  const isText = (part: string): boolean => isObject(value) && typeof value[part] === 'string';
  return isText('repository') || (isText('name') && isText('tag'));
}
