/** Base64 as decoded by Go's encoding/base64: the standard alphabet; CR and LF are ignored, all else is an error. */

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;

/** Returns a byte string; `undefined` for invalid base64. `padded` selects StdEncoding, otherwise RawStdEncoding. */
export function decodeBase64(text: string, { padded }: { readonly padded: boolean }): string | undefined {
  const digits = text.replace(/[\r\n]/g, '');
  if (!ALPHABET.test(digits)) return undefined;
  const hasPadding = digits.endsWith('=');
  if (padded ? digits.length % 4 !== 0 : hasPadding || digits.length % 4 === 1) return undefined;
  return atob(digits);
}

/** Decodes `data` of a Secret as the API server does. */
export function decodeSecretData(text: string): Uint8Array | undefined {
  const decoded = decodeBase64(text, { padded: true });
  if (decoded === undefined) return undefined;
  const bytes = new Uint8Array(decoded.length);
  for (let index = 0; index < decoded.length; index += 1) bytes[index] = decoded.charCodeAt(index);
  return bytes;
}
