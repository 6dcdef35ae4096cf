/** Images in Helm values, which run in the objects of a chart, after the changes of policies to those. */
import type { KindTable } from './kinds.ts';

/** Replaces images in Helm values: `images` has the image that runs by the image as written. */
export function withValueImages(kinds: KindTable, images: ReadonlyMap<string, string>): KindTable {
  if (images.size === 0) return kinds;
  return {
    ...kinds,
    find(group, name) {
      const kind = kinds.find(group, name);
      const odd = kind?.odd;
      if (kind === undefined || odd === undefined) return kind;
      return {
        ...kind,
        odd: (object) =>
          odd(object).map((image) => ({
            ...image,
            value: (image.inValues && images.get(String(image.value))) || image.value,
          })),
      };
    },
  };
}
