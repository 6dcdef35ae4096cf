/** Repositories for `check --since`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from './command.ts';

/** Each test runs in a directory of its own. */
export function inNewRepository(): void {
  const before = process.cwd();
  let root = '';
  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'tidewaiter-since-')));
    process.chdir(root);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(root, { recursive: true, force: true });
  });
}

export function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { encoding: 'utf8' }).trim();
}

export function commit(): void {
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'a commit');
}

export function write(name: string, text: string): void {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
}

export function pod(name: string, image: string, metadata = `name: ${name}`): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\nspec: {containers: [{name: web, image: "${image}"}]}\n`;
}

export const GOOD = `nginx:1.27@sha256:${'a'.repeat(64)}`;
export const BAD = 'nginx';
export const WORSE = 'redis';

export interface Outcome {
  readonly code: number;
  readonly changed: number;
  readonly unchanged: number | undefined;
  readonly denied: number;
  readonly existing: number;
}

export async function since(...argv: readonly string[]): Promise<Outcome & { readonly report: CheckReport }> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  const report = JSON.parse(out) as CheckReport;
  const { workloads, unchanged, denied } = report.summary;
  const existing = report.findings.filter((finding) => finding.existing).length;
  return { code, changed: workloads, unchanged, denied, existing, report };
}
