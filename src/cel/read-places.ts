/** The places that an expression reads; without the parser, because plugins import this type. */

export const READ_ROOTS = ['object', 'container', 'image', 'request', 'oldObject'] as const;
type Root = (typeof READ_ROOTS)[number];

/** JSON Pointers below each variable that the author of an object can influence. */
export type Reads = Readonly<Record<Root, ReadonlySet<string>>>;
