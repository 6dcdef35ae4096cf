/** The files of the repository as a new commit would have them: what Git tracks, and new files that it does not ignore. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Makes a repository with one commit of these files, and returns the commit. */
export function commitSources(folder: string): string {
  const list = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const file of list.split('\0').filter((name) => name !== '' && existsSync(path.join(ROOT, name)))) {
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  return commitAll(folder);
}

export function commitAll(folder: string): string {
  git(folder, 'init', '--quiet');
  git(folder, 'add', '--all');
  git(folder, '-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message', 'sources');
  return git(folder, 'rev-parse', 'HEAD').trim();
}

export function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
}
