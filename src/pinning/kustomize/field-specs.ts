/**
 * Which fields `images` of a kustomization reaches: those in lists of containers, and what `configurations` add
 * (kustomize, api/filters/imagetag and api/filters/fieldspec).
 */
import type { ImageLocation } from '../image-location.ts';

/** An empty group or kind is any. */
export interface FieldSpec {
  /** Without the items of lists. */
  readonly path: readonly string[];
  readonly group: string;
  readonly kind: string;
  /** Only of these objects, by a name that they have, or had before it got a prefix or a suffix. */
  readonly name?: string;
}

/** Other fields are left alone: image volumes, ephemeral containers, most custom resources. */
export function isReached(location: ImageLocation, specs: readonly FieldSpec[]): boolean {
  const { field = '' } = location;
  return /\/(?:containers|initContainers)\/[^/]+\/image$/.test(field) || isAt(location, specs);
}

/** A field that a build takes apart or compares. */
export interface FieldUse extends FieldSpec {
  /** Only where it holds this text. */
  readonly text?: string;
}

export function isAt({ field = '', object }: ImageLocation, specs: readonly FieldSpec[]): boolean {
  const segments = field.slice(1).split('/');
  return specs.some((spec) => isOfKind(spec, object) && leadsTo(spec.path, segments));
}

/** What a patch changes may be unknown. */
function isOfKind({ group, kind, name = '' }: FieldSpec, object: ImageLocation['object']): boolean {
  if (object === undefined) return true;
  return (
    (group === '' || group === object.group) &&
    (kind === '' || kind === object.kind) &&
    (name === '' || name.includes(object.name))
  );
}

/** Every item of a list on the way counts, and has no part in the path. */
function leadsTo(path: readonly string[], segments: readonly string[]): boolean {
  let at = 0;
  for (const segment of segments) {
    if (segment === path[at]) at += 1;
    else if (!/^(?:\d+|-)$/.test(segment)) return false;
  }
  return at === path.length;
}
