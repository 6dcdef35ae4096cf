/** Classes of characters for go-yaml's scanner (`yamlprivateh.go`), by UTF-16 code unit. */

export const BLANK = 1;
export const BREAK = 2;
/** The character that `sourceOf` appends to each text; no YAML text can contain it. */
export const END = 4;
/** Characters in names of anchors, tag handles, and directives. */
export const NAME = 8;
/** Ends a plain scalar in a flow collection at any position. */
export const FLOW_STOP = 16;
/** Characters in tags, in addition to letters. */
export const IN_TAG = 32;
/** No plain scalar starts with these, with exceptions for "-?:" (`startsPlain`). */
export const INDICATOR = 64;

export const BLANK_OR_END = BLANK | BREAK | END;

const CLASSES = new Uint8Array(128);

function mark(characters: string, bit: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    CLASSES[code] = (CLASSES[code] ?? 0) | bit;
  }
}

mark(' \t', BLANK);
mark('\r\n', BREAK);
mark('\0', END);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', NAME);
mark(',?[]{}', FLOW_STOP);
mark(";/?:@&=+$,.!~*'()[]%", IN_TAG);
mark('-?:,[]{}#&*!|>\'"%@`', INDICATOR);

export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] ?? 0) : 0;
}

export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const EXCLAMATION = 0x21;
export const DOUBLE_QUOTE = 0x22;
export const HASH = 0x23;
export const PERCENT = 0x25;
export const AMPERSAND = 0x26;
export const SINGLE_QUOTE = 0x27;
export const ASTERISK = 0x2a;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const POINT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const LESS = 0x3c;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const PIPE = 0x7c;
export const CLOSE_MAP = 0x7d;
