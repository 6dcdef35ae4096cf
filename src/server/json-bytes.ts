/** JSON that is only passed over: where a value ends, and what `JSON.parse` would make of a text in memory. No recursion. */

export const [QUOTE, BACKSLASH, COMMA, COLON, OPEN_MAP, OPEN_LIST] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x5b];
/** A square bracket with this bit is a curly one. */
const LOWER = 0x20;
const [OPEN, CLOSE] = [0x7b, 0x7d];

/** Of its closing quotation mark; behind the end of the text when there is none. */
export function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (let byte = bytes[at]; byte !== QUOTE && byte !== undefined; byte = bytes[++at]) if (byte === BACKSLASH) at++;
  return at;
}

/** Behind the bracket that closes the list or the map at `start`; -1 when it is not closed. */
export function endOfNest(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte | LOWER) === OPEN) depth++;
    else if ((byte | LOWER) === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

export interface Cost {
  /** Bytes of memory, about. */
  readonly bytes: number;
  readonly depth: number;
}

const EMPTY_STRING_BYTES = 16;
/**
 * What V8 needs for each, beside the character itself, measured with Node 24 on a million of them: an empty map, a list, an element,
 * a member of a map (whose key is there once, however many maps have it). Of ever new keys it needs up to 1.7 times as much.
 */
const BYTES_BEHIND = new Map([
  [OPEN_MAP, 64],
  [OPEN_LIST, 56],
  [COMMA, 8],
  [COLON, 32 - EMPTY_STRING_BYTES],
]);
const BYTES_OF = Uint8Array.from({ length: 256 }, (_, byte) => 1 + (BYTES_BEHIND.get(byte) ?? 0));
const STEP_OF = Int8Array.from(
  { length: 256 },
  (_, byte) => Number((byte | LOWER) === OPEN) - Number((byte | LOWER) === CLOSE),
);

/** Of the part of a text between two places, outside of any string. */
export function costOf(bytes: Buffer, from = 0, to = bytes.length): Cost {
  let sum = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      sum += EMPTY_STRING_BYTES + end - at + 1;
      at = end;
    } else {
      sum += BYTES_OF[byte] ?? 0;
      depth += STEP_OF[byte] ?? 0;
      if (depth > deepest) deepest = depth;
    }
  }
  return { bytes: sum, depth: deepest };
}
