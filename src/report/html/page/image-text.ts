/** An image in parts, so that a narrow column shortens the registry first and the tag last. */

export interface ImageParts {
  /** With the slash behind it; empty if it is not written. */
  readonly registry: string;
  readonly path: string;
  /** With the colon before it. */
  readonly tag: string;
  readonly digest: string;
}

const SHORT_DIGEST = 20;

export function imageParts(image: string, registry: string | null): ImageParts {
  const at = image.indexOf('@');
  const bare = at < 0 ? image : image.slice(0, at);
  const colon = bare.indexOf(':', bare.lastIndexOf('/') + 1);
  const name = colon < 0 ? bare : bare.slice(0, colon);
  const hasRegistry = registry !== null && name.startsWith(`${registry}/`);
  const path = hasRegistry ? name.slice(registry.length + 1) : name;
  const digest = at < 0 ? '' : image.slice(at);
  return {
    registry: hasRegistry ? `${registry}/` : '',
    path,
    tag: colon < 0 ? '' : bare.slice(colon),
    digest: digest.length > SHORT_DIGEST ? `${digest.slice(0, SHORT_DIGEST)}…` : digest,
  };
}

/** The message without the image that stands below it. */
export function shortMessage(message: string, image: string | null): string {
  const short =
    image === null || image === ''
      ? message
      : message.replaceAll(`image "${image}"`, 'image').replaceAll(`for "${image}"`, 'for its image');
  return `${short.slice(0, 1).toUpperCase()}${short.slice(1)}`;
}

/** Shortens the middle, because the ends differ. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil(most * 0.45);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - head - 1))}`;
}
