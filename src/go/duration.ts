/** Durations as Go writes them, in the URLs of the API server and in our documents: `10s`, `1m30s`, `1.5s`. */
const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

/** In milliseconds; `undefined` when it is none. */
export function goDurationMs(text: string): number | undefined {
  if (text.length > 40 || !/^(\d+(\.\d*)?(h|ms|m|us|µs|ns|s))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(h|ms|m|us|µs|ns|s)/g)) {
    total += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0);
  }
  return total;
}
