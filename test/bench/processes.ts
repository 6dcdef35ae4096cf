/** Child processes: each is bounded in time, pinned to a core where that matters, and ended by its own id. */
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const SHORT_COMMAND_MS = 60_000;
const STOP_MS = 5000;

export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export const hasProgram = (name: string): boolean =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;

const canPin = availableParallelism() > 1 && hasProgram('taskset');

/** The command line that runs `argv` on one core; taskset becomes the program, so the process id stays. */
export function pinned(core: number, argv: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...argv] : argv;
}

export interface Running {
  readonly pid: number;
  /** Why it ended by itself, with what it said last. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Receives the standard output in pieces; without it, the output goes to /dev/null. */
  readonly onOutput?: (piece: string) => void;
}

export function start([program = '', ...argv]: readonly string[], surroundings: Surroundings): Running {
  const { env, cwd, onOutput } = surroundings;
  const child = spawn(program, argv, { env, cwd, stdio: ['ignore', onOutput ? 'pipe' : 'ignore', 'pipe'] });
  child.stdout?.on('data', (piece: Buffer) => onOutput?.(piece.toString()));
  running.add(child);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)));
  child.on('error', (error) => (text += error.message));
  const exit = new Promise<void>((resolve) => {
    child.on('close', () => {
      running.delete(child);
      resolve();
    });
  });
  return {
    pid: child.pid ?? 0,
    ended: () =>
      running.has(child) ? undefined : `${argv.join(' ')} ended (${child.exitCode ?? child.signalCode}): ${text}`,
    async stop() {
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exit;
      clearTimeout(cut);
    },
  };
}

/** Runs to its end and resolves with its standard output. */
export function output(
  [program = '', ...argv]: readonly string[],
  env: NodeJS.ProcessEnv,
  limitMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMs });
    running.add(child);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      if (code === 0) resolve(text);
      else reject(new Error(`${program} ${argv.join(' ')} ended with ${code}: ${text}`));
    });
  });
}

export interface Command extends Surroundings {
  readonly argv: readonly string[];
  /** A crash must not be measured as a fast run. */
  readonly exitCode: number;
  /** Without it, all cores. */
  readonly core?: number;
}

/** Runs `process.execPath` to its end; standard output goes to /dev/null. Wall time in milliseconds. */
export function wallMs(command: Command): number {
  const begin = performance.now();
  runNode(command, ['ignore', 'ignore', 'pipe']);
  return performance.now() - begin;
}

/** Runs all at the same time. Wall time in milliseconds until the last has ended. */
export async function wallMsTogether(commands: readonly Command[]): Promise<number> {
  const begin = performance.now();
  await Promise.all(
    commands.map(async (command) => {
      const [program = '', ...argv] = commandLine(command);
      const child = spawn(program, argv, { ...surroundingsOf(command), stdio: 'ignore', timeout: SHORT_COMMAND_MS });
      running.add(child);
      const [code] = await once(child, 'close');
      running.delete(child);
      if (code !== command.exitCode) throw new Error(`${argv.join(' ')}: exit ${code}, expected ${command.exitCode}`);
    }),
  );
  return performance.now() - begin;
}

export function standardOutput(command: Command): string {
  return runNode(command, ['ignore', 'pipe', 'pipe'])[1] ?? '';
}

/** Reported by the process itself at its exit on descriptor 3, so that no sample comes too late. Written as a data URL: a
 * TypeScript file would load the type stripper into the process that is measured. */
const TELL_USAGE =
  "data:text/javascript,import fs from 'node:fs';process.on('exit',()=>fs.writeSync(3,JSON.stringify(process.resourceUsage())))";

export function peakMiB(command: Command): number {
  return usageOf(command).maxRSS / 1024;
}

/** CPU time of all threads until the exit, in milliseconds: what a neighbour takes of the cores does not count. */
export function cpuMs(command: Command): number {
  const { userCPUTime, systemCPUTime } = usageOf(command);
  return (userCPUTime + systemCPUTime) / 1000;
}

/** Both of one run. The CPU time shows what threads cost, also while other processes use the cores. */
export function wallAndCpuMs(command: Command): { readonly wall: number; readonly cpu: number } {
  const begin = performance.now();
  const cpu = cpuMs(command);
  return { wall: performance.now() - begin, cpu };
}

function usageOf({ argv, ...rest }: Command): NodeJS.ResourceUsage {
  const told = runNode({ argv: ['--import', TELL_USAGE, ...argv], ...rest }, ['ignore', 'ignore', 'pipe', 'pipe'])[3];
  // Written by TELL_USAGE.
  return JSON.parse(told ?? '') as NodeJS.ResourceUsage;
}

const surroundingsOf = ({ env, cwd }: Command): Pick<Command, 'env' | 'cwd'> => ({ env, cwd });

function commandLine({ argv, core }: Command): readonly string[] {
  const line = [process.execPath, ...argv];
  return core === undefined ? line : pinned(core, line);
}

function runNode(command: Command, stdio: StdioOptions): readonly (string | null)[] {
  const { exitCode } = command;
  const [program = '', ...argv] = commandLine(command);
  const done = spawnSync(program, argv, {
    ...surroundingsOf(command),
    stdio,
    encoding: 'utf8',
    timeout: SHORT_COMMAND_MS,
    maxBuffer: 1 << 28,
  });
  if (done.status === exitCode) return done.output;
  const ending = done.error?.message ?? done.signal ?? `exit ${done.status}`;
  throw new Error(`${program} ${argv.join(' ')}: ${ending}, expected exit ${exitCode}: ${done.stderr.slice(-2000)}`);
}

/** Time on a processor of all threads of a process until now, in microseconds. */
export function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((tid) => Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ', 1)[0]));
  return ns.reduce((sum, one) => sum + one, 0) / 1000;
}

export function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
