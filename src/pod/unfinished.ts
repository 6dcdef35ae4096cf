/** Pods in which a controller still fills in names, ports or amounts: nothing but their images can be judged. */
import { podImages } from './kind-entry.ts';
import { isObject, type Location, locationsAt, pointerSegments } from './pointer.ts';

/** No rule reads them; in templates, most placeholders stand there. */
const FREE = new Set(['args', 'command', 'env', 'envFrom']);
/** A placeholder in an image is the image's own matter. */
const OF_IMAGES = new Set(['image', 'reference']);

/** Whether a placeholder stands in a pod spec where a rule may read it. */
export function isUnfinished(pod: unknown, placeholder: string): boolean {
  const waiting = [pod];
  // An alias in YAML gives the same value many times.
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
