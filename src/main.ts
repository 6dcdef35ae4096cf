#!/usr/bin/env node
/** argv -> command -> exit code: the only file that ends the process. An old Node.js must be able to parse this file. */
const NEEDED = [22, 19, 0];

function isOld(version: string): boolean {
  const found = version.split('.').map(Number);
  const differs = NEEDED.findIndex((part, index) => found[index] !== part);
  return differs >= 0 && (found[differs] ?? 0) < (NEEDED[differs] ?? 0);
}

if (isOld(process.versions.node)) {
  process.stderr.write(`tidewaiter requires Node.js ${NEEDED.join('.')} or later (found ${process.versions.node})\n`);
  process.exitCode = 2;
} else {
  process.getBuiltinModule('node:module').enableCompileCache();
  const { runProcess } = await import('./cli/program.ts');
  process.exitCode = await runProcess(process.argv);
}
