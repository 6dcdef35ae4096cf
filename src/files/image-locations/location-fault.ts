/** What is wrong with a file, and where in it. */
export interface PlaceFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
