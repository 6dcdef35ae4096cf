/** Whether an object of a kind that the table does not know looks as if it ran or pulled an image. A guess, for notices only. */
import { parseReference } from '../image/reference.ts';
import { escapeSegment, isObject, type JsonObject } from './pointer.ts';

export interface ImageSign {
  /** RFC 6901, from the root of the object; `*` is every item of a list. */
  readonly pointer: string;
  /** `containers`: a list of them; `image`: one image in one text; `parts`: an image put together from several fields. */
  readonly what: 'containers' | 'image' | 'parts';
}

const LISTS = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Groups whose objects speak of the images of other objects. */
const ABOUT_OTHERS = /(^|\.)(tidewaiter\.dev|kyverno\.io|gatekeeper\.sh|apiextensions\.k8s\.io|admission\.k8s\.io)$/;

/** The first list of containers, else the first image. */
export function imageSignIn(object: JsonObject, group: string): ImageSign | undefined {
  if (ABOUT_OTHERS.test(group)) return undefined;
  // The API server's own kinds hold images only in containers: a key `image` there is data, or what a node reports.
  const isBuiltIn = !group.includes('.') || group.endsWith('.k8s.io');
  let image: ImageSign | undefined;
  for (const sign of signsIn(object)) {
    if (sign.what === 'containers') return sign;
    if (!isBuiltIn) image ??= sign;
  }
  return image;
}

/** On the way to a value: the key or `*`, and what it stands in. */
interface Step {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Step | undefined;
}

function* signsIn(root: JsonObject): Generator<ImageSign> {
  const waiting: Step[] = [{ value: root, key: '', parent: undefined }];
  // An alias in YAML gives the same value many times.
  const seen = new Set<unknown>();
  for (const step of waiting) {
    const what = signOf(step.key, step.value);
    if (what !== undefined) yield { pointer: pointerOf(step), what };
    if (seen.has(step.value)) continue;
    seen.add(step.value);
    for (const child of childrenOf(step)) waiting.push(child);
  }
}

function childrenOf(parent: Step): readonly Step[] {
  const { value } = parent;
  if (Array.isArray(value)) return value.map((item: unknown) => ({ value: item, key: '*', parent }));
  if (!isObject(value)) return [];
  return Object.entries(value)
    .filter(([key]) => parent.parent !== undefined || key !== 'metadata')
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
  if (!parseReference(value).ok) return undefined;
  // The tag of a repository stands beside it.
  return match[1] === 'Repository' ? 'parts' : 'image';
}

function isInParts(value: unknown): boolean {
  const isText = (part: string): boolean => isObject(value) && typeof value[part] === 'string';
  return isText('repository') || (isText('name') && isText('tag'));
}
