/** Runs a program that gives out credentials: no shell, one text in, one text out, both limits kept. What it prints is never told. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createFairQueue } from './fair-queue.ts';
import { NO_EVICTION_MS, type QueueLimits, UNLIMITED } from './fair-share.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** What it reads. */
  readonly input: string;
  readonly timeoutMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type Ended =
  | { readonly state: 'ended'; readonly code: number; readonly output: string }
  /** A sentence fragment that goes after the name of the program: `ended with SIGSEGV`. */
  | { readonly state: 'failed'; readonly problem: string };

/** A token is a few kilobytes. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Never rejects. */
export async function runProgram(program: Program): Promise<Ended> {
  try {
    return await run(program);
  } catch (error) {
    // ENOTDIR, ENOMEM, E2BIG and others are thrown; of EMFILE there is a child without pipes.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it has no pipes';
    return { state: 'failed', problem: `cannot be started: ${code}` };
  }
}

async function run({ file, args, env, input, timeoutMs }: Program): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  // A group of its own: what it has started does not outlive its time, nor keep its output open.
  const child = spawn(file, args, { env: { ...env }, shell: false, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = (problem: string): void => {
    killGroup(child.pid);
    resolve({ state: 'failed', problem });
  };
  const timer = setTimeout(() => failed(`gave no answer in ${timeoutMs / 1000} s`), timeoutMs);
  child.on('error', (error) => failed(`cannot be started: ${reasonOf(error)}`));
  // Who does not read what it is given may close it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const output = collect(child.stdout, () => failed(`wrote more than ${MAX_OUTPUT_BYTES / 1024} KiB`));
  child.on('close', (code, signal) => {
    if (code === null) failed(`ended with ${signal ?? 'no code'}`);
    else resolve({ state: 'ended', code, output: output() });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** `ENOENT` and the like; the rest of the message repeats the command. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'there is no such program' : (error.code ?? error.name);
}

function collect(stream: Readable, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    else {
      stream.destroy();
      onTooMuch();
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // All of it has ended, or it runs as somebody else.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Runs at most so many at the same time: names of images make them run. `name` is what shares its part. */
export type Run = (name: string, program: Program) => Promise<Ended>;

interface Failure {
  readonly ended: Ended;
  readonly turn: number;
}

/** By program; a process that runs ends by its own limit. */
const PROGRAMS: QueueLimits = {
  tiers: [8],
  waiting: 400,
  perTenant: { running: 4, waiting: 200 },
  perReview: UNLIMITED,
  perGroup: UNLIMITED,
  patienceMs: NO_EVICTION_MS,
};

/** When one hangs, those who wait for it to run again are told at once: a hundred of them would hang one after the other. */
export function limitedRun(): Run {
  const queue = createFairQueue(PROGRAMS);
  const failures = new Map<string, Failure>();
  let turn = 0;
  return async (name, program) => {
    const asked = (turn += 1);
    const bid = { tenant: name, review: {}, group: name, tier: 0 };
    const place = queue.enter({ bids: [bid], isWanted: () => true, evict: () => {} });
    if ((await place.entered) !== 'entered')
      return { state: 'failed', problem: 'was not run: too many others wait for it' };
    try {
      const failure = failures.get(name);
      if (failure !== undefined && failure.turn > asked) return failure.ended;
      const ended = await runProgram(program);
      if (ended.state === 'failed') failures.set(name, { ended, turn: (turn += 1) });
      return ended;
    } finally {
      place.leave();
    }
  };
}
