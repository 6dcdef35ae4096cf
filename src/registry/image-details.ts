/** Fetches the details of an image: platforms, age, size, and origin. */
import { quoteValue } from '../image/quote.ts';
import type { ImageOrigin, Platform, RegistryDetails } from '../policy/registry-fact.ts';
import { RegistryError } from './client.ts';
import { type ManifestContent, fetchBlob, fetchManifest, type ManifestRequest } from './fetch-manifest.ts';
import { firstOrigin, originInConfiguration } from './image-origin.ts';
import type { JsonObject } from '../pod/pointer.ts';
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

interface DetailsOptions {
  readonly withOrigin: boolean;
}

export async function fetchDetails(request: ManifestRequest, options: DetailsOptions): Promise<RegistryDetails> {
  const found = await fetchManifest(request);
  const { digest, type: mediaType, manifest } = found;
  if (manifest.kind === 'index') return { digest, mediaType, ...(await indexDetails(manifest, request, options)) };
  const { platform, createdMs, origin } = await imageDetails(manifest, { request, origins: [], ...options });
  const platforms = platform === undefined ? [] : [platform];
  return { digest, mediaType, platforms, createdMs, sizeBytes: manifest.sizeBytes, origin };
}

type Described = Pick<RegistryDetails, 'platforms' | 'imageDigests' | 'createdMs' | 'sizeBytes' | 'origin'>;

async function indexDetails(
  index: Extract<Manifest, { readonly kind: 'index' }>,
  request: ManifestRequest,
  { withOrigin }: DetailsOptions,
): Promise<Described> {
  const images = index.images.filter(({ isImage }) => isImage);
  const read = await Promise.all(
    images.slice(0, MAX_IMAGES).map((entry, at) => {
      const isFirst = at === 0;
      const origins = [index.origin, entry.origin];
      return entryDetails(entry, isFirst, { request, origins, withOrigin: withOrigin && isFirst });
    }),
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
    origin: withOrigin ? (read[0]?.origin ?? index.origin) : undefined,
  };
}

interface ImageDetails extends Pick<RegistryDetails, 'createdMs' | 'sizeBytes' | 'origin'> {
  readonly platform: Platform | undefined;
}

interface ImageRequest extends DetailsOptions {
  readonly request: ManifestRequest;
  /** The origins that the index states. */
  readonly origins: readonly ImageOrigin[];
  readonly entry?: IndexEntry | undefined;
}

/** Fetches the size of the first image only. Other images need no request if the index states their platform and time. */
async function entryDetails(entry: IndexEntry, isFirst: boolean, input: ImageRequest): Promise<ImageDetails> {
  const { request } = input;
  const createdMs = createdIn(entry.created);
  const { platform } = entry;
  if (!isFirst && platform !== undefined && createdMs !== undefined) return { platform, createdMs, sizeBytes: 0 };
  const { manifest }: ManifestContent = await part(request, fetchManifest({ ...request, reference: entry.digest }));
  if (manifest.kind === 'index') {
    throw protocolError(
      `${request.conversation.endpoint.name} returned an index for ${quoteValue(entry.digest)}; expected an image`,
    );
  }
  const own = await imageDetails(manifest, { ...input, entry });
  return { ...own, platform: platform ?? own.platform, sizeBytes: manifest.sizeBytes };
}

async function imageDetails(
  manifest: Extract<Manifest, { readonly kind: 'image' }>,
  { request, origins, entry, withOrigin }: ImageRequest,
): Promise<Omit<ImageDetails, 'sizeBytes'>> {
  const { config } = manifest;
  const createdMs = createdIn(entry?.created);
  const platform = entry?.platform;
  const origin = withOrigin ? firstOrigin([...origins, manifest.origin]) : undefined;
  // An artifact has no platform.
  if (config === undefined) return { platform: undefined, createdMs, origin };
  const configuration = (): Promise<JsonObject> => fetchConfiguration(config, request);
  if (platform !== undefined && createdMs !== undefined)
    return { platform, createdMs, origin: origin && (await originOrUnknown(origin, configuration)) };
  const document = await configuration();
  return {
    platform: platformIn(document),
    createdMs: createdMs ?? createdIn(document['created']),
    origin: origin && firstOrigin([origin, originInConfiguration(document)]),
  };
}

async function fetchConfiguration(config: Descriptor, request: ManifestRequest): Promise<JsonObject> {
  const { name } = request.conversation.endpoint;
  const document = parsedObject(await part(request, fetchBlob(limited(config, name), request)));
  if (document === undefined) throw protocolError(`${name} returned an image configuration that is not a JSON object`);
  return document;
}

/** The other details do not depend on the configuration, so its failure leaves only the origin unknown. */
async function originOrUnknown(
  annotated: ImageOrigin,
  configuration: () => Promise<JsonObject>,
): Promise<ImageOrigin | 'unknown'> {
  if (annotated.source !== undefined) return annotated;
  try {
    return firstOrigin([annotated, originInConfiguration(await configuration())]);
  } catch (error) {
    if (error instanceof RegistryError) return 'unknown';
    throw error;
  }
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
