/** Manifests and indexes: OCI image-spec (manifest.md, image-index.md) and their older forms, Docker's schema 2. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageOrigin, Platform } from '../policy/registry-fact.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { originIn } from './image-origin.ts';
import { hasTooManyValues, MAX_VALUES, parsedObject } from './response-json.ts';
import { protocolError } from './network-errors.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPES: readonly string[] = [OCI_INDEX, 'application/vnd.docker.distribution.manifest.list.v2+json'];
const IMAGE_TYPES: readonly string[] = [OCI_IMAGE, 'application/vnd.docker.distribution.manifest.v2+json'];
/**
 * Each request accepts all types: without index types, a registry returns the manifest of one platform, with another digest,
 * or 404.
 */
export const MANIFEST_TYPES: readonly string[] = [...INDEX_TYPES, ...IMAGE_TYPES];
/** The signature is inside the document, so the digest is not that of its bytes. Container runtimes reject it. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;
/** Generic types from servers that do not know the content, such as storage. */
const SAYS_NOTHING = /^(application\/json|(application|binary)\/octet-stream|text\/plain|)$/;
/** Configurations that state a platform; artifacts (charts, signatures) have other types. */
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/**
 * The distribution spec requires registries to accept 4 MiB, and CNCF distribution accepts no more. containerd reads 8 MiB, but
 * few registries accept such a manifest, and a larger limit would let any registry use more memory.
 */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024 + 64 * 1024;
/** All platforms are cached and compared. Real indexes have tens. */
const MAX_MANIFESTS = 500;
/** The length limit for an operating system, an architecture, or a variant. */
const MAX_NAME = 64;
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

export interface Descriptor {
  readonly digest: string;
  readonly size: number;
  /** RFC 3339, from `org.opencontainers.image.created`. */
  readonly created: string | undefined;
}

interface Annotated {
  /** From the annotations. */
  readonly origin: ImageOrigin;
}

export type Manifest =
  | (Annotated & { readonly kind: 'index'; readonly images: readonly IndexEntry[] })
  | (Annotated & { readonly kind: 'image'; readonly config: Descriptor | undefined; readonly sizeBytes: number });

export interface IndexEntry extends Descriptor, Annotated {
  readonly isImage: boolean;
  readonly platform: Platform | undefined;
}

/** Returns the type without its parameters; `undefined`: only the document states it. Throws for other types than manifests. */
export function manifestType(header: string | undefined, name: string): string | undefined {
  const type = (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (MANIFEST_TYPES.includes(type)) return type;
  if (SAYS_NOTHING.test(type)) return undefined;
  if (SCHEMA_1.test(type)) throw schema1(name);
  const remedy = type === 'text/html' ? 'check the host; a proxy may require a login' : undefined;
  throw protocolError(`${name} returned ${quoteValue(type, 80)}; expected a manifest`, remedy);
}

function schema1(name: string): Error {
  const remedy = 'push the image again with a current tool, as an OCI or schema 2 manifest';
  return protocolError(`${name} has only a schema 1 manifest, which container runtimes no longer pull`, remedy);
}

/** Returns the document's `mediaType`, which only OCI makes optional, or infers the type from its keys. */
export function typeInside(bytes: Buffer, name: string): string {
  const document = documentIn(bytes, (what) => protocolError(`${name} returned a manifest that ${what}`));
  const { mediaType, schemaVersion } = document;
  const stated = typeof mediaType === 'string' ? manifestType(mediaType, name) : undefined;
  if (stated !== undefined) return stated;
  if (schemaVersion === 1 || 'fsLayers' in document || 'signatures' in document) throw schema1(name);
  if (Array.isArray(document['manifests'])) return OCI_INDEX;
  if (isObject(document['config']) && Array.isArray(document['layers'])) return OCI_IMAGE;
  throw protocolError(`${name} returned a manifest without a media type`);
}

/** `type`: from the header; a different type in the document is an error. */
export function readManifest(bytes: Buffer, type: string, name: string): Manifest {
  const wrong = (what: string): Error => protocolError(`${name} returned a manifest that ${what}`);
  const document = documentIn(bytes, wrong);
  const { mediaType, schemaVersion } = document;
  if (schemaVersion !== 2) throw wrong('does not have "schemaVersion": 2');
  if (mediaType !== undefined && mediaType !== type) {
    const inside = typeof mediaType === 'string' ? quoteValue(mediaType, 80) : 'something else';
    throw wrong(`has the mediaType ${inside}, but the Content-Type ${quoteValue(type, 80)}`);
  }
  // Clients could read such a document as either, so the image that runs is ambiguous.
  if ('manifests' in document && ('layers' in document || 'config' in document))
    throw wrong('is both an index and an image');
  return INDEX_TYPES.includes(type) ? indexIn(document, wrong) : imageIn(document, wrong);
}

function documentIn(bytes: Buffer, wrong: (what: string) => Error): JsonObject {
  if (hasTooManyValues(bytes)) throw wrong(`has more than ${MAX_VALUES} values`);
  const document = parsedObject(bytes);
  if (document === undefined) throw wrong('is not a JSON object');
  return document;
}

function indexIn(document: JsonObject, wrong: (what: string) => Error): Manifest {
  const { manifests } = document;
  if (!Array.isArray(manifests)) throw wrong('has no list of manifests');
  if (manifests.length > MAX_MANIFESTS) throw wrong(`lists more than ${MAX_MANIFESTS} manifests`);
  const images = manifests.map((entry: unknown) => {
    const descriptor = descriptorIn(entry);
    if (descriptor === undefined) throw wrong('has an entry without digest and size');
    const { mediaType, platform, annotations } = entry as JsonObject;
    const isImage = IMAGE_TYPES.includes(String(mediaType)) && !isOfNoPlatform(platform);
    return { ...descriptor, isImage, platform: platformIn(platform), origin: originIn(annotations) };
  });
  return { kind: 'index', images, origin: originIn(document['annotations']) };
}

function imageIn(document: JsonObject, wrong: (what: string) => Error): Manifest {
  const { config, layers } = document;
  const descriptor = descriptorIn(config);
  if (descriptor === undefined || !Array.isArray(layers)) throw wrong('has no configuration or no layers');
  const parts = layers.map(descriptorIn);
  if (parts.includes(undefined)) throw wrong('has a layer without digest and size');
  const sizeBytes = parts.reduce((sum, part) => sum + (part?.size ?? 0), descriptor.size);
  const isImage = CONFIG_TYPES.includes(String((config as JsonObject)['mediaType']));
  const origin = originIn(document['annotations']);
  return { kind: 'image', config: isImage ? descriptor : undefined, sizeBytes, origin };
}

function descriptorIn(value: unknown): Descriptor | undefined {
  if (!isObject(value)) return undefined;
  const { digest, size, annotations } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  const created = isObject(annotations) ? annotations['org.opencontainers.image.created'] : undefined;
  return { digest, size, created: typeof created === 'string' ? created : undefined };
}

/** Reports whether it is BuildKit's mark for attestations, which an index lists next to images. */
function isOfNoPlatform(value: unknown): boolean {
  return isObject(value) && value['os'] === 'unknown' && value['architecture'] === 'unknown';
}

/** Reads the platform of a descriptor in an index, or of a configuration: both have the same keys. */
export function platformIn(value: unknown): Platform | undefined {
  if (!isObject(value)) return undefined;
  const { os, architecture, variant } = value;
  if (!isName(os) || !isName(architecture)) return undefined;
  return { os, architecture, variant: isName(variant) ? variant : undefined };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
}

/** Unix time in milliseconds. `undefined`: no time, or the year 1, which is Go's zero time. */
export function createdIn(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T/.test(text) || text.startsWith('0001-'))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
