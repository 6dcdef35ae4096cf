// The Go originals: builds the program in a folder once per state of its sources, outside the repository, and talks to one
// process of it over its standard streams, a JSON line per question and per answer.
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

/** A folder with main.go, go.mod and go.sum; `name` is what it is called in messages. */
export interface GoSource {
  readonly folder: string;
  readonly name: string;
}

interface Built extends GoSource {
  readonly program: string;
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

type GoProcess = ChildProcessByStdio<Writable, Readable, Readable>;

export function goProgram<Question extends object, Answer>(source: GoSource): GoProgram<Question, Answer> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const program = join(cache, 'tidewaiter', `${source.name}-${hashOf(source.folder)}`, source.name);
  return {
    missing: existsSync(program) ? undefined : goMissing(source.folder),
    start: () => start({ ...source, program }),
  };
}

async function start<Question extends object, Answer>(built: Built): Promise<Running<Question, Answer>> {
  if (!existsSync(built.program)) await build(built);
  const child = spawn(built.program, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: Waiting<Answer>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const asked = waiting.shift();
    try {
      asked?.resolve(JSON.parse(line) as Answer);
    } catch (error) {
      asked?.reject(
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
function endOf<Answer>(child: GoProcess, waiting: Waiting<Answer>[], name: string): Promise<void> {
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => undefined); // a broken pipe: "close" below tells the reason
  return new Promise((resolve) => {
    child.once('error', (error) => said.push(Buffer.from(error.message)));
    child.once('close', (code) => {
      const reason = new Error(`the ${name} ended with code ${code}: ${Buffer.concat(said).toString().trim()}`);
      for (const { reject } of waiting.splice(0)) reject(reason);
      resolve();
    });
  });
}

async function build({ folder, name, program }: Built): Promise<void> {
  mkdirSync(dirname(program), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const go = spawn('go', ['build', '-mod=readonly', '-trimpath', '-o', unfinished, '.'], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: Buffer[] = [];
  go.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const code = await new Promise((resolve, reject) => {
    go.once('error', reject);
    go.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the ${name} in ${folder} does not build:\n${Buffer.concat(said).toString()}`);
  renameSync(unfinished, program); // in one step: who finds the file finds all of it
}

function goMissing(folder: string): string | undefined {
  // In this folder, so that Go checks the version that go.mod asks for (and fetches it where it is allowed to).
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: folder, encoding: 'utf8' });
  if (go.status === 0) return undefined;
  const reason = go.error === undefined ? go.stderr.trim() : 'there is no go on the PATH';
  return `the Go originals cannot be built: ${reason}; needs Go >= 1.26: https://go.dev/dl/`;
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
