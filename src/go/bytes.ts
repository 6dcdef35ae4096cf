/**
 * Go's strings are bytes, and the kubelet slices, compares, and sorts them as such. A byte string is a string whose characters
 * are bytes (U+0000 to U+00FF), so that `<`, `slice`, and `startsWith` behave as in Go.
 */

/** Encodes as UTF-8, with U+FFFD for lone surrogates, as encoding/json does. */
export function bytesOf(text: string): string {
  return isAscii(text) ? text : binary(new TextEncoder().encode(text));
}

function binary(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** A well-formed UTF-8 sequence of more than one byte, or one byte that is not part of a sequence. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\x80-\xff]/g;

/** Decodes as `range` over a Go string: each byte that is not UTF-8 becomes `bad`. TextDecoder would replace several at once. */
export function textOf(bytes: string, bad = '\ufffd'): string {
  if (isAscii(bytes)) return bytes;
  return bytes.replace(SEQUENCE, (sequence) => (sequence.length === 1 ? bad : character(sequence)));
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the text of a file as Go does. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return textOf(binary(bytes));
    throw error;
  }
}

function character(sequence: string): string {
  let code = sequence.charCodeAt(0) & (0x7f >> sequence.length);
  for (let at = 1; at < sequence.length; at += 1) code = (code << 6) | (sequence.charCodeAt(at) & 0x3f);
  return String.fromCodePoint(code);
}
