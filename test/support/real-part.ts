/** Suites that need an external program: the Go originals, a registry, an API server, a browser. */
import { describe } from 'vitest';

/**
 * Runs `body` as a suite if nothing is missing. Otherwise, it skips the suite and prints one line on stderr with the reason and
 * the remedy; with CI=true, which requires all programs, the test file fails with that line instead.
 */
export function describeWith(missing: string | undefined, name: string, body: () => void): void {
  if (missing !== undefined) {
    const line = `${name}: ${missing}`;
    if (process.env['CI'] === 'true') throw new Error(line);
    process.stderr.write(`skipped: ${line}\n`);
  }
  const suite = missing === undefined ? describe : describe.skip;
  suite(name, body);
}
