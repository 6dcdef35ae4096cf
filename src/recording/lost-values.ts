/** Finds the values in a recorded object that are not recorded: `redacted` of its line lists their pointers. */
import { pointerSegments } from '../pod/pointer.ts';

/** The keys of an object or a list whose values are lost. */
export type LostKeys = ReadonlyMap<object, ReadonlySet<string>>;

/** The objects of a review. A pointer to one of them means that any value in it can be lost. */
const OBJECTS = ['/request/object', '/request/oldObject'] as const;
/** Parts of a request that no rule reads. */
const UNREAD = ['/request/userInfo/extra', '/request/options'] as const;

export interface LostPaths {
  /** Below the object, or its predecessor. */
  readonly inObject: readonly string[];
  /** In the request itself. */
  readonly inRequest: boolean;
}

export function lostPaths(redacted: readonly string[]): LostPaths {
  const inObject = new Set<string>();
  let inRequest = false;
  for (const pointer of redacted) {
    const root = OBJECTS.find((one) => isAtOrBelow(pointer, one));
    if (root !== undefined) inObject.add(pointer.slice(root.length));
    else if (!UNREAD.some((one) => isAtOrBelow(pointer, one))) inRequest = true;
  }
  return { inObject: [...inObject], inRequest };
}

function isAtOrBelow(pointer: string, root: string): boolean {
  return pointer === root || pointer.startsWith(`${root}/`);
}

/** `paths`: with `*` for each element of a list. */
export function lostKeysIn(root: object, paths: readonly string[]): LostKeys {
  const lost = new Map<object, Set<string>>();
  for (const path of paths) {
    // Too many paths were lost to list them.
    if (path === '') addAll(root, lost);
    else addPath(root, pointerSegments(path), lost);
  }
  return lost;
}

function addPath(root: object, segments: readonly string[], lost: Map<object, Set<string>>): void {
  const last = segments.at(-1) ?? '';
  let parents: readonly object[] = [root];
  for (const segment of segments.slice(0, -1)) parents = parents.flatMap((parent) => childrenAt(parent, segment));
  for (const parent of parents) {
    for (const key of keysAt(parent, last)) addKey(parent, key, lost);
    for (const child of childrenAt(parent, last)) addAll(child, lost);
  }
}

function keysAt(parent: object, segment: string): readonly string[] {
  return segment === '*' && Array.isArray(parent) ? Object.keys(parent) : [segment];
}

function childrenAt(parent: object, segment: string): readonly object[] {
  return keysAt(parent, segment).flatMap((key) => {
    const child: unknown = Reflect.get(parent, key);
    return typeof child === 'object' && child !== null ? [child] : [];
  });
}

function addKey(parent: object, key: string, lost: Map<object, Set<string>>): void {
  const keys = lost.get(parent);
  if (keys === undefined) lost.set(parent, new Set([key]));
  else keys.add(key);
}

/** What is left of a value that was reduced. */
function addAll(value: object, lost: Map<object, Set<string>>): void {
  for (const [key, child] of Object.entries(value)) {
    addKey(value, key, lost);
    if (typeof child === 'object' && child !== null) addAll(child, lost);
  }
}
