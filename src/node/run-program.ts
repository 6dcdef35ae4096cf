/** Runs a program that returns credentials, without a shell, within limits for time and output. Messages never contain its output. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createFairQueue } from '../registry/fair-queue.ts';
import { type Bid, NO_EVICTION_MS, type QueueLimits, UNLIMITED } from '../registry/fair-share.ts';
import type { Waiters, Waiter } from '../registry/lasting-flights.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** The program's stdin. */
  readonly input: string;
  readonly timeoutMs: number;
  /** The limit of stdout; 1 MiB by default. */
  readonly maxOutputBytes?: number | undefined;
  /** Ends the program. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the end of what the program wrote to stderr, when it ends. Without it, the program has no stderr. */
  readonly onStderr?: (end: string) => void;
  /** The program has the terminal of this process as stdin and stderr, and gets its Ctrl-C. */
  readonly isInteractive?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type Ended =
  | { readonly state: 'ended'; readonly code: number; readonly output: string }
  /** A sentence fragment that follows the name of the program: `ended with SIGSEGV`. */
  | { readonly state: 'failed'; readonly problem: string; /** Not cached. */ readonly isNotRun?: true };

type Child = ChildProcessByStdio<Writable | null, Readable, Readable | null>;

/** The problem of a program that its signal has ended. */
export const INTERRUPTED = 'was interrupted';

/** A token is a few kilobytes. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Never rejects. */
export async function runProgram(program: Program): Promise<Ended> {
  try {
    return await run(program);
  } catch (error) {
    // spawn throws ENOTDIR, ENOMEM, E2BIG, and others; on EMFILE it returns a child without pipes.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it has no pipes';
    return { state: 'failed', problem: `cannot be started: ${code}` };
  }
}

async function run(program: Program): Promise<Ended> {
  const { input, timeoutMs, maxOutputBytes = MAX_OUTPUT_BYTES, signal: ending } = program;
  const { onStderr, isInteractive = false } = program;
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = start(program);
  const stderr = child.stderr === null ? undefined : collectEnd(child.stderr);
  const failed = (problem: string): void => {
    if (isInteractive) child.kill('SIGKILL');
    else killGroup(child.pid);
    resolve({ state: 'failed', problem });
  };
  const onAbort = (): void => failed(INTERRUPTED);
  if (ending?.aborted === true) onAbort();
  ending?.addEventListener('abort', onAbort);
  const timer = setTimeout(() => failed(`did not respond within ${timeoutMs / 1000} s`), timeoutMs);
  child.on('error', (error) => failed(`cannot be started: ${reasonOf(error)}`));
  // A program that does not read stdin can close it.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const output = collect(child.stdout, maxOutputBytes, () => failed(`wrote more than ${maxOutputBytes / 1024} KiB`));
  child.on('close', (code, signal) => {
    onStderr?.(stderr?.() ?? '');
    if (code === null) failed(`ended with ${signal ?? 'no code'}`);
    else resolve({ state: 'ended', code, output: output() });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    ending?.removeEventListener('abort', onAbort);
  }
}

/**
 * A process group of its own, so that child processes neither outlive the timeout nor keep the output open. Only the group of this
 * process can read from its terminal.
 */
function start({ file, args, env, onStderr, isInteractive = false }: Program): Child {
  const piped = ['pipe', 'pipe', onStderr ? 'pipe' : 'ignore'] as const;
  const stdio = isInteractive ? (['inherit', 'pipe', 'inherit'] as const) : piped;
  return spawn(file, args, { env: { ...env }, shell: false, detached: !isInteractive, stdio: [...stdio] }) as Child;
}

/** Returns only the code: the rest of the message repeats the command. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'program not found' : (error.code ?? error.name);
}

function collect(stream: Readable, maxBytes: number, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else {
      stream.destroy();
      onTooMuch();
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Keeps about the last kilobytes of an endless stream. */
function collectEnd(stream: Readable): () => string {
  let end = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    end = Buffer.concat([end, chunk]).subarray(-MAX_STDERR_BYTES);
  });
  return () => end.toString('utf8');
}

const MAX_STDERR_BYTES = 2048;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The group has ended, or runs as another user.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** A caller that waits for a program. */
export interface ProgramWaiter extends Waiter {
  /** The namespace. */
  readonly tenant: string;
}

export type ProgramWaiters = Waiters<ProgramWaiter>;

/** Limits concurrent runs, because image names cause them. `name`: the program's name in messages. */
export type Run = (name: string, program: Program, waiters: ProgramWaiters) => Promise<Ended>;

interface Failure {
  readonly problem: string;
  readonly turn: number;
}

/** A run ends at its own time limit, so no place is taken back. */
const PROGRAMS: QueueLimits = {
  tiers: [8],
  waiting: 400,
  perTenant: { running: 3, waiting: 100 },
  perReview: UNLIMITED,
  perGroup: { running: 4, waiting: 200 },
  patienceMs: NO_EVICTION_MS,
};

/**
 * If a program hangs, callers of the same namespace that wait for another run fail immediately, because a hundred of them would
 * hang one after the other. Callers of other namespaces are not affected: a tenant chooses the image name that a program gets.
 */
export function limitedRun(): Run {
  const queue = createFairQueue(PROGRAMS);
  const failures = new Map<string, Failure>();
  let turn = 0;

  const failureFor = (name: string, { members }: ProgramWaiters, since: number): Ended | undefined => {
    const own = members.map(({ tenant }) => failures.get(`${name}\n${tenant}`));
    const [first] = own;
    const isKnownToAll = own.every((failure) => failure !== undefined && failure.turn > since);
    return isKnownToAll && first !== undefined
      ? { state: 'failed', problem: first.problem, isNotRun: true }
      : undefined;
  };

  return async (name, program, waiters) => {
    const since = (turn += 1);
    const bidOf = ({ tenant }: ProgramWaiter): Bid => ({ tenant, review: waiters, group: name, tier: 0 });
    const place = queue.enter({ bids: waiters.members.map(bidOf), isWanted: () => true, evict: () => {} });
    waiters.joined = (member) => place.join(bidOf(member));
    if ((await place.entered) !== 'entered')
      return { state: 'failed', problem: 'was not run: too many runs of it are waiting', isNotRun: true };
    try {
      const failure = failureFor(name, waiters, since);
      if (failure !== undefined) return failure;
      const ended = await runProgram(program);
      if (ended.state === 'failed') {
        turn += 1;
        for (const { tenant } of waiters.members) keep(`${name}\n${tenant}`, { problem: ended.problem, turn });
      }
      return ended;
    } finally {
      place.leave();
    }
  };

  /** Few callers wait, and none of them needs older failures. */
  function keep(key: string, failure: Failure): void {
    failures.delete(key);
    failures.set(key, failure);
    const [oldest] = failures.keys();
    if (failures.size > MAX_FAILURES && oldest !== undefined) failures.delete(oldest);
  }
}

const MAX_FAILURES = 400;
