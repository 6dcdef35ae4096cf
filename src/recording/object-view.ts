/** What a report shows of a reviewed object: its Pods, and the values that findings are about. It contains no secrets. */

export interface ObjectView {
  readonly pods: readonly PodPicture[];
  /** By the pointer of a finding. */
  readonly excerpts: Readonly<Record<string, Excerpt>>;
}

/** Lines around a value. Lines that lead to it are shown without their values. */
export interface Excerpt {
  readonly lines: readonly ExcerptLine[];
  /** Index in `lines`. */
  readonly marked: number;
  /** The faulty value on the marked line, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

export type ExcerptLine = readonly [number: number, text: string];

/** A Pod with what it pulls, and with which credentials. */
export interface PodPicture {
  readonly pointer: string;
  readonly node: string | null;
  readonly hostNetwork: boolean;
  /** In start order. */
  readonly containers: readonly ContainerPicture[];
}

export interface ContainerPicture {
  readonly name: string;
  readonly kind: string;
  readonly start: number | null;
  readonly ports: readonly string[];
  readonly image: string;
  /** Pointer to the image. */
  readonly pointer: string;
  readonly registry: string | null;
  readonly credential: CredentialPicture;
}

export interface CredentialPicture {
  readonly state: 'found' | 'anonymous' | 'unknown' | 'refused' | 'unreadable';
  /** The pull secret that is tried first. */
  readonly secret: string | null;
  readonly user: string | null;
}
