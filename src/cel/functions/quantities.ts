/** Kubernetes quantities (apimachinery resource.Quantity), exact: `1.5Gi`, `250m`, `1e3`. */
import { CelError } from '../budget.ts';
import { compareVersions } from '../equal.ts';
import { func, method, type Overload } from '../overload.ts';
import { MAX_INT, MIN_INT, type Quantity } from '../value.ts';

const TYPE = 'kubernetes.Quantity';
const BILLION = 1_000_000_000n;

export const QUANTITIES: readonly Overload[] = [
  func(`quantity(string): ${TYPE}`, ([text]: [string]) => quantityOf(text)),
  // A file may have a bare number where the API server has made a text of it.
  func(`quantity(int): ${TYPE}`, ([value]: [bigint]) => ofInt(value)),
  func(`quantity(double): ${TYPE}`, ([value]: [number]) => quantityOf(String(value))),
  func('isQuantity(string): bool', ([text]: [string]) => parseQuantity(text) !== undefined),
  func(`sign(${TYPE}): int`, ([quantity]: [Quantity]) => sign(quantity)),
  method(`${TYPE}.sign(): int`, ([quantity]: [Quantity]) => sign(quantity)),
  method(`${TYPE}.isInteger(): bool`, ([quantity]: [Quantity]) => quantity.whole),
  method(`${TYPE}.asInteger(): int`, ([quantity]: [Quantity]) => {
    if (!quantity.whole) throw new CelError('the quantity is not a whole number that fits into an int');
    return quantity.nanos / BILLION;
  }),
  method(`${TYPE}.asApproximateFloat(): double`, ([{ nanos }]: [Quantity]) => {
    const whole = nanos / BILLION;
    return Number(whole) + Number(nanos - whole * BILLION) / 1e9;
  }),
  method(`${TYPE}.add(${TYPE}): ${TYPE}`, ([left, right]: [Quantity, Quantity]) => plus(left, right)),
  method(`${TYPE}.add(int): ${TYPE}`, ([left, right]: [Quantity, bigint]) => plus(left, ofInt(right))),
  method(`${TYPE}.sub(${TYPE}): ${TYPE}`, ([left, right]: [Quantity, Quantity]) => plus(left, negative(right))),
  method(`${TYPE}.sub(int): ${TYPE}`, ([left, right]: [Quantity, bigint]) => plus(left, negative(ofInt(right)))),
  ...comparisons(TYPE),
];

/** Shared with versions. */
export function comparisons(type: string): readonly Overload[] {
  type Pair = [Quantity, Quantity];
  return [
    method(`${type}.isLessThan(${type}): bool`, ([left, right]: Pair) => compareVersions(left, right) < 0),
    method(`${type}.isGreaterThan(${type}): bool`, ([left, right]: Pair) => compareVersions(left, right) > 0),
    method(`${type}.compareTo(${type}): int`, ([left, right]: Pair) => BigInt(compareVersions(left, right))),
  ];
}

function quantityOf(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new CelError('the text is not a quantity like 1.5Gi');
  return quantity;
}

function sign({ nanos }: Quantity): bigint {
  return nanos > 0n ? 1n : nanos < 0n ? -1n : 0n;
}

function ofInt(value: bigint): Quantity {
  return { tag: 'quantity', nanos: value * BILLION, whole: true };
}

function negative({ nanos, whole }: Quantity): Quantity {
  return { tag: 'quantity', nanos: -nanos, whole };
}

function plus(left: Quantity, right: Quantity): Quantity {
  if (left.nanos === 0n) return right;
  if (right.nanos === 0n) return left;
  const nanos = left.nanos + right.nanos;
  return { tag: 'quantity', nanos, whole: left.whole && right.whole && fitsInt(nanos / BILLION) };
}

function fitsInt(value: bigint): boolean {
  return value >= MIN_INT && value <= MAX_INT;
}

/** Base, exponent. */
const SUFFIXES: ReadonlyMap<string, readonly [2 | 10, number]> = new Map([
  ['n', [10, -9]],
  ['u', [10, -6]],
  ['m', [10, -3]],
  ['', [10, 0]],
  ['k', [10, 3]],
  ['M', [10, 6]],
  ['G', [10, 9]],
  ['T', [10, 12]],
  ['P', [10, 15]],
  ['E', [10, 18]],
  ['Ki', [2, 10]],
  ['Mi', [2, 20]],
  ['Gi', [2, 30]],
  ['Ti', [2, 40]],
  ['Pi', [2, 50]],
  ['Ei', [2, 60]],
]);

/** Longer ones are nobody's memory, and take time to compute with. */
const MAX_TEXT = 100;
const MAX_EXPONENT = 100;

function parseQuantity(text: string): Quantity | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([A-Za-z]*|[eE][+-]?\d{1,9})$/.exec(text);
  const [, mark, whole = '', fraction = '', suffix = ''] = match ?? [];
  const scale = match === null || text === '' ? undefined : scaleOf(suffix);
  if (scale === undefined) return undefined;
  const [base, exponent] = scale;
  const digits = BigInt(whole + fraction);
  const nanos = toNanos(digits, fraction.length, [base, Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent))]);
  const quantity = { tag: 'quantity', nanos, whole: isWhole(whole, fraction, scale) } as const;
  return mark === '-' ? negative(quantity) : quantity;
}

function scaleOf(suffix: string): readonly [2 | 10, number] | undefined {
  const [, exponent] = /^[eE]([+-]?\d+)$/.exec(suffix) ?? [];
  return exponent === undefined ? SUFFIXES.get(suffix) : [10, Number(exponent)];
}

/** Quantities with Ki, Mi, … end at the largest int64. */
const MAX_BINARY = MAX_INT * BILLION;

/** What is finer than a billionth is rounded up, away from zero. */
function toNanos(digits: bigint, decimals: number, [base, exponent]: readonly [2 | 10, number]): bigint {
  const numerator = digits * BILLION * (exponent > 0 ? BigInt(base) ** BigInt(exponent) : 1n);
  const denominator = 10n ** BigInt(decimals) * (exponent < 0 ? BigInt(base) ** BigInt(-exponent) : 1n);
  const nanos = (numerator + denominator - 1n) / denominator;
  return base === 2 && nanos > MAX_BINARY ? MAX_BINARY : nanos;
}

/** Whether ParseQuantity keeps it as an int64: it counts decimal digits, and leaves out what comes near the end of the range. */
function isWhole(whole: string, fraction: string, [base, exponent]: readonly [2 | 10, number]): boolean {
  const digits = whole.replace(/^0+(?=\d)/, '');
  if (base === 2) return fraction === '' && 15 - digits.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
  if (18 - digits.length - fraction.length < 0 || exponent - fraction.length < 0) return false;
  return fitsInt(BigInt(digits + fraction || 0) * 10n ** BigInt(Math.min(MAX_EXPONENT, exponent - fraction.length)));
}
