/** Suites that need a part from outside of this repository: the Go originals, a registry, an API server, a browser. */
import { describe } from 'vitest';

/**
 * Runs `body` as a suite when nothing is missing. Else the suite is skipped, with one line on stderr that says why and how
 * to get the part; with CI=true, where all parts are meant to be there, the test file fails with that line instead.
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
