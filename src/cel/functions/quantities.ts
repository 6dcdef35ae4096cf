/** Kubernetes quantities (apimachinery resource.Quantity), exact: `1.5Gi`, `250m`, `1e3`. */
import { isInt64, parseQuantity } from '../../go/quantity.ts';
import { CelError } from '../budget.ts';
import { compareVersions } from '../equal.ts';
import { func, method, type Overload } from '../overload.ts';
import { MAX_INT, MIN_INT, type Quantity } from '../value.ts';

const TYPE = 'kubernetes.Quantity';
const BILLION = 1_000_000_000n;

export const QUANTITIES: readonly Overload[] = [
  func(`quantity(string): ${TYPE}`, ([text]: [string]) => quantityOf(text)),
  // A manifest can contain a number where the API server stores a string.
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
  const parsed = parseQuantity(text);
  if (parsed === undefined) throw new CelError('the text is not a quantity like 1.5Gi');
  return { tag: 'quantity', nanos: parsed.nano, whole: isInt64(text) };
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
