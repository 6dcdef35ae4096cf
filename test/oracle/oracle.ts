// What the Go originals say: builds the program in this folder once per state of its sources, outside the repository,
// and talks to one process of it over its standard streams, a JSON line per question and per answer.
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What github.com/distribution/reference makes of one image string. */
export type OracleAnswer = ValidImage | InvalidImage;

interface ValidImage {
  readonly valid: true;
  readonly error: null;
  readonly domain: string;
  readonly path: string;
  readonly tag: string | null;
  readonly digest: string | null;
  /** The fully spelled name (`docker.io/library/nginx`), with tag and digest as they were; no tag is added. */
  readonly normalized: string;
  /** The shortest name (`nginx`), with tag and digest as they were. */
  readonly familiar: string;
  /** What containerd pulls: `:latest` when there is neither tag nor digest, no tag when there are both. */
  readonly runtimeRef: string;
}

interface InvalidImage {
  readonly valid: false;
  readonly error: string;
  readonly domain: null;
  readonly path: null;
  readonly tag: null;
  readonly digest: null;
  readonly normalized: null;
  readonly familiar: null;
  readonly runtimeRef: null;
}

export interface Oracle {
  /**
   * One answer per image, in the same order. A lone surrogate reaches Go as U+FFFD, as it does in the API server, so such
   * an image is always invalid. Rejects when the process ends early, with what it said on stderr.
   */
  ask(images: readonly string[]): Promise<readonly OracleAnswer[]>;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: OracleAnswer) => void;
  readonly reject: (reason: Error) => void;
}

type OracleProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const sources = ['main.go', 'go.mod', 'go.sum'];
const program = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'tidewaiter',
  `oracle-${hashOf(sources)}`,
  'oracle',
);

/** Why the oracle cannot be asked, and how to get it; undefined when it can. */
export const oracleMissing: string | undefined = existsSync(program) ? undefined : goMissing();

/** Builds the program when it is not there (a few seconds), and starts one process of it. */
export async function startOracle(): Promise<Oracle> {
  if (!existsSync(program)) await build();
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: Waiting[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.resolve(JSON.parse(line) as OracleAnswer);
  });
  const ended = endOf(child, waiting);

  return {
    ask(images) {
      if (!child.stdin.writable) return Promise.reject(new Error('the oracle was asked after it had ended'));
      const answers = images.map(
        () => new Promise<OracleAnswer>((resolve, reject) => waiting.push({ resolve, reject })),
      );
      child.stdin.write(images.map((image) => `${JSON.stringify({ kind: 'reference', image })}\n`).join(''));
      return Promise.all(answers);
    },
    async close() {
      child.stdin.end(); // the program ends with its input, also when this process dies
      await ended;
    },
  };
}

/** Resolves when the process is gone; then no question is left without an answer or a reason. */
function endOf(child: OracleProcess, waiting: Waiting[]): Promise<void> {
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => undefined); // a broken pipe: "close" below tells the reason
  return new Promise((resolve) => {
    child.once('error', (error) => said.push(Buffer.from(error.message)));
    child.once('close', (code) => {
      const reason = new Error(`the oracle ended with code ${code}: ${Buffer.concat(said).toString().trim()}`);
      for (const { reject } of waiting.splice(0)) reject(reason);
      resolve();
    });
  });
}

async function build(): Promise<void> {
  mkdirSync(dirname(program), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const go = spawn('go', ['build', '-mod=readonly', '-trimpath', '-o', unfinished, '.'], {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: Buffer[] = [];
  go.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const code = await new Promise((resolve, reject) => {
    go.once('error', reject);
    go.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`the oracle in ${import.meta.dirname} does not build:\n${Buffer.concat(said).toString()}`);
  renameSync(unfinished, program); // in one step: who finds the file finds all of it
}

function goMissing(): string | undefined {
  // In this folder, so that Go checks the version that go.mod asks for (and fetches it where it is allowed to).
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: import.meta.dirname, encoding: 'utf8' });
  if (go.status === 0) return undefined;
  const reason = go.error === undefined ? go.stderr.trim() : 'there is no go on the PATH';
  return `the Go originals cannot be built: ${reason}; needs Go >= 1.26: https://go.dev/dl/`;
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 16);
}
