/** Finds pod specs and images in the OpenAPI schema of a CustomResourceDefinition. */
import { UserError } from '../error/user-error.ts';
import type { KindEntry } from './kind-entry.ts';
import { escapeSegment, isObject, type JsonObject } from './pointer.ts';

export interface CrdKind {
  readonly entry: KindEntry;
  /** Locations of images that are composed from `repository` and `tag`, which an entry cannot express. */
  readonly parts: readonly string[];
  /** Locations without a schema that can contain Pods, by their names. */
  readonly open: readonly string[];
}

/** Bounds the time for schemas with YAML aliases. */
const MAX_NODES = 1_000_000;

interface Search {
  readonly podSpecs: Set<string>;
  readonly images: Set<string>;
  readonly parts: Set<string>;
  readonly open: Set<string>;
  nodes: number;
}

/** Returns undefined if the object has no group and kind. */
export function kindOfCrd(crd: JsonObject): CrdKind | undefined {
  const spec = objectAt(crd, 'spec');
  const names = objectAt(spec, 'names');
  const [group, kind, resource] = [spec['group'], names['kind'], names['plural']];
  if (typeof group !== 'string' || typeof kind !== 'string') return undefined;
  const search: Search = { podSpecs: new Set(), images: new Set(), parts: new Set(), open: new Set(), nodes: 0 };
  for (const schema of schemasOf(spec)) searchRoot(schema, search);
  const inPods = (pointer: string): boolean => [...search.podSpecs].some((pod) => pointer.startsWith(`${pod}/`));
  return {
    entry: {
      group,
      kind,
      ...(typeof resource === 'string' ? { resource } : {}),
      podSpecs: [...search.podSpecs],
      images: [...search.images].filter((pointer) => !inPods(pointer)),
      clusterScoped: spec['scope'] === 'Cluster',
    },
    parts: [...search.parts],
    open: [...search.open],
  };
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** Of all versions, and of the form before apiextensions.k8s.io/v1. */
function schemasOf(spec: JsonObject): readonly JsonObject[] {
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isObject) : [];
  return [...versions.map((version) => objectAt(version, 'schema')), objectAt(spec, 'validation')].map((holder) =>
    objectAt(holder, 'openAPIV3Schema'),
  );
}

const NOT_SEARCHED = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function searchRoot(schema: JsonObject, search: Search): void {
  for (const [key, child] of Object.entries(objectAt(schema, 'properties')))
    if (!NOT_SEARCHED.has(key)) visit(`/${escapeSegment(key)}`, child, search);
}

const HOLDS_PODS = /(?:^|[a-z/])(?:template|spec|pod|container|manifest|object)s?(?:\/\*)?$/i;

function visit(pointer: string, schema: unknown, search: Search): void {
  if (!isObject(schema)) return;
  search.nodes += 1;
  if (search.nodes > MAX_NODES) throw new UserError(`the schema has more than ${MAX_NODES} fields`);
  if (isPodSpec(schema)) {
    search.podSpecs.add(pointer);
    return;
  }
  const properties = objectAt(schema, 'properties');
  const isOpen = Object.keys(properties).length === 0 && schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isOpen && HOLDS_PODS.test(pointer)) search.open.add(pointer);
  for (const [key, child] of Object.entries(properties)) {
    const at = `${pointer}/${escapeSegment(key)}`;
    if (isObject(child) && !addImage(at, imageIn(key, child), search)) visit(at, child, search);
  }
  visit(`${pointer}/*`, schema['items'], search);
  visit(`${pointer}/*`, schema['additionalProperties'], search);
}

/** Reports whether the location is an image. */
function addImage(at: string, found: ReturnType<typeof imageIn>, { images, parts }: Search): boolean {
  if (found === 'parts') parts.add(at);
  else if (found !== undefined) images.add(found === 'reference' ? `${at}/reference` : at);
  return found !== undefined;
}

/** A pod spec that is complete: without containers, it is merged into another one, and only its images count. */
function isPodSpec(schema: JsonObject): boolean {
  const required = schema['required'];
  const containers = objectAt(objectAt(schema, 'properties'), 'containers');
  const item = objectAt(objectAt(containers, 'items'), 'properties');
  return Array.isArray(required) && required.includes('containers') && isText(item['name']) && isText(item['image']);
}

function isText(schema: unknown): boolean {
  return isObject(schema) && schema['type'] === 'string';
}

function imageIn(key: string, schema: JsonObject): 'image' | 'reference' | 'parts' | undefined {
  if (!/^(?:image|.*Image|.*_image)(?:Name)?$/.test(key)) return undefined;
  if (schema['type'] === 'string') return schema['enum'] === undefined ? 'image' : undefined;
  const properties = objectAt(schema, 'properties');
  // An image volume.
  if (isText(properties['reference']) && isText(properties['pullPolicy'])) return 'reference';
  return isText(properties['repository']) ? 'parts' : undefined;
}
