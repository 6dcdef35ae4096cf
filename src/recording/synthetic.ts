/**
 * Builds the AdmissionReview that creates an object, from a manifest or from an object of a cluster. The user is unknown, and so is
 * what the admission plugins of the API server would change.
 */
import type { KindTable } from '../pod/kinds.ts';
import { API_RESOURCES } from '../pod/api-resources.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { type ObjectType, typeOf } from '../pod/workload.ts';
import type { RecordedOrigin } from './origin.ts';

export interface SyntheticOptions {
  readonly kinds: KindTable;
  /** The namespace of objects that specify none. */
  readonly namespace: string;
}

export interface SyntheticReview {
  readonly review: JsonObject;
  /** `stored`: the object was read from a cluster, for example with `kubectl get -o json`. */
  readonly object: RecordedOrigin['object'];
}

/** Returns undefined if the object has no apiVersion or no kind. The same object always gets the same UID. */
export function syntheticReview(
  object: JsonObject,
  { kinds, namespace }: SyntheticOptions,
): SyntheticReview | undefined {
  const type = typeOf(object);
  if (type.version === '' || type.kind === '') return undefined;
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const isClusterScoped = kinds.find(type.group, type.kind)?.clusterScoped === true;
  const request = {
    kind: type,
    resource: { group: type.group, version: type.version, resource: resourceOf(type) },
    name: metadata['name'] ?? '',
    namespace: isClusterScoped ? undefined : metadata['namespace'] || namespace,
    operation: 'CREATE',
    object: asApplied(object),
    oldObject: null,
    dryRun: false,
  };
  const uid = uidOf(JSON.stringify(request));
  return {
    review: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid, ...request } },
    object: isStored(metadata) ? 'stored' : 'sent',
  };
}

/** The API server sets both on every object. */
function isStored({ uid, resourceVersion }: JsonObject): boolean {
  return typeof uid === 'string' && typeof resourceVersion === 'string';
}

/** Without what the API server and controllers added. */
function asApplied(object: JsonObject): JsonObject {
  const { status: _status, metadata, ...rest } = object;
  if (!isObject(metadata)) return metadata === undefined ? rest : { metadata, ...rest };
  const { apiVersion, kind, ...content } = rest;
  const own = Object.entries(metadata).filter(([key]) => !OF_SERVER.has(key));
  return { apiVersion, kind, metadata: Object.fromEntries(own), ...content };
}

const OF_SERVER = new Set([
  'managedFields',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
]);

function resourceOf({ group, kind }: ObjectType): string {
  const known = API_RESOURCES.find((one) => one.group === group && one.kind === kind);
  return known?.resource ?? guessedPlural(kind.toLowerCase());
}

/** Like UnsafeGuessKindToResource in k8s.io/apimachinery pkg/api/meta. */
export function guessedPlural(singular: string): string {
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/** A UUID of version 8 (RFC 9562), from four hashes (FNV-1a, with the finalizer of MurmurHash3). */
function uidOf(text: string): string {
  const hex = SEEDS.map((seed) => hashOf(text, seed).toString(16).padStart(8, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}

const SEEDS = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];

function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
