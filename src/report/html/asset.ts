/** Loads the page of the HTML report, which the build writes to dist/. */
import { readFileSync } from 'node:fs';
import { UserError } from '../../error/user-error.ts';

/** Beside the bundles, or in dist/ when the sources run. */
const PLACES = ['./report.html', '../../../dist/report.html'];

export function loadPage(): string {
  for (const place of PLACES) {
    const text = read(new URL(place, import.meta.url));
    if (text !== undefined) return text;
  }
  throw new UserError(
    'the page of the HTML report (report.html) is missing from the installation; install tidewaiter again, or run npm run build',
  );
}

function read(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
