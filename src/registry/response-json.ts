import { isObject, type JsonObject } from '../pod/pointer.ts';

/** Two bytes can be an object of a hundred. A manifest of 4 MiB with the shortest of real entries has a fifth of it. */
export const MAX_VALUES = 250_000;

/** What a registry sent: undefined for everything that is not the JSON of an object. */
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
/** `,` `:` `[` `{`: each stands before a value. */
const BEFORE_VALUE: ReadonlySet<number> = new Set([0x2c, 0x3a, 0x5b, 0x7b]);

/** A look at the bytes, before any of the values is made. */
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
