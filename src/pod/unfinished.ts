/** Pods whose controller fills in names, ports, or amounts later. Only their images can be evaluated. */
import { podImages } from './kind-entry.ts';
import { isObject, type Location, locationsAt, pointerSegments } from './pointer.ts';

/** Fields that no rule reads and that often contain placeholders. */
const FREE = new Set(['args', 'command', 'env', 'envFrom']);
/** Fields of images, where a placeholder makes only the image pending. */
const OF_IMAGES = new Set(['image', 'reference']);

/** Reports whether a pod spec contains a placeholder in a field that rules can read. */
export function isUnfinished(pod: unknown, placeholder: string): boolean {
  const waiting = [pod];
  // A YAML alias repeats the same value.
  const seen = new Set<unknown>(waiting);
  for (const value of waiting) {
    if (typeof value === 'string' && value.includes(placeholder)) return true;
    for (const child of childrenOf(value)) {
      if (seen.has(child)) continue;
      seen.add(child);
      waiting.push(child);
    }
  }
  return false;
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    FREE.has(key) || (OF_IMAGES.has(key) && typeof child === 'string') ? [] : [child],
  );
}

export function imagesOfPod(object: unknown, pod: Location, placeholder: string): readonly Location[] {
  return podImages(pod.pointer).flatMap((image) => locationsAt(object, pointerSegments(image), placeholder));
}
