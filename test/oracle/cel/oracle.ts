// Builds the program in this folder once per state of its sources, outside the repository, and asks it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export interface CelAnswer {
  /** `compile`: refused before it is evaluated. */
  readonly outcome: 'value' | 'compile' | 'error';
  readonly value?: string;
  readonly error?: string;
}

const SOURCES = ['main.go', 'go.mod', 'go.sum'];
const FOLDER = import.meta.dirname;
const CACHE = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'tidewaiter');
const PROGRAM = path.join(CACHE, `cel-oracle-${hashOf(SOURCES)}`);

/** Why Kubernetes cannot be asked, and how to get it; undefined when it can. */
export const celOracleMissing: string | undefined = existsSync(PROGRAM) ? undefined : goMissing();

/** One answer per expression, in the same order. Builds the program when it is not there (a minute at most). */
export function askKubernetes(expressions: readonly string[], object: unknown): readonly CelAnswer[] {
  if (!existsSync(PROGRAM)) build();
  const input = expressions.map((expression) => `${JSON.stringify({ expression, object })}\n`).join('');
  const asked = spawnSync(PROGRAM, { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (asked.status !== 0) throw new Error(`the oracle ended with code ${asked.status}: ${asked.stderr}`);
  return asked.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CelAnswer);
}

function build(): void {
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${PROGRAM}.${process.pid}`;
  const go = spawnSync('go', ['build', '-mod=readonly', '-trimpath', '-o', unfinished, '.'], {
    cwd: FOLDER,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    encoding: 'utf8',
  });
  if (go.status !== 0) throw new Error(`the oracle in ${FOLDER} does not build:\n${go.stderr}`);
  renameSync(unfinished, PROGRAM); // in one step: who finds the file finds all of it
}

function goMissing(): string | undefined {
  // In this folder, so that Go checks the version that go.mod asks for (and fetches it where it is allowed to).
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: FOLDER, encoding: 'utf8' });
  if (go.status === 0) return undefined;
  const reason = go.error === undefined ? go.stderr.trim() : 'there is no go on the PATH';
  return `Kubernetes' CEL cannot be built: ${reason}; needs Go >= 1.26: https://go.dev/dl/`;
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(path.join(FOLDER, file)));
  return hash.digest('hex').slice(0, 16);
}
