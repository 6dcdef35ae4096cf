/** Objects of custom kinds with values that their CRD may allow in another version: the rest of the object, and what is skipped. */
import type { KindTable } from '../pod/kinds.ts';
import { readableObject } from '../pod/misshapen.ts';
import { shownPointer } from '../pod/pointer.ts';
import type { ShapeFault } from '../pod/workload.ts';
import type { Manifest } from './manifest-objects.ts';
import type { UncheckedObject } from './unchecked-objects.ts';

export interface MisshapenValue extends ShapeFault {
  readonly manifest: Manifest;
}

export interface ReadableManifest {
  /** Without the misshapen values. */
  readonly readable: Manifest;
  readonly skipped: readonly MisshapenValue[];
}

/** Returns undefined if the object has no misshapen values, or another fault. */
export function readableManifest(manifest: Manifest, kinds: KindTable): ReadableManifest | undefined {
  const { request } = manifest;
  const found = request.object === undefined ? undefined : readableObject(request.object, request.type, kinds);
  if (found === undefined) return undefined;
  return {
    readable: { ...manifest, request: { ...request, object: found.object } },
    skipped: found.faults.map((fault) => ({ manifest, ...fault })),
  };
}

/** Makes one entry for each object, with the first fault of the kind and the number of other locations. */
export function misshapenObjects(all: readonly MisshapenValue[]): readonly UncheckedObject[] {
  const kinds = Map.groupBy(all, ({ manifest: { request } }) => `${request.type.group}/${request.type.kind}`);
  return [...kinds.values()].flatMap((same) => {
    const places = new Map(same.map((one) => [one.pointer.replaceAll(/\/\d+(?=\/|$)/g, '/*'), one]));
    const [{ pointer, problem }] = same as [MisshapenValue];
    const others = places.size === 1 ? '' : ` (and ${places.size - 1} other location${places.size === 2 ? '' : 's'})`;
    const reason = `${shownPointer(pointer)}: ${problem}${others}; serve denies such objects`;
    return [...new Set(same.map(({ manifest }) => manifest))].map((manifest): UncheckedObject => ({
      manifest,
      what: 'images',
      pointer,
      reason,
    }));
  });
}
