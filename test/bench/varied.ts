/** Marks in a body that a load client replaces in each request; post.lua has the same. */

/** A number that no other request has. */
export const NUMBER = 'N'.repeat(12);
/** One of `SHAPES` numbers. */
export const SHAPE = 'S'.repeat(6);
export const SHAPES = 300;
