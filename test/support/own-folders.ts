/** For commands that read and write files: each test runs in an empty folder of its own, below one that is removed at the end. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** To be called once in a test file, whose `name` the folder has. */
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
