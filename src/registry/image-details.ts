/** Fetches the details of an image: platforms, age, and size. */
import { quoteValue } from '../image/quote.ts';
import type { Platform, RegistryDetails } from '../policy/registry-fact.ts';
import { RegistryError } from './client.ts';
import { type ManifestContent, fetchBlob, fetchManifest, type ManifestRequest } from './fetch-manifest.ts';
import { parsedObject } from './response-json.ts';
import {
  createdIn,
  type Descriptor,
  type IndexEntry,
  type Manifest,
  MAX_CONFIG_BYTES,
  platformIn,
} from './manifest.ts';
import { subjectOf } from './endpoint.ts';
import { protocolError } from './network-errors.ts';

/** The images of an index that are fetched, at two requests each. The age of a larger index is unknown. */
const MAX_IMAGES = 16;

export async function fetchDetails(request: ManifestRequest): Promise<RegistryDetails> {
  const found = await fetchManifest(request);
  const { digest, type: mediaType, manifest } = found;
  if (manifest.kind === 'index') return { digest, mediaType, ...(await indexDetails(manifest.images, request)) };
  const { platform, createdMs } = await imageDetails(manifest, undefined, request);
  const platforms = platform === undefined ? [] : [platform];
  return { digest, mediaType, platforms, createdMs, sizeBytes: manifest.sizeBytes };
}

type Described = Pick<RegistryDetails, 'platforms' | 'imageDigests' | 'createdMs' | 'sizeBytes'>;

async function indexDetails(entries: readonly IndexEntry[], request: ManifestRequest): Promise<Described> {
  const images = entries.filter(({ isImage }) => isImage);
  const read = await Promise.all(
    images.slice(0, MAX_IMAGES).map((entry, index) => entryDetails(entry, index === 0, request)),
  );
  const rest = images.slice(MAX_IMAGES);
  const platforms = [...read, ...rest].flatMap(({ platform }) => (platform === undefined ? [] : [platform]));
  const times = [...read.map(({ createdMs }) => createdMs), ...rest.map(({ created }) => createdIn(created))];
  const known = times.filter((time) => time !== undefined);
  return {
    platforms,
    imageDigests: images.map(({ digest }) => digest),
    createdMs: known.length === times.length && known.length > 0 ? Math.max(...known) : undefined,
    sizeBytes: read[0]?.sizeBytes ?? 0,
  };
}

interface ImageDetails {
  readonly platform: Platform | undefined;
  readonly createdMs: number | undefined;
  readonly sizeBytes: number;
}

/** Fetches the size of the first image only. Other images need no request if the index states their platform and time. */
async function entryDetails(entry: IndexEntry, isFirst: boolean, request: ManifestRequest): Promise<ImageDetails> {
  const createdMs = createdIn(entry.created);
  const { platform } = entry;
  if (!isFirst && platform !== undefined && createdMs !== undefined) return { platform, createdMs, sizeBytes: 0 };
  const { manifest }: ManifestContent = await part(request, fetchManifest({ ...request, reference: entry.digest }));
  if (manifest.kind === 'index') {
    throw protocolError(
      `${request.conversation.endpoint.name} returned an index for ${quoteValue(entry.digest)}; expected an image`,
    );
  }
  const own = await imageDetails(manifest, entry, request);
  return { ...own, platform: platform ?? own.platform, sizeBytes: manifest.sizeBytes };
}

async function imageDetails(
  { config }: Extract<Manifest, { readonly kind: 'image' }>,
  entry: IndexEntry | undefined,
  request: ManifestRequest,
): Promise<Omit<ImageDetails, 'sizeBytes'>> {
  const stated = createdIn(entry?.created);
  // An artifact has no platform.
  if (config === undefined) return { platform: undefined, createdMs: stated };
  if (entry?.platform !== undefined && stated !== undefined) return { platform: entry.platform, createdMs: stated };
  const { name } = request.conversation.endpoint;
  const document = parsedObject(await part(request, fetchBlob(limited(config, name), request)));
  if (document === undefined) throw protocolError(`${name} returned an image configuration that is not a JSON object`);
  return { platform: platformIn(document), createdMs: stated ?? createdIn(document['created']) };
}

/** The image exists, so a missing part must not be reported as a missing image. */
async function part<T>({ conversation: { endpoint } }: ManifestRequest, fetched: Promise<T>): Promise<T> {
  try {
    return await fetched;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.failure.cause !== 'notFound') throw error;
    throw protocolError(`${endpoint.name} does not have all parts of ${subjectOf(endpoint)}`, 'push the image again');
  }
}

function limited(config: Descriptor, name: string): Descriptor {
  if (config.size <= MAX_CONFIG_BYTES) return config;
  throw protocolError(
    `${name} has an image configuration of ${config.size} bytes (at most ${MAX_CONFIG_BYTES} are allowed)`,
  );
}
