import { isObject, type JsonObject } from '../pod/pointer.ts';

/** Two bytes of JSON can become an object of a hundred bytes. A real manifest of 4 MiB has at most a fifth of this limit. */
export const MAX_VALUES = 250_000;

/** Parses a response. `undefined`: it is not a JSON object. */
export function parsedObject(bytes: Buffer): JsonObject | undefined {
  if (hasTooManyValues(bytes)) return undefined;
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** `,` `:` `[` `{`: each precedes a value. */
const BEFORE_VALUE: ReadonlySet<number> = new Set([0x2c, 0x3a, 0x5b, 0x7b]);

/** Counts in the bytes, before any value is created. */
export function hasTooManyValues(bytes: Buffer): boolean {
  if (bytes.length <= MAX_VALUES) return false;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (BEFORE_VALUE.has(byte)) values += 1;
    if (values > MAX_VALUES) return true;
  }
  return false;
}

function endOfText(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}
