/** One kind, as a user writes it in the configuration file. Pointers are RFC 6901, `*` is every element or value. */
export interface KindEntry {
  /** API group, `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Places of pod specs (objects with `containers`). */
  readonly podSpecs?: readonly string[] | undefined;
  /** Places of image strings outside of a pod spec. */
  readonly images?: readonly string[] | undefined;
  /** Places of whole objects of the API, which their controller creates. */
  readonly objects?: readonly string[] | undefined;
  readonly clusterScoped?: boolean | undefined;
  /** Images holding this text are filled in by the kind's controller. */
  readonly placeholder?: string | undefined;
}

/** Where images stand in a pod spec. */
export function podImages(pod: string): readonly string[] {
  return [
    `${pod}/containers/*/image`,
    `${pod}/initContainers/*/image`,
    `${pod}/ephemeralContainers/*/image`,
    `${pod}/volumes/*/image/reference`,
  ];
}
