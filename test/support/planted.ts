/** A directory with files for one test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The content of each file by its path. */
export type Tree = Readonly<Record<string, string>>;

export function plant(tree: Tree, root = '.'): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Enters a new directory; returns how to leave and remove it. */
export function enterNewDirectory(): () => void {
  const before = process.cwd();
  const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-planted-'));
  process.chdir(root);
  return () => {
    process.chdir(before);
    rmSync(root, { recursive: true, force: true });
  };
}
