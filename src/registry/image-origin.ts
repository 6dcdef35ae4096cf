/** The origin of an image: its source repository and revision, from annotations and labels (OCI image-spec, annotations.md). */
import { CUT } from '../image/quote.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { type ImageOrigin, LABEL_LENGTH } from '../policy/registry-fact.ts';

export const NO_ORIGIN: ImageOrigin = { source: undefined, revision: undefined };

/** Reads annotations, or the labels of a configuration: both have the same keys. */
export function originIn(labels: unknown): ImageOrigin {
  if (!isObject(labels)) return NO_ORIGIN;
  return {
    source: label(labels, 'org.opencontainers.image.source'),
    revision: label(labels, 'org.opencontainers.image.revision'),
  };
}

export function originInConfiguration({ config }: JsonObject): ImageOrigin {
  return isObject(config) ? originIn(config['Labels']) : NO_ORIGIN;
}

/**
 * Returns the first origin with a source, otherwise the first with a revision. Source and revision are always from one place: an
 * image inherits the labels of its base image, so the revision of another place can be that of another repository.
 */
export function firstOrigin(origins: readonly ImageOrigin[]): ImageOrigin {
  return (
    origins.find(({ source }) => source !== undefined) ??
    origins.find(({ revision }) => revision !== undefined) ??
    NO_ORIGIN
  );
}

function label(labels: JsonObject, key: string): string | undefined {
  const value = labels[key];
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return value.length > LABEL_LENGTH ? `${value.slice(0, LABEL_LENGTH - CUT.length).toWellFormed()}${CUT}` : value;
}
