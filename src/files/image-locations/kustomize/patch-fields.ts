/** Finds the values in a patch that become images of an object, by the table of kinds, or by field names for other kinds. */
import type { Kind } from '../../../pod/kinds.ts';
import { escapeSegment, isObject } from '../../../pod/pointer.ts';
import type { PatchedKinds } from './patched-kinds.ts';

export interface PatchField {
  /** Pointer from the value. */
  readonly pointer: string;
  /** Path from the patched object. */
  readonly field: readonly string[];
  readonly image: string;
  /** True if the field can only contain an image. */
  readonly certain: boolean;
}

export interface PatchedAt {
  readonly field: readonly string[];
  readonly kinds: PatchedKinds;
  /** True if any `image` in the spec counts, as in a patch that does not name its kind. */
  readonly loose: boolean;
}

export function imageFields(value: unknown, at: PatchedAt, pointer = ''): readonly PatchField[] {
  const { field, kinds } = at;
  if (typeof value === 'string') {
    const certain = isImageField(field, kinds);
    return value !== '' && (certain || isPossible(field, kinds) || (at.loose && isLooseField(field)))
      ? [{ pointer, field, image: value, certain }]
      : [];
  }
  return childrenOf(value).flatMap(([key, child]) =>
    imageFields(child, { ...at, field: [...field, key] }, `${pointer}/${escapeSegment(key)}`),
  );
}

function childrenOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((child: unknown, index) => [String(index), child] as const);
  return isObject(value) ? Object.entries(value) : [];
}

const LISTS: ReadonlySet<string | undefined> = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Reports whether the field contains an image, a container, a list of containers, or a Pod template. */
export function holdsImage(field: readonly string[], kinds: PatchedKinds): boolean {
  return isImageOrContainers(field, kinds) || ['template', 'spec', 'jobTemplate'].includes(field.at(-1) ?? '');
}

export function isImageOrContainers(field: readonly string[], kinds: PatchedKinds): boolean {
  return (
    isImageField(field, kinds) ||
    isPossible(field, kinds) ||
    isLooseField(field) ||
    LISTS.has(field.at(-1)) ||
    LISTS.has(field.at(-2))
  );
}

export function isImageField(field: readonly string[], { sure }: PatchedKinds): boolean {
  const [volumes, , image] = field.slice(-4);
  if (field.at(-1) === 'image' && LISTS.has(field.at(-3))) return true;
  if (field.at(-1) === 'reference' && volumes === 'volumes' && image === 'image') return true;
  return isImageOf(field, sure);
}

function isPossible(field: readonly string[], { possible }: PatchedKinds): boolean {
  return isImageOf(field, possible);
}

function isImageOf(field: readonly string[], kinds: readonly Kind[]): boolean {
  return kinds.some(({ images }) => images.some((pattern) => matches(field, pattern)));
}

function isLooseField(field: readonly string[]): boolean {
  return field.at(-1) === 'image' && field[0] === 'spec';
}

function matches(field: readonly string[], pattern: readonly string[]): boolean {
  return field.length === pattern.length && pattern.every((part, index) => part === '*' || part === field[index]);
}
