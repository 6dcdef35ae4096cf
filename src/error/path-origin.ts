/** Where a path was set, for messages about files that cannot be read. */

/** Returns an addition to a message, such as ` (set by --policy)`, or an empty text if no setting contains the path. */
export type OriginOf = (path: string) => string;

export const NO_ORIGIN: OriginOf = () => '';
