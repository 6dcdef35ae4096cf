/**
 * Kubernetes quantities, `100m`, `1.5Gi`, `2e3`, as apimachinery pkg/api/resource parses them: sign, digits with an optional
 * point, and one suffix of n u m k M G T P E, Ki to Ei, or an exponent. Values are exact, in billionths.
 *
 * Go has two entry points. ParseQuantity parses a text as written; CEL's quantity() calls it. Quantity.UnmarshalJSON, which reads
 * objects, calls it with the JSON text without quotes and without surrounding whitespace, and parses null as 0. Here
 * `parseQuantity` is the first one and `readQuantity` the second one. They differ from Go in limits, which bound the time that
 * a text can cost, and `readQuantity` also rejects texts without a digit, such as "Ki", which Go takes as 0.
 */

export interface Quantity {
  /** The quantity as written. */
  readonly text: string;
  /** Billionths, rounded away from zero, as by the API server. */
  readonly nano: bigint;
  /** Thousandths, as in resource lists: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList. */
  readonly milli: bigint;
  /** `milli` to about 15 digits, for a cheap comparison. */
  readonly about: number;
  readonly isWhole: boolean;
}

export type ParsedQuantity =
  | { readonly ok: true; readonly quantity: Quantity }
  | { readonly ok: false; readonly text: string; readonly problem: string };

/** Caches quantities, because objects repeat a few. Cleared when full. */
const known = new Map<string, ParsedQuantity>();
const MAX_KNOWN = 2000;

const MAX_LENGTH = 256;
/** Larger exponents count as this one in `parseQuantity`. */
const MAX_EXPONENT = 256;

const GRAMMAR = /^([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]?|[KMGTPE]i|[eE][+-]?\d{1,18})$/;
/** Powers of ten and of two. */
const SUFFIXES: Readonly<Record<string, readonly [ten: number, two: number]>> = {
  ...Object.fromEntries(['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((name, at) => [name, [3 * at - 9, 0]])),
  ...Object.fromEntries(['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((name, at) => [name, [0, 10 * (at + 1)]])),
};
/** Only quantities with a binary suffix are capped. */
const MAX_BINARY = (2n ** 63n - 1n) * 10n ** 9n;

interface Parts {
  readonly sign: string;
  readonly whole: string;
  readonly fraction: string;
  readonly ten: number;
  readonly two: number;
}

function partsOf(text: string): Parts | undefined {
  const parts = text === '' || text.length > MAX_LENGTH ? null : GRAMMAR.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts;
  const [ten, two] = SUFFIXES[suffix] ?? [Number(suffix.slice(1)), 0];
  return { sign, whole, fraction, ten, two };
}

/** resource.ParseQuantity. Returns `undefined` for a text that it rejects, and for more than 256 characters. */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = partsOf(text);
  if (parts === undefined || !hasValue(parts)) return undefined;
  return quantityOf(text, { ...parts, ten: Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, parts.ten)) });
}

/** Without a digit the text is 0 on Go's fast path, for int64 amounts, and an error otherwise. */
function hasValue({ whole, fraction, ten, two }: Parts): boolean {
  return whole + fraction !== '' || (ten >= -9 && two < 50);
}

/** Reports whether ParseQuantity keeps the amount as an int64: it counts decimal digits, so amounts near the limit do not. */
export function isInt64(text: string): boolean {
  const { whole, fraction, ten, two } = partsOf(text) ?? { whole: '', fraction: '.', ten: 0, two: 0 };
  const digits = whole.replace(/^0+(?=\d)/, '');
  if (two > 0) return fraction === '' && 15 - digits.length - Math.trunc((two * 3) / 10) - 1 >= 0;
  if (18 - digits.length - fraction.length < 0 || ten - fraction.length < 0) return false;
  const amount = BigInt(digits + fraction || 0) * 10n ** BigInt(Math.min(MAX_EXPONENT, ten - fraction.length));
  return amount < 2n ** 63n;
}

/** Quantity.UnmarshalJSON for a string. Never throws; takes linear time. */
export function readQuantity(text: string): ParsedQuantity {
  const before = known.get(text);
  if (before !== undefined) return before;
  const parsed = readText(text);
  if (text.length > MAX_LENGTH) return parsed;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, parsed);
  return parsed;
}

function readText(text: string): ParsedQuantity {
  if (text.length > MAX_LENGTH) return wrong(text, `it is longer than ${MAX_LENGTH} characters`);
  // Trims only spaces: line breaks and tabs are escapes in JSON, which Go does not trim.
  const trimmed = text.replace(/^ +| +$/g, '');
  const parts = partsOf(trimmed);
  if (parts === undefined || parts.whole + parts.fraction === '') return wrong(text, hint(trimmed));
  if (Math.abs(parts.ten) > MAX_EXPONENT)
    return wrong(text, `its exponent is not between -${MAX_EXPONENT} and ${MAX_EXPONENT}`);
  return { ok: true, quantity: quantityOf(text, parts) };
}

function quantityOf(text: string, { sign, whole, fraction, ten, two }: Parts): Quantity {
  const size = capped(shift(BigInt(whole + fraction) << BigInt(two), ten - fraction.length + 9), two);
  const nano = sign === '-' ? -size : size;
  const milli = sign === '-' ? -shift(size, -6) : shift(size, -6);
  return { text, nano, milli, about: Number(milli), isWhole: milli % 1000n === 0n };
}

function capped(nano: bigint, two: number): bigint {
  return two > 0 && nano > MAX_BINARY ? MAX_BINARY : nano;
}

function wrong(text: string, problem: string): ParsedQuantity {
  return { ok: false, text, problem };
}

/** `value * 10 ** places`, rounded up. */
function shift(value: bigint, places: number): bigint {
  if (places >= 0) return value * 10n ** BigInt(places);
  const divisor = 10n ** BigInt(-places);
  return (value + divisor - 1n) / divisor;
}

const ALMOST: readonly (readonly [RegExp, string])[] = [
  [/^[+-]?[\d.]+ *[KMGTPkmgt]i?B$/i, 'quantities do not end in "B"'],
  [/^[+-]?[\d.]+ *K$/, '"k" is 1000, "Ki" is 1024'],
  [/^[+-]?[\d.]+ *[kmgtpe]i$/, 'binary suffixes are Ki, Mi, Gi, Ti, Pi, and Ei'],
  [/^[+-]?[\d.]+ *(g|t|p)$/, 'decimal suffixes are n, u, m, k, M, G, T, P, and E'],
  [/^[+-]?[\d.]+ +\S+$/, 'quantities cannot contain spaces'],
  [/^[+-]?\d+,\d+/, 'the decimal point is "."'],
];

function hint(text: string): string {
  if (text === '') return 'it is empty';
  return (
    ALMOST.find(([pattern]) => pattern.test(text))?.[1] ??
    'expected a number with an optional suffix such as m, k, M, Mi, or Gi'
  );
}

/** Reports whether the first quantity is larger, in thousandths. */
export function exceeds(left: Quantity, right: Quantity): boolean {
  return left.about >= right.about && left.milli > right.milli;
}
