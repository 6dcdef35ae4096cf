#!/usr/bin/env node
/** argv -> command -> exit code: the only file that ends the process. An old Node.js must be able to parse this file. */
import { startWithLittleMemory } from './cli/little-memory.ts';
import { loadOwnModulesFast } from './cli/own-modules.ts';

const NEEDED = [22, 19, 0];
/** Earlier versions of Node.js 23 have no zstd, which recordings are compressed with. */
const FIRST_23 = [23, 8, 0];

/** Commands that read many files and end within seconds. */
const ENDS_SOON: ReadonlySet<string> = new Set(['check', 'pin']);

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const differs = other.findIndex((part, index) => version[index] !== part);
  return differs >= 0 && (version[differs] ?? 0) < (other[differs] ?? 0);
}

const found = process.versions.node.split('.').map(Number);
if (isBefore(found, NEEDED) || (found[0] === FIRST_23[0] && isBefore(found, FIRST_23))) {
  const needed = `${NEEDED.join('.')} or later, but not 23.0 to 23.7, which cannot read recordings`;
  process.stderr.write(`tidewaiter requires Node.js ${needed} (found ${process.versions.node})\n`);
  process.exitCode = 2;
} else {
  // V8 keeps code for each set of flags, so they come before the cache.
  if (ENDS_SOON.has(process.argv[2] ?? '')) startWithLittleMemory();
  loadOwnModulesFast();
  const { isCompletion, runProcess } = await import('./cli/program.ts');
  process.exitCode = await runProcess(process.argv);
  // A shell waits for the end of the process, which would wait for a DNS lookup.
  if (isCompletion(process.argv)) process.exit();
}
