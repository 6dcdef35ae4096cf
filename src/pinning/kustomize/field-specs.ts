/**
 * The fields that `images` of a kustomization changes: those in lists of containers, and those that `configurations` add
 * (kustomize, api/filters/imagetag and api/filters/fieldspec).
 */
import type { ImageLocation } from '../image-location.ts';

/** An empty group or kind matches all. */
export interface FieldSpec {
  /** The path without list items. */
  readonly path: readonly string[];
  readonly group: string;
  readonly kind: string;
  /** Limits the field to objects with this name, with or without a prefix and a suffix. */
  readonly name?: string;
}

/** Reports whether `images` changes a field. It does not change image volumes, ephemeral containers, or most custom resources. */
export function isReached(location: ImageLocation, specs: readonly FieldSpec[]): boolean {
  const { field = '' } = location;
  return /\/(?:containers|initContainers)\/[^/]+\/image$/.test(field) || isAt(location, specs);
}

/** A field that a build splits or compares. */
export interface FieldUse extends FieldSpec {
  /** Limits the field to this value. */
  readonly text?: string;
}

export function isAt({ field = '', object }: ImageLocation, specs: readonly FieldSpec[]): boolean {
  const segments = field.slice(1).split('/');
  return specs.some((spec) => isOfKind(spec, object) && leadsTo(spec.path, segments));
}

/** An object is unknown if a patch does not identify it. */
function isOfKind({ group, kind, name = '' }: FieldSpec, object: ImageLocation['object']): boolean {
  if (object === undefined) return true;
  return (
    (group === '' || group === object.group) &&
    (kind === '' || kind === object.kind) &&
    (name === '' || name.includes(object.name))
  );
}

/** Reports whether a path leads to a field; list items are not part of the path. */
function leadsTo(path: readonly string[], segments: readonly string[]): boolean {
  let at = 0;
  for (const segment of segments) {
    if (segment === path[at]) at += 1;
    else if (!/^(?:\d+|-)$/.test(segment)) return false;
  }
  return at === path.length;
}
