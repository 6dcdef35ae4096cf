/** Converts between numbers and strings like Go, with the ranges of CEL's int and uint. */
import { CelError } from '../budget.ts';
import { MAX_INT, MAX_UINT, MIN_INT, type Uint } from '../value.ts';

export function int(value: bigint): bigint {
  if (value < MIN_INT || value > MAX_INT) throw new CelError('the result does not fit into an int');
  return value;
}

export function uint(value: bigint): Uint {
  if (value < 0n || value > MAX_UINT) throw new CelError('the result does not fit into a uint');
  return { tag: 'uint', value };
}

/** strconv.ParseInt, base 10. */
export function parseInt(text: string): bigint {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw new CelError('the text is not a whole number');
  return int(BigInt(text.startsWith('+') ? text.slice(1) : text));
}

export function parseUint(text: string): Uint {
  if (!/^\d{1,40}$/.test(text)) throw new CelError('the text is not an unsigned whole number');
  return uint(BigInt(text));
}

const MAX_DIGITS = 1000;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['infinity', Infinity],
  ['nan', NaN],
]);

/** strconv.ParseFloat without its hexadecimal forms. */
export function parseDouble(text: string): number {
  const wrong = new CelError('the text is not a number');
  if (text.length > MAX_DIGITS) throw wrong;
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = /^[+-]/.test(text) ? text.slice(1) : text;
  const special = SPECIAL.get(bare.toLowerCase());
  if (special !== undefined && !(Number.isNaN(special) && bare !== text)) return sign * special;
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bare)) throw wrong;
  const value = Number(bare);
  if (!Number.isFinite(value)) throw wrong;
  return sign * value;
}

/** Rounds toward zero. */
export function truncate(value: number): bigint {
  if (!Number.isFinite(value)) throw new CelError('the number does not fit into an int');
  return BigInt(Math.trunc(value));
}

/** strconv.FormatFloat with 'g' and the fewest digits: `1e+06`, `1.5e-07`, `123456`. */
export function showDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${power.charAt(0)}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
