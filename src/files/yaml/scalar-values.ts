/**
 * The values of YAML scalars in Kubernetes: sigs.k8s.io/yaml over go-yaml v2 (`resolve.go`), which is neither YAML 1.1 nor 1.2.
 * test/files compares them with kubectl 1.32.
 */

import { STANDARD } from './properties.ts';

export type Scalar = string | number | boolean | null;

/** A scalar that Kubernetes rejects; the message is a sentence fragment. */
export type ScalarFault = { readonly problem: string };

const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
]);

/** Texts that start with another character, which are most, are strings. */
const NEITHER_WORD_NOR_NUMBER = new Uint8Array(128).fill(1);
for (const character of 'yYnNtTfFoO~+-.0123456789') NEITHER_WORD_NOR_NUMBER[character.charCodeAt(0)] = 0;

const LONGEST_WORD = 5;

/** Returns the value of a scalar without quotes and tag. Dates and `12:30` are strings, as in go-yaml. */
export function plainScalar(text: string): Scalar {
  if (text === '') return null;
  const first = text.charCodeAt(0);
  if (first > 127 || NEITHER_WORD_NOR_NUMBER[first] === 1) return text;
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  // '+', '-', '.' and digits are all below ':'.
  return first < 0x3a ? (numberFrom(text) ?? text) : text;
}

const POINT_FIRST = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const BASED = /^([-+]?)0(?:[xX]([\da-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))$/;
/** go-yaml's own format, tried last, has the sign after the prefix. */
const SIGNED_BINARY = /^0b([-+])([01]+)$/;

function numberFrom(text: string): number | undefined {
  // strconv.ParseFloat itself: underscores only between digits.
  if (text.startsWith('.')) return POINT_FIRST.test(text) ? finite(Number(text.replaceAll('_', ''))) : undefined;
  const plain = digitsOf(text);
  return based(plain) ?? (FLOAT.test(plain) ? finite(Number(plain)) : undefined);
}

function digitsOf(text: string): string {
  return text.replaceAll('_', '').replace(SIGNED_BINARY, '$10b$2');
}

/** `0777` and `0o7`, `0x1F`, `0b11`. Go's integers end at 64 bits; beyond, only what also looks like a decimal is a number. */
function based(text: string): number | undefined {
  const [, sign, hex, binary, octal] = BASED.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const digits = hex === undefined ? (binary === undefined ? `0o${octal}` : `0b${binary}`) : `0x${hex}`;
  const value = BigInt(digits);
  if (!hasRoom(sign, value)) return undefined;
  return sign === '-' ? 0 - Number(value) : Number(value);
}

function hasRoom(sign: string, value: bigint): boolean {
  if (sign === '') return value < 2n ** 64n;
  return value < 2n ** 63n || (sign === '-' && value === 2n ** 63n);
}

/** Returns undefined for `1e400`, which Go cannot parse as a number; `-0` becomes 0, because JSON has no other zero. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** Returns the value of a scalar with a tag. Kubernetes ignores custom tags (`!secret x`) and uses the text. */
export function taggedScalar(text: string, tag: string): Scalar | ScalarFault {
  const name = tag.startsWith(STANDARD) ? tag.slice(STANDARD.length) : undefined;
  if (name === 'binary') return binaryScalar(text);
  const accepts = name === undefined ? undefined : ACCEPTED[name];
  if (accepts === undefined) return text;
  const value = plainScalar(text);
  if (!accepts(value, text)) return { problem: `the value is not valid for the tag !!${name}` };
  return name === 'timestamp' ? text : value;
}

const ACCEPTED: Readonly<Record<string, (value: Scalar, text: string) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  int: (value, text) => typeof value === 'number' && isInteger(text),
  float: (value) => typeof value === 'number',
  timestamp: (_value, text) => /^\d{4}-\d{1,2}-\d{1,2}([Tt ]|$)/.test(text),
};

function binaryScalar(text: string): Scalar | ScalarFault {
  const base64 = text.replace(/[\r\n]/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(base64))
    return { problem: 'the value is tagged !!binary but is not valid base64' };
  // Bytes that are not UTF-8 become U+FFFD, as in Go's JSON.
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** `kind` is the type in Go, where keys of different types differ, although they can become one key in JSON. */
export interface Key {
  readonly name: string;
  readonly kind: 'text' | 'bool' | 'int' | 'float';
}

/**
 * Converts a key of a map to a string, because JSON has only string keys (`yes:` -> "true", `0777:` -> "511"). `text` is the
 * source text of a number.
 */
export function keyOf(key: unknown, text: string): Key | ScalarFault {
  if (typeof key === 'string') return { name: key, kind: 'text' };
  if (typeof key === 'boolean') return { name: String(key), kind: 'bool' };
  if (key === null) return { problem: 'a key is null; quote it' };
  if (typeof key !== 'number') return { problem: 'a map or a list cannot be a key' };
  if (!isInteger(text)) return { name: key === 0 && text.startsWith('-') ? '-0' : floatKey(key), kind: 'float' };
  if (!Number.isSafeInteger(key)) return { problem: 'a key is a number beyond 2^53; quote it' };
  return { name: String(key), kind: 'int' };
}

const DECIMAL = /^([-+]?)(0|[1-9]\d{0,19})$/;

/** Reports whether the text of a number is an integer in Go. `09` is not. */
function isInteger(text: string): boolean {
  const plain = digitsOf(text);
  const [, sign, digits] = DECIMAL.exec(plain) ?? [];
  return sign === undefined || digits === undefined ? based(plain) !== undefined : hasRoom(sign, BigInt(digits));
}

/** Go: strconv.FormatFloat(key, 'g', -1, 32). */
function floatKey(key: number): string {
  const single = Math.fround(key);
  if (Number.isNaN(single)) return '.nan';
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  const shortest = shortestSingle(single);
  const [mantissa = '', exponent = '0'] = shortest.split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(shortest));
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Formats a number with the fewest digits that parse to the same 32-bit number, such as `1.5e+0`. */
function shortestSingle(single: number): string {
  let digits = 0;
  while (digits < 8 && Math.fround(Number(single.toExponential(digits))) !== single) digits += 1;
  return single.toExponential(digits);
}
