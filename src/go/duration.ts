/** Durations as Go writes them: `10s`, `1m30s`, `1.5s`, `-2h`. */

/** Nanoseconds. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ns', 1n],
]);

/** Go computes magnitudes of up to 2 ** 63; only a negative duration can be that long. */
const LIMIT = 1n << 63n;
const MAX_LENGTH = 100;
const PART = /(\d*)(?:\.(\d*))?([^\d.]+)/y;

/** time.ParseDuration, in nanoseconds. Returns `undefined` for a text that it rejects, and for more than 100 characters. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const isNegative = text.startsWith('-');
  const bare = /^[+-]/.test(text) ? text.slice(1) : text;
  if (bare === '0') return 0n;
  if (bare === '') return undefined;
  let total = 0n;
  for (let at = 0; at < bare.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const nanos = nanosOf(PART.exec(bare));
    if (nanos === undefined || total + nanos > LIMIT) return undefined;
    total += nanos;
  }
  if (isNegative) return -total;
  return total === LIMIT ? undefined : total;
}

/** Milliseconds; `undefined` also for a negative duration. */
export function parseDurationMs(text: string): number | undefined {
  const nanos = parseDuration(text);
  return nanos === undefined || nanos < 0n ? undefined : Number(nanos) / 1e6;
}

function nanosOf(part: RegExpExecArray | null): bigint | undefined {
  const [, whole = '', fraction = '', name = ''] = part ?? [];
  const unit = UNITS.get(name);
  if (unit === undefined || whole + fraction === '') return undefined;
  const nanos = BigInt(whole || 0) * unit + fractionOf(fraction, Number(unit));
  return nanos > LIMIT ? undefined : nanos;
}

/** Go keeps the digits of a fraction that fit into an int64, and multiplies in float64. */
function fractionOf(digits: string, unit: number): bigint {
  if (digits === '') return 0n;
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (unit / scale)));
}
