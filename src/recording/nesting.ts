/** How deep values of recordings can be nested. */

/** Of a review. jq 1.6 stops at a line of more than 256 levels, so that an author could hide what comes after it. */
export const MAX_REVIEW_DEPTH = 200;
/** Of a patch. Patches are compared as text, which overflows the stack for deep ones. */
export const MAX_PATCH_DEPTH = 100;

/** A list or an object has a level more than the deepest value in it. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
