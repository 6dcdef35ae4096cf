/** The order of rows in reports: files as they were read, and each file from top to bottom. */

interface PlacedRow {
  readonly file: string;
  /** null: the row is about the whole file. */
  readonly line: number | null;
  readonly column: number | null;
}

/** Rows of one place keep their order. */
export function inLineOrder<R extends PlacedRow>(rows: readonly R[]): readonly R[] {
  const byFile = Map.groupBy(rows, ({ file }) => file);
  return [...byFile.values()].flatMap((ofFile) => ofFile.toSorted(byPlace));
}

export function byPlace(one: PlacedRow, other: PlacedRow): number {
  return (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0);
}
