/** Runs each test in its own empty directory, for commands that read and write files; the directories are removed at the end. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** Must be called once in a test file, with its name. */
export function inOwnFolders(name: string): void {
  const root = mkdtempSync(path.join(tmpdir(), `tidewaiter-${name}-`));
  const started = process.cwd();
  let runs = 0;
  beforeEach(() => {
    const folder = path.join(root, String((runs += 1)));
    mkdirSync(folder);
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(started);
    rmSync(root, { recursive: true, force: true });
  });
}
