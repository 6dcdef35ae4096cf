// Builds a Go program once per state of its sources, outside the repository, and talks to one process of it over its standard
// streams, one JSON line per question and per answer.
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface GoProgram<Question extends object, Answer> {
  /** Why the program cannot be asked, and how to get it; undefined when it can. */
  readonly missing: string | undefined;
  /** Builds the program when it is not there, and starts one process of it. */
  start(): Promise<Running<Question, Answer>>;
}

export interface Running<Question extends object, Answer> {
  /** One answer per question, in the same order. Rejects when the process ends early, with what it said on stderr. */
  ask(questions: readonly Question[]): Promise<readonly Answer[]>;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

/** A directory with main.go, go.mod, and go.sum; `name` is its name in messages. */
export interface GoSource {
  readonly folder: string;
  readonly name: string;
}

interface BuiltProgram extends GoSource {
  readonly program: string;
}

interface PendingAnswer<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

type GoProcess = ChildProcessByStdio<Writable, Readable, Readable>;

export function goProgram<Question extends object, Answer>(source: GoSource): GoProgram<Question, Answer> {
  const program = programPath(source);
  return {
    missing: existsSync(program) ? undefined : goMissing(source.folder),
    start: () => start({ ...source, program }),
  };
}

/** The path of the built program. */
export function programPath({ folder, name }: GoSource): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'tidewaiter', `${name}-${hashOf(folder)}`, name);
}

async function start<Question extends object, Answer>(built: BuiltProgram): Promise<Running<Question, Answer>> {
  if (!existsSync(built.program)) await build(built);
  const child = spawn(built.program, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: PendingAnswer<Answer>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    try {
      next?.resolve(JSON.parse(line) as Answer);
    } catch (error) {
      next?.reject(
        new Error(`the ${built.name} wrote a line that is not JSON: ${line.slice(0, 200)}`, { cause: error }),
      );
    }
  });
  const ended = endOf(child, waiting, built.name);

  return {
    ask(questions) {
      if (!child.stdin.writable) return Promise.reject(new Error(`the ${built.name} was asked after it had ended`));
      const answers = questions.map(() => new Promise<Answer>((resolve, reject) => waiting.push({ resolve, reject })));
      child.stdin.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
      return Promise.all(answers);
    },
    async close() {
      child.stdin.end(); // the program ends with its input, also when this process dies
      await ended;
    },
  };
}

/** Resolves when the process is gone; then no question is left without an answer or a reason. */
function endOf<Answer>(child: GoProcess, waiting: PendingAnswer<Answer>[], name: string): Promise<void> {
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => undefined); // a broken pipe: "close" below tells the reason
  return new Promise((resolve) => {
    child.once('error', (error) => errors.push(Buffer.from(error.message)));
    child.once('close', (code) => {
      const reason = new Error(`the ${name} ended with code ${code}: ${Buffer.concat(errors).toString().trim()}`);
      for (const { reject } of waiting.splice(0)) reject(reason);
      resolve();
    });
  });
}

async function build({ folder, name, program }: BuiltProgram): Promise<void> {
  mkdirSync(dirname(program), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const go = spawn('go', ['build', '-mod=readonly', '-trimpath', '-o', unfinished, '.'], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors: Buffer[] = [];
  go.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise((resolve, reject) => {
    go.once('error', reject);
    go.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the ${name} in ${folder} does not build:\n${Buffer.concat(errors).toString()}`);
  renameSync(unfinished, program); // in one step, so that no other process starts a part of it
}

function goMissing(folder: string): string | undefined {
  // In this folder, so that Go checks the version that go.mod asks for (and fetches it where it is allowed to).
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: folder, encoding: 'utf8' });
  if (go.status === 0) return undefined;
  const reason = go.error === undefined ? go.stderr.trim() : 'there is no go on the PATH';
  return `the Go originals cannot be built: ${reason}; needs Go >= 1.26: https://go.dev/dl/`;
}

const SHARED = join(import.meta.dirname, 'jsonlines', 'jsonlines.go');

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  const own = ['main.go', 'go.mod', 'go.sum'].map((file) => join(folder, file));
  for (const file of [...own, SHARED]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
