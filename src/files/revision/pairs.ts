/** Finds the old object of each object: a changed object is the UPDATE that `kubectl apply` would send. */
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../pod/pointer.ts';
import type { Manifest } from '../manifest-objects.ts';

interface Objects {
  readonly now: readonly Manifest[];
  readonly before: readonly Manifest[];
}

interface Compared {
  readonly equal: ReadonlySet<Manifest>;
  /** The objects that differ, as updates of their old ones. */
  readonly updates: ReadonlyMap<Manifest, Manifest>;
}

export interface Comparison {
  /** Adds old objects. All those with the same key must be added together. */
  add(before: readonly Manifest[]): void;
  /** Pairs what is left by kind and name only. */
  finish(): Compared;
}

/** Keeps no old objects that are equal to an object of today. */
export function createComparison(now: readonly Manifest[], keyOf: (manifest: Manifest) => string): Comparison {
  const waiting = Map.groupBy(now, keyOf);
  const left: Manifest[] = [];
  const equal = new Set<Manifest>();
  const updates = new Map<Manifest, Manifest>();
  const settle = (pairs: Pairs): void => {
    for (const [manifest, before] of pairs) {
      if (isEqual(manifest, before)) equal.add(manifest);
      else updates.set(manifest, update(manifest, before));
    }
  };
  return {
    add(before) {
      for (const [key, group] of Map.groupBy(before, keyOf)) {
        const pairs: Pairs = new Map();
        const rest = pair(pairs, { now: waiting.get(key) ?? [], before: group });
        settle(pairs);
        waiting.set(key, [...rest.now]);
        for (const one of rest.before) left.push(withoutPlaces(one));
      }
    },
    finish() {
      const unpaired = Map.groupBy([...waiting.values()].flat(), identity);
      const candidates = Map.groupBy(left, identity);
      for (const [key, group] of unpaired) {
        const pairs: Pairs = new Map();
        pair(pairs, { now: group, before: candidates.get(key) ?? [] });
        settle(pairs);
      }
      return { equal, updates };
    },
  };
}

/** Places need the parsed document, and findings never point into a revision. */
function withoutPlaces(manifest: Manifest): Manifest {
  const nowhere = { file: manifest.file, line: null, column: null };
  return { ...manifest, placeOf: () => nowhere };
}

type Pairs = Map<Manifest, Manifest>;

/** A recorded review already has its operation and its stored object. */
export function isComparable({ isRecorded }: Manifest): boolean {
  return isRecorded !== true;
}

export function identity({ request }: Manifest): string {
  const { type, namespace, name, object } = request;
  const metadata = object?.['metadata'];
  const prefix = isObject(metadata) && name === '' ? metadata['generateName'] : undefined;
  return JSON.stringify([type.group, type.kind, namespace, name, prefix]);
}

/** Adds pairs of objects with one key: equal objects first, then the rest if it is one object on each side. Returns the rest. */
function pair(pairs: Pairs, objects: Objects): Objects {
  const rest = withoutEqual(pairs, objects);
  const [one, ...others] = rest.now;
  const [old, ...otherOld] = rest.before;
  const isUnique = others.length + otherOld.length === 0;
  if (!isUnique || one === undefined || old === undefined) return rest;
  pairs.set(one, old);
  return { now: [], before: [] };
}

/** Pairs objects with equal text if there are several with one key. */
function withoutEqual(pairs: Pairs, { now, before }: Objects): Objects {
  if (before.length === 0 || now.length + before.length === 2) return { now, before };
  const textOf = ({ request }: Manifest): string => JSON.stringify([request.type, request.object]);
  const byText = Map.groupBy(before, textOf);
  const differing = now.filter((manifest) => {
    const old = byText.get(textOf(manifest))?.pop();
    if (old !== undefined) pairs.set(manifest, old);
    return old === undefined;
  });
  return { now: differing, before: [...byText.values()].flat() };
}

function isEqual(now: Manifest, before: Manifest): boolean {
  return (
    now.request.type.version === before.request.type.version &&
    isDeepStrictEqual(now.request.object, before.request.object)
  );
}

function update(manifest: Manifest, { request: { object: oldObject } }: Manifest): Manifest {
  const { request } = manifest;
  return { ...manifest, request: { ...request, operation: 'UPDATE', oldObject } };
}
