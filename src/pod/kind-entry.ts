/** One kind, as a user writes it in the configuration file. Pointers are RFC 6901, `*` is every element or value. */
export interface KindEntry {
  /** API group, `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Locations of pod specs (objects with `containers`). */
  readonly podSpecs?: readonly string[] | undefined;
  /** Locations of image strings outside of a pod spec. */
  readonly images?: readonly string[] | undefined;
  /** Locations of whole objects of the API, which their controller creates. */
  readonly objects?: readonly string[] | undefined;
  readonly clusterScoped?: boolean | undefined;
  /** Images holding this text are filled in by the kind's controller. */
  readonly placeholder?: string | undefined;
}

/** Several kinds of a group with the same locations. */
export const entries = (
  group: string,
  kinds: readonly string[],
  locations: Omit<KindEntry, 'group' | 'kind'>,
): KindEntry[] => kinds.map((kind) => ({ group, kind, ...locations }));

/** Kinds with pod specs at the same locations. */
export const template = (group: string, kinds: readonly string[], ...podSpecs: string[]): KindEntry[] =>
  kinds.map((kind) => ({ group, kind, podSpecs }));

/** Images of parts of a `spec`. */
export const partImages = (...parts: string[]): string[] => parts.map((part) => `/spec/${part}/image`);

/**
 * Where images stand in a pod spec. A pod template that is merged into a generated one may name no image and no port, so it
 * has images and is no pod spec.
 */
export function podImages(pod: string): string[] {
  return [
    `${pod}/containers/*/image`,
    `${pod}/initContainers/*/image`,
    `${pod}/ephemeralContainers/*/image`,
    volumeImages(`${pod}/volumes`),
  ];
}

/** Where images stand in a list of volumes. */
export const volumeImages = (volumes: string): string => `${volumes}/*/image/reference`;
