/** A kind, as in the configuration file. Pointers follow RFC 6901; `*` matches every element or value. */
export interface KindEntry {
  /** API group, `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Plural name of the resource in the API, if it is known. */
  readonly resource?: string | undefined;
  /** Locations of pod specs (objects with `containers`). */
  readonly podSpecs?: readonly string[] | undefined;
  /** Locations of image strings outside of pod specs. */
  readonly images?: readonly string[] | undefined;
  /** Locations of image strings that are maps of `repository` and `tag` in older versions of the CRD. */
  readonly imagesOrParts?: readonly string[] | undefined;
  /** Locations of whole API objects, which the controller creates. */
  readonly objects?: readonly string[] | undefined;
  readonly clusterScoped?: boolean | undefined;
  /** The kind's controller fills in images that contain this string. */
  readonly placeholder?: string | undefined;
  /** The key next to an image with its pull policy, if the kind has one. */
  readonly pullPolicyKey?: string | undefined;
}

/** Groups without a dot, and those below k8s.io, belong to Kubernetes; a CustomResourceDefinition needs another one. */
export function isBuiltInGroup(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** Returns entries for several kinds of a group with the same locations. */
export const entries = (
  group: string,
  kinds: readonly string[],
  locations: Omit<KindEntry, 'group' | 'kind'>,
): KindEntry[] => kinds.map((kind) => ({ group, kind, ...locations }));

/** Returns entries for several kinds of a group with pod specs at the same locations. */
export const template = (group: string, kinds: readonly string[], ...podSpecs: string[]): KindEntry[] =>
  kinds.map((kind) => ({ group, kind, podSpecs }));

/** Returns the locations of images in parts of a `spec`. */
export const partImages = (...parts: string[]): string[] => parts.map((part) => `/spec/${part}/image`);

/**
 * Returns the locations of images in a partial pod spec. A template that is merged into a generated one can omit required
 * fields, so it cannot be checked as a pod spec.
 */
export function podImages(pod: string): string[] {
  return [
    `${pod}/containers/*/image`,
    `${pod}/initContainers/*/image`,
    `${pod}/ephemeralContainers/*/image`,
    volumeImages(`${pod}/volumes`),
  ];
}

/** Returns the locations of images in a list of volumes. */
export const volumeImages = (volumes: string): string => `${volumes}/*/image/reference`;
