/** The parts of an input file that can be shown beside a finding. All other text of the file can be a secret. */

/** Offsets of the file. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

export interface Part extends Extent {
  /** Not undefined: a scalar, which is shown only if it is the value of the finding. */
  readonly scalar?: Scalar | undefined;
}

export interface Scalar {
  /** Its key, or that of an object around it, says that it can be a secret. */
  readonly isPrivate: boolean;
}

/** In ascending order; none begins within another one. */
export type Parts = readonly Part[];
