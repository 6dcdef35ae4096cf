/** Retry-After, RFC 9110, 10.2.3: seconds, or a date. */
const MAX_MS = 24 * 60 * 60 * 1000;

/** Returns the wait in milliseconds, at most a day. `undefined`: the header is missing or invalid. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,12}$/.test(text)) return Math.min(Number(text) * 1000, MAX_MS);
  // Each form of HTTP-date begins with the name of a day; Date.parse alone would read "1e3" and "-5" as years.
  if (!/^[A-Z][a-z]{2,8},? /.test(text) || text.length > 40) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), MAX_MS);
}
