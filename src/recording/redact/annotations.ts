/** Which annotations a recording keeps: those that decisions read, without anything else in them. */
import { ORIGINAL_IMAGES } from '../../admission/change/original-images.ts';
import { isObject, parsedJson, parsedJsonObject } from '../../pod/pointer.ts';

const KEPT = new Set([ORIGINAL_IMAGES, 'kubernetes.io/config.mirror', 'kubectl.kubernetes.io/restartedAt']);

export function isKept(key: string): boolean {
  return KEPT.has(key);
}

export type RedactObject = (object: object) => unknown;

/** Annotations that contain an object. Returns `undefined` for all others, and for values that are not valid. */
export function reducedAnnotation(key: string, value: string, redact: RedactObject): string | undefined {
  if (key === 'kubectl.kubernetes.io/last-applied-configuration') return reducedManifest(value, redact);
  return key === 'hooks.kubevirt.io/hookSidecars' ? reducedHooks(value) : undefined;
}

/** The images in it tell which digests tidewaiter has added. */
function reducedManifest(text: string, redact: RedactObject): string | undefined {
  const manifest = parsedJsonObject(text);
  if (manifest === undefined) return undefined;
  const { metadata, ...rest } = manifest;
  const { name, namespace } = isObject(metadata) ? metadata : {};
  return JSON.stringify(redact({ ...rest, metadata: { name, namespace } }));
}

function reducedHooks(text: string): string | undefined {
  const list = parsedJson(text);
  if (!Array.isArray(list)) return undefined;
  return JSON.stringify(list.map((hook: unknown) => (isObject(hook) ? { image: hook['image'] } : null)));
}
