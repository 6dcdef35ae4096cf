/**
 * The facts about images in registries. A new fact is a row of REGISTRY_QUESTIONS. If no source returns its value yet, add a row
 * to REGISTRY_SOURCES and the source itself in lookup/image-source.ts.
 */
import { dayStart } from '../go/date.ts';
import type { FromSchema } from './parameters.ts';
import type { Platform, RegistryDetails, RegistryFacts, RegistryImage } from './registry-fact.ts';

export interface RegistryQuestion {
  readonly source: RegistrySourceName;
  /**
   * `image`: looks up the reference as the kubelet does, by its digest, or by its tag if it has no digest. `tag`: looks up the tag
   * even if the reference has a digest; references without both are not looked up.
   */
  readonly by: 'image' | 'tag';
  /**
   * `image`: looks up the image. `original`: looks up its original, the name that the rewrites of the policies turn into the image.
   * `copy`: looks up the image, if it has no digest. The last two only contain images with another original, which is known.
   */
  readonly of: 'image' | 'original' | 'copy';
  /** Only looks up images that are not found for this fact of the same rule. */
  readonly ifNotFound?: string;
  /**
   * If the digest differs from that of this fact of the same rule, both are looked up again: cached responses can be from before and
   * after a tag has moved.
   */
  readonly comparedWith?: string;
}

/** Each fact is a map by image, and each image in it costs a lookup. */
export const REGISTRY_QUESTIONS = {
  /** What the registry has for the image as written. */
  registryImages: { source: 'images', by: 'image', of: 'image' },
  /** What the registry has for the tag of an image that also has a digest. Contains no other images. */
  registryTags: { source: 'images', by: 'tag', of: 'image' },
  /** Platforms, age, and size. */
  registryDetails: { source: 'imageDetails', by: 'image', of: 'image' },
  /** What the registry of the original has for an image: for its digest, or for its tag if it has no digest. */
  registryOriginals: { source: 'images', by: 'image', of: 'original' },
  /** What the registry of the original has for the tag of an image whose digest it does not have. */
  registryOriginalTags: { source: 'images', by: 'tag', of: 'original', ifNotFound: 'registryOriginals' },
  /** What the registry has for the tag of an image without a digest that has another original. */
  registryCopies: { source: 'images', by: 'image', of: 'copy', comparedWith: 'registryOriginals' },
} as const satisfies { readonly [need: string]: RegistryQuestion };

export type RegistryNeed = keyof typeof REGISTRY_QUESTIONS;

export type RegistryFactsByNeed = {
  readonly [Need in RegistryNeed]: RegistryFacts<RegistryValues[(typeof REGISTRY_QUESTIONS)[Need]['source']]>;
};

export const REGISTRY_NEEDS = Object.keys(REGISTRY_QUESTIONS) as readonly RegistryNeed[];

/** Builds one value for each fact. */
export function forEachNeed<T>(valueOf: (need: RegistryNeed) => T): { readonly [Need in RegistryNeed]: T } {
  return Object.fromEntries(REGISTRY_NEEDS.map((need) => [need, valueOf(need)])) as Record<RegistryNeed, T>;
}

export const PLATFORM_SCHEMA = {
  type: 'string',
  pattern: '^[a-z0-9]+/[a-z0-9_-]+(/[a-z0-9.]+)?$',
  hint: 'os/architecture with an optional variant, for example linux/arm64 or linux/arm/v7',
} as const;

/** What a test suite can write about an image, with the defaults in its descriptions. */
export const SUITE_IMAGE_PROPERTIES = {
  digest: text('Digest that the tag points to; by default, a digest of zeros'),
  mediaType: text('Media type of the manifest or index; by default, that of an OCI image index'),
  platforms: {
    type: 'array',
    items: PLATFORM_SCHEMA,
    description: 'Platforms of the image; by default, linux/amd64',
  },
  created: {
    type: 'string',
    pattern: '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z)?$',
    hint: 'a date in the form YYYY-MM-DD, or a time such as 2027-01-31T12:00:00Z',
    description: 'When the image was built; by default, unknown',
  },
  sizeBytes: { type: 'integer', minimum: 0, description: 'Compressed size in bytes; by default, 0' },
  pullSecrets: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    description:
      'Names of the pull secrets that the registry accepts; all other requests are unauthenticated. By default, anonymous pulls are allowed',
  },
} as const;

/** An image as a test suite describes it. */
export interface SuiteImage extends FromSchema<{
  readonly type: 'object';
  readonly properties: Omit<typeof SUITE_IMAGE_PROPERTIES, 'digest'>;
}> {
  readonly digest: string;
  /** See RegistryImage. */
  readonly credential: string;
}

interface RegistrySource<T> {
  /** The value in a run of test suites, which query no registry. */
  readonly ofSuite: (image: SuiteImage) => T;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

export const REGISTRY_SOURCES = {
  images: {
    ofSuite: ({ digest, mediaType = INDEX, credential }): RegistryImage => {
      return { digest, mediaType, credential, mirror: undefined, provesPull: true, stale: undefined };
    },
  },
  imageDetails: {
    ofSuite: ({ digest, mediaType = INDEX, platforms = ['linux/amd64'], created, sizeBytes = 0 }): RegistryDetails => ({
      digest,
      mediaType,
      platforms: platforms.map(parsePlatform),
      createdMs: created === undefined ? undefined : createdMs(created),
      sizeBytes,
    }),
  },
  /** The details with the origin, which can take one more request. Only for changelogs; no rule needs it. */
  imageOrigins: {
    ofSuite: (image): RegistryDetails => REGISTRY_SOURCES.imageDetails.ofSuite(image),
  },
} as const satisfies { readonly [name: string]: RegistrySource<unknown> };

export type RegistrySourceName = keyof typeof REGISTRY_SOURCES;

/** What each source returns about an image. */
export type RegistryValues = {
  readonly [Name in RegistrySourceName]: ReturnType<(typeof REGISTRY_SOURCES)[Name]['ofSuite']>;
};

export const REGISTRY_SOURCE_NAMES = Object.keys(REGISTRY_SOURCES) as readonly RegistrySourceName[];

/** Unix time in milliseconds; `undefined` for a date that does not exist. */
export function createdMs(created: string): number | undefined {
  const moment = Date.parse(created);
  return dayStart(created.slice(0, 10)) === undefined || Number.isNaN(moment) ? undefined : moment;
}

function parsePlatform(platform: string): Platform {
  const [os = '', architecture = '', variant] = platform.split('/');
  return { os, architecture, variant };
}

function text<const D extends string>(description: D): { type: 'string'; minLength: 1; description: D } {
  return { type: 'string', minLength: 1, description };
}
