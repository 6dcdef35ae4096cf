// Messages of the built-in policy about the images in these tests, in the form in which the API server passes them on.
const denied = 'admission webhook "validate.tidewaiter.dev" denied the request: ';

/** The whole message about an object with one container that has no tag; `container` is `container "main"`. */
export function noTagDenial(object: string, image: string, container = 'container "main"'): string {
  return `${denied}${object}: 1 problem
  ${noTag(image, container)} [baseline/image-tag]
    specify a version, for example :1.27`;
}

export function noTag(image: string, container = 'container "main"'): string {
  return `${container}: image "${image}" has no tag and defaults to "latest"`;
}

/** The text of a Warning header. */
export function noDigestWarning(image: string, container = 'container "main"'): string {
  return `${container}: image "${image}" has no digest, so its content can change [baseline/image-digest]`;
}

/** The warnings about an object whose one container had this image without a tag all along. */
export function existingWarnings(image: string): readonly string[] {
  const already = '(existing before this update)';
  return [`${noTag(image)} ${already} [baseline/image-tag]`, noDigestWarning(image).replace(' [', ` ${already} [`)];
}
