/** Base64 as Go's encoding/base64 reads it: the standard alphabet, CR and LF skipped anywhere, nothing else forgiven. */

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;

/** The decoded bytes as a byte string; `undefined` when it is not base64. `padded` is StdEncoding, else RawStdEncoding. */
export function decodeBase64(text: string, { padded }: { readonly padded: boolean }): string | undefined {
  const digits = text.replace(/[\r\n]/g, '');
  if (!ALPHABET.test(digits)) return undefined;
  const hasPadding = digits.endsWith('=');
  if (padded ? digits.length % 4 !== 0 : hasPadding || digits.length % 4 === 1) return undefined;
  return atob(digits);
}

/** What the API server reads a Secret's `data` with. */
export function decodeSecretData(text: string): Uint8Array | undefined {
  const bytes = decodeBase64(text, { padded: true });
  return bytes === undefined ? undefined : Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
}
