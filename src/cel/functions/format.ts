/** Implements `"%s has %d".format([…])` like cel-go: `%f` groups thousands, `%e` has a multiplication sign. */
import { type Budget, CelError, spend } from '../budget.ts';
import { type CelMap, isTagged, itemsOf, type List, mapGet, mapKeys, typeName, type Value } from '../value.ts';
import { showDouble } from './numbers.ts';
import { showDuration, showTimestamp } from './times.ts';

interface Clause {
  readonly verb: string;
  readonly precision: number | undefined;
  /** Offset after the verb. */
  readonly end: number;
}

const MAX_PRECISION = 100;
const MAX_DEPTH = 100;

export function format(pattern: string, values: readonly Value[], budget: Budget): string {
  spend(budget, pattern.length);
  let text = '';
  let used = 0;
  for (let at = 0; at < pattern.length;) {
    const percent = pattern.indexOf('%', at);
    if (percent < 0) return text + pattern.slice(at);
    text += pattern.slice(at, percent);
    const clause = clauseAt(pattern, percent + 1);
    at = clause.end;
    if (clause.verb === '%') {
      text += '%';
      continue;
    }
    const value = values[used];
    if (value === undefined) throw new CelError(`format has ${values.length} arguments, but its text requires more`);
    used += 1;
    const part = formatted(clause, value, budget);
    spend(budget, 1 + (part.length >> 5));
    text += part;
  }
  return text;
}

function clauseAt(pattern: string, from: number): Clause {
  let at = from;
  let precision: number | undefined;
  if (pattern.charAt(at) === '.') {
    const digits = /^\d{1,4}/.exec(pattern.slice(at + 1, at + 5))?.[0] ?? '';
    precision = digits === '' ? MAX_PRECISION + 1 : Number(digits);
    at += 1 + digits.length;
    if (precision > MAX_PRECISION) throw new CelError(`the precision must be at most ${MAX_PRECISION}`);
  }
  const verb = pattern.charAt(at);
  if (verb === '' || !'%sdfebxXo'.includes(verb)) throw new CelError(`format does not support "%${verb}"`);
  return { verb, precision, end: at + 1 };
}

function formatted({ verb, precision = 6 }: Clause, value: Value, budget: Budget): string {
  switch (verb) {
    case 's':
      return show(value, budget, 0);
    case 'd':
      return String(wholeNumber(value, verb));
    case 'f':
      return fixed(doubleOf(value, verb), precision);
    case 'e':
      // cel-go also parses and ignores the precision.
      return scientific(doubleOf(value, verb));
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : wholeNumber(value, verb).toString(2);
    case 'o':
      return wholeNumber(value, verb).toString(8);
    default:
      return verb === 'X' ? hex(value, budget).toUpperCase() : hex(value, budget);
  }
}

function mismatch(verb: string, value: Value): CelError {
  return new CelError(`"%${verb}" does not take ${typeName(value)}`);
}

function wholeNumber(value: Value, verb: string): bigint {
  if (typeof value === 'bigint') return value;
  if (isTagged(value, 'uint')) return value.value;
  throw mismatch(verb, value);
}

function doubleOf(value: Value, verb: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  throw mismatch(verb, value);
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value > 0 ? '∞' : '-∞';
}

function fixed(value: number, precision: number): string {
  const odd = special(value);
  if (odd !== undefined) return odd;
  const [whole = '', fraction] = plainDigits(value, precision).split('.');
  const sign = whole.startsWith('-') ? '-' : '';
  const digits = sign === '' ? whole : whole.slice(1);
  const first = digits.length % 3;
  const groups = digits.slice(first).match(/\d{3}/g) ?? [];
  const grouped = [...(first === 0 ? [] : [digits.slice(0, first)]), ...groups].join(',');
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** Formats as Go does: toFixed uses an exponent from 1e21 on, where numbers have no fraction, and rounds 0.5 up, not to even. */
function plainDigits(value: number, precision: number): string {
  if (Math.abs(value) < 1e21) {
    const exact = value.toFixed(Math.min(100, precision + 30));
    const end = exact.indexOf('.') + 1 + precision;
    const isTie = /^50*$/.test(exact.slice(end)) && /[02468]$/.test(exact.slice(0, end).replace(/\.$/, ''));
    return isTie ? exact.slice(0, end).replace(/\.$/, '') : value.toFixed(precision);
  }
  return `${BigInt(value)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function scientific(value: number): string {
  const odd = special(value);
  if (odd !== undefined) return odd;
  const [mantissa = '', exponent = ''] = value.toExponential(6).split('e');
  const digits = exponent.slice(1).padStart(2, '0');
  const raised = digits.replace(/\d/g, (digit) => SUPERSCRIPTS.charAt(Number(digit)));
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}

function hex(value: Value, budget: Budget): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array)) return wholeNumber(value, 'x').toString(16);
  spend(budget, bytes.length);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function show(value: Value, budget: Budget, depth: number): string {
  spend(budget, 1);
  if (depth > MAX_DEPTH) throw new CelError(`values nested more than ${MAX_DEPTH} levels deep cannot be formatted`);
  if (typeof value === 'number') return depth === 0 ? showDouble(value) : inside(value);
  if (typeof value === 'string') return showText(value, depth, budget);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return showBytes(value, depth, budget);
  if (value.tag === 'list') return showList(value, budget, depth);
  return value.tag === 'map' ? showMap(value, budget, depth) : showOther(value, depth);
}

function showText(value: string, depth: number, budget: Budget): string {
  spend(budget, value.length >> 5);
  return depth === 0 ? value : `"${value}"`;
}

function showBytes(value: Uint8Array, depth: number, budget: Budget): string {
  spend(budget, value.length >> 3);
  const text = new TextDecoder().decode(value);
  return depth === 0 ? text : `b"${text}"`;
}

/** Does not group thousands, unlike `%f`. */
function inside(value: number): string {
  if (Number.isFinite(value)) return plainDigits(value, 6);
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"';
}

function showList(list: List, budget: Budget, depth: number): string {
  return `[${itemsOf(list, budget)
    .map((item) => show(item, budget, depth + 1))
    .join(', ')}]`;
}

function showMap(map: CelMap, budget: Budget, depth: number): string {
  const entries = mapKeys(map, budget).map(
    (key) => `${show(key, budget, depth + 1)}:${show(mapGet(map, key) ?? null, budget, depth + 1)}`,
  );
  return `{${entries.sort().join(', ')}}`;
}

function showOther(
  value: Exclude<Value, null | string | number | bigint | boolean | Uint8Array>,
  depth: number,
): string {
  switch (value.tag) {
    case 'uint':
      return String(value.value);
    case 'type':
      return value.name;
    case 'timestamp':
      return depth === 0 ? showTimestamp(value) : `timestamp("${showTimestamp(value)}")`;
    case 'duration':
      return depth === 0 ? showDuration(value) : `duration("${showDuration(value)}")`;
    default:
      throw mismatch('s', value);
  }
}
