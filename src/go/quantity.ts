/**
 * Kubernetes quantities, `100m`, `1.5Gi`, `2e3`, as apimachinery pkg/api/resource reads them: sign, digits with or without a
 * point, and one suffix of n u m k M G T P E, Ki to Ei, or an exponent. Exact: a whole number of billionths.
 */

export interface Quantity {
  /** As the object has it. */
  readonly text: string;
  /** What is finer is rounded away from zero, as the API server does. */
  readonly nano: bigint;
  /** Thousandths, as they stand in a list of resources: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList. */
  readonly milli: bigint;
  /** Of `milli`, to about 15 digits: tells what differs by more at a fraction of the cost. */
  readonly about: number;
  readonly isWhole: boolean;
}

export type ParsedQuantity =
  | { readonly ok: true; readonly quantity: Quantity }
  | { readonly ok: false; readonly text: string; readonly problem: string };

/** The same few quantities come again and again; a full memory is begun anew, so nobody can fill it for good. */
const known = new Map<string, ParsedQuantity>();
const MAX_KNOWN = 2000;

/** Longer than any that means something; it bounds what a number can cost. */
const MAX_LENGTH = 256;
const MAX_EXPONENT = 256;

const GRAMMAR = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)([numkMGTPE]?|[KMGTPE]i|[eE][+-]?\d+)$/;
/** Powers of ten and of two. */
const SUFFIXES: Readonly<Record<string, readonly [ten: number, two: bigint]>> = {
  ...Object.fromEntries(['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((name, at) => [name, [3 * at - 9, 0n]])),
  ...Object.fromEntries(['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((name, at) => [name, [0, 10n * BigInt(at + 1)]])),
};
/** Only what has a binary suffix is capped. */
const MAX_BINARY = (2n ** 63n - 1n) * 10n ** 9n;

/** Never throws; linear in the length of `text`. */
export function parseQuantity(text: string): ParsedQuantity {
  const before = known.get(text);
  if (before !== undefined) return before;
  const parsed = readQuantity(text);
  if (text.length > MAX_LENGTH) return parsed;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, parsed);
  return parsed;
}

function readQuantity(text: string): ParsedQuantity {
  if (text.length > MAX_LENGTH) return wrong(text, `it is longer than ${MAX_LENGTH} characters`);
  // apimachinery trims the JSON as it came, where a line break is an escape.
  const trimmed = text.replace(/^ +| +$/g, '');
  // Its grammar wants a digit; its parser takes some texts without one ("Ki", not "Pi") for 0.
  const parts = GRAMMAR.exec(trimmed);
  if (parts === null) return wrong(text, hint(trimmed));
  const [, sign, whole = '', fraction = '', suffix = ''] = parts;
  const [ten, two] = SUFFIXES[suffix] ?? [Number(suffix.slice(1)), 0n];
  // There is no such bound in apimachinery, which computes until somebody stops it.
  if (Math.abs(ten) > MAX_EXPONENT)
    return wrong(text, `its exponent is not between -${MAX_EXPONENT} and ${MAX_EXPONENT}`);
  const size = capped(shift(BigInt(whole + fraction) << two, ten - fraction.length + 9), two);
  const nano = sign === '-' ? -size : size;
  const milli = sign === '-' ? -shift(size, -6) : shift(size, -6);
  return { ok: true, quantity: { text, nano, milli, about: Number(milli), isWhole: milli % 1000n === 0n } };
}

function capped(nano: bigint, two: bigint): bigint {
  return two > 0n && nano > MAX_BINARY ? MAX_BINARY : nano;
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
  [/^[+-]?[\d.]+ *[KMGTPkmgt]i?B$/i, 'a quantity has no "B" at its end'],
  [/^[+-]?[\d.]+ *K$/, '"k" is a thousand, "Ki" is 1024'],
  [/^[+-]?[\d.]+ *[kmgtpe]i$/, 'binary suffixes are Ki, Mi, Gi, Ti, Pi, Ei'],
  [/^[+-]?[\d.]+ *(g|t|p)$/, 'decimal suffixes are n, u, m, k, M, G, T, P, E'],
  [/^[+-]?[\d.]+ +\S+$/, 'there is a space in it'],
  [/^[+-]?\d+,\d+/, 'the decimal point is "."'],
];

function hint(text: string): string {
  if (text === '') return 'it is empty';
  return (
    ALMOST.find(([pattern]) => pattern.test(text))?.[1] ?? 'it is not a number with a suffix such as m, k, M, Mi or Gi'
  );
}

/** Whether the first is more, in thousandths. */
export function exceeds(left: Quantity, right: Quantity): boolean {
  return left.about >= right.about && left.milli > right.milli;
}
