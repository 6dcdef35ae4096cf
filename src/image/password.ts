/**
 * Masks the password in `user:password@registry/name`. The form is not a valid reference, but messages, logs, and reports
 * quote it. Does not change digests (`name:tag@sha256:…`).
 */
export function maskPassword(text: string): string {
  const slash = text.lastIndexOf('/');
  // A password can contain any character. A digest has no "/" behind it.
  const at = slash < 0 ? -1 : text.lastIndexOf('@', slash);
  const colon = text.indexOf(':', hostStart(text));
  return colon < 0 || colon > at ? text : `${text.slice(0, colon)}:***${text.slice(at)}`;
}

function hostStart(text: string): number {
  const scheme = text.indexOf('://');
  return scheme < 0 ? 0 : scheme + '://'.length;
}
