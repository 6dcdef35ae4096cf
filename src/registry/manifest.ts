/** Manifests and indexes: OCI image-spec (manifest.md, image-index.md) and their older forms, Docker's schema 2. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import type { Platform } from '../policy/registry-fact.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { hasTooManyValues, MAX_VALUES, parsedObject } from './response-json.ts';
import { protocolError } from './network-errors.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPES: readonly string[] = [OCI_INDEX, 'application/vnd.docker.distribution.manifest.list.v2+json'];
const IMAGE_TYPES: readonly string[] = [OCI_IMAGE, 'application/vnd.docker.distribution.manifest.v2+json'];
/** All of them, always: without the type of an index a registry answers for one platform, with another digest, or 404. */
export const MANIFEST_TYPES: readonly string[] = [...INDEX_TYPES, ...IMAGE_TYPES];
/** Signed inside of the document, so its bytes do not hash to its digest; runtimes do not pull it any more. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;
/** What servers say that do not know what they serve, storage above all. */
const SAYS_NOTHING = /^(application\/json|(application|binary)\/octet-stream|text\/plain|)$/;
/** Of a configuration that says what runs where; artifacts (charts, signatures) have others. */
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/**
 * What registries take: 4 MiB is what the distribution spec asks of them and what CNCF distribution refuses to go beyond. A runtime
 * would read 8 MiB (containerd); but memory for what hardly anybody can push would be at the hands of all who name registries.
 */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024 + 64 * 1024;
/** All of its platforms are remembered and compared. Real indexes have tens. */
const MAX_MANIFESTS = 500;
/** Of the name of a system, an architecture or a variant. */
const MAX_NAME = 64;
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

export interface Descriptor {
  readonly digest: string;
  readonly size: number;
  /** RFC 3339, from `org.opencontainers.image.created`. */
  readonly created: string | undefined;
}

export type Manifest =
  | { readonly kind: 'index'; readonly images: readonly IndexEntry[] }
  | { readonly kind: 'image'; readonly config: Descriptor | undefined; readonly sizeBytes: number };

export interface IndexEntry extends Descriptor {
  readonly isImage: boolean;
  readonly platform: Platform | undefined;
}

/** The type without its parameters; undefined where the document must say it. Throws for what is no manifest that can be run. */
export function manifestType(header: string | undefined, name: string): string | undefined {
  const type = (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (MANIFEST_TYPES.includes(type)) return type;
  if (SAYS_NOTHING.test(type)) return undefined;
  if (SCHEMA_1.test(type)) throw schema1(name);
  const remedy = type === 'text/html' ? 'check the host; a proxy may ask for a login' : undefined;
  throw protocolError(`${name} returned ${quoteValue(type, 80)}; expected a manifest`, remedy);
}

function schema1(name: string): Error {
  const remedy = 'push the image again with a current tool, as an OCI or schema 2 manifest';
  return protocolError(`${name} has only a schema 1 manifest, which container runtimes no longer pull`, remedy);
}

/** By the document alone: `mediaType`, which only OCI lets be absent, else what is in it. */
export function typeInside(bytes: Buffer, name: string): string {
  const document = documentIn(bytes, (what) => protocolError(`${name} returned a manifest that ${what}`));
  const { mediaType, schemaVersion } = document;
  const said = typeof mediaType === 'string' ? manifestType(mediaType, name) : undefined;
  if (said !== undefined) return said;
  if (schemaVersion === 1 || 'fsLayers' in document || 'signatures' in document) throw schema1(name);
  if (Array.isArray(document['manifests'])) return OCI_INDEX;
  if (isObject(document['config']) && Array.isArray(document['layers'])) return OCI_IMAGE;
  throw protocolError(`${name} returned a manifest without a media type`);
}

/** `type` is the header's; the document must agree with it. */
export function readManifest(bytes: Buffer, type: string, name: string): Manifest {
  const wrong = (what: string): Error => protocolError(`${name} returned a manifest that ${what}`);
  const document = documentIn(bytes, wrong);
  const { mediaType, schemaVersion } = document;
  if (schemaVersion !== 2) throw wrong('does not have "schemaVersion": 2');
  if (mediaType !== undefined && mediaType !== type) {
    const inside = typeof mediaType === 'string' ? quoteValue(mediaType, 80) : 'something else';
    throw wrong(`has the mediaType ${inside}, but the Content-Type ${quoteValue(type, 80)}`);
  }
  // Both could be read out of a document that has both: which of the two would then be run is not ours to guess.
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
    const { mediaType, platform } = entry as JsonObject;
    const isImage = IMAGE_TYPES.includes(String(mediaType)) && !isOfNoPlatform(platform);
    return { ...descriptor, isImage, platform: platformIn(platform) };
  });
  return { kind: 'index', images };
}

function imageIn(document: JsonObject, wrong: (what: string) => Error): Manifest {
  const { config, layers } = document;
  const descriptor = descriptorIn(config);
  if (descriptor === undefined || !Array.isArray(layers)) throw wrong('has no configuration or no layers');
  const parts = layers.map(descriptorIn);
  if (parts.includes(undefined)) throw wrong('has a layer without digest and size');
  const sizeBytes = parts.reduce((sum, part) => sum + (part?.size ?? 0), descriptor.size);
  const isImage = CONFIG_TYPES.includes(String((config as JsonObject)['mediaType']));
  return { kind: 'image', config: isImage ? descriptor : undefined, sizeBytes };
}

function descriptorIn(value: unknown): Descriptor | undefined {
  if (!isObject(value)) return undefined;
  const { digest, size, annotations } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  const created = isObject(annotations) ? annotations['org.opencontainers.image.created'] : undefined;
  return { digest, size, created: typeof created === 'string' ? created : undefined };
}

/** So BuildKit marks its attestations, which stand beside the images. */
function isOfNoPlatform(value: unknown): boolean {
  return isObject(value) && value['os'] === 'unknown' && value['architecture'] === 'unknown';
}

/** Of a descriptor in an index, or of a configuration: both have the same keys. */
export function platformIn(value: unknown): Platform | undefined {
  if (!isObject(value)) return undefined;
  const { os, architecture, variant } = value;
  if (!isName(os) || !isName(architecture)) return undefined;
  return { os, architecture, variant: isName(variant) ? variant : undefined };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
}

/** Milliseconds since 1970; undefined for no time, and for the year 1, which is Go's way to say so. */
export function createdIn(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T/.test(text) || text.startsWith('0001-'))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
