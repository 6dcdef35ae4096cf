/**
 * Masks the password in `user:password@registry/name`. The form is not a valid reference, but messages, logs, and reports
 * quote it. Does not change digests (`name:tag@sha256:…`).
 */
export function maskPassword(text: string): string {
  const at = text.lastIndexOf('@', slashAfterHost(text));
  if (at < 0) return text;
  const start = hostStart(text);
  const colon = text.indexOf(':', start);
  if (colon < start || colon > at || !text.slice(at).includes('/')) return text;
  return `${text.slice(0, colon)}:***${text.slice(at)}`;
}

function hostStart(text: string): number {
  const scheme = text.indexOf('://');
  return scheme < 0 ? 0 : scheme + '://'.length;
}

function slashAfterHost(text: string): number {
  const slash = text.indexOf('/', hostStart(text));
  return slash < 0 ? -1 : slash;
}
