/** Runs a program that renders objects, within limits. */
import { availableParallelism } from 'node:os';
import { type Ended, type Environment, INTERRUPTED, runProgram } from '../node/run-program.ts';

export interface RendererRun {
  readonly ended: Ended;
  /** The end of what the program wrote to stderr. */
  readonly stderr: string;
}

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Programs that run at the same time; each keeps a processor busy. */
const MAX_RUNNING = Math.max(2, Math.min(4, availableParallelism()));
/**
 * Both programs are written in Go and end before they would need most of the memory that their collector frees: without it up to a
 * limit, builds take a third less time.
 */
const GO_MEMORY = { GOGC: 'off', GOMEMLIMIT: '200MiB' };

/** A repository or a URL cannot be read: git gets no protocol, and requests a proxy that does not exist. */
const NO_NETWORK = {
  GIT_ALLOW_PROTOCOL: 'none',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: undefined,
  https_proxy: undefined,
  NO_PROXY: undefined,
  no_proxy: undefined,
};

export interface RendererOptions {
  readonly env: Environment;
  /** Ends the program. By default, Ctrl-C ends both programs. */
  readonly stop: AbortSignal | undefined;
}

/** Programs get no connection through git or HTTP, except to the machine itself. */
export async function runRenderer(
  file: string,
  args: readonly string[],
  { env, stop }: RendererOptions,
): Promise<RendererRun> {
  if (stop?.aborted === true) return { ended: { state: 'failed', problem: INTERRUPTED }, stderr: '' };
  let stderr = '';
  const run = async (signal: AbortSignal): Promise<Ended> =>
    runProgram({
      file,
      args,
      env: { ...GO_MEMORY, ...env, ...NO_NETWORK },
      input: '',
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal,
      onStderr: (end) => void (stderr = end),
    });
  return { ended: await (stop === undefined ? endedWithProcess(run) : run(stop)), stderr };
}

/** The program has a process group of its own, so Ctrl-C does not reach it. */
async function endedWithProcess<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    ending.abort();
    // The listener is gone, so this ends the process.
    process.kill(process.pid, signal);
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await work(ending.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

export function isInterrupted(run: RendererRun | undefined): boolean {
  return run?.ended.state === 'failed' && run.ended.problem === INTERRUPTED;
}

export function isNotInstalled({ ended }: RendererRun): boolean {
  return ended.state === 'failed' && ended.problem.endsWith('program not found');
}

/** Reports whether the program failed because it got no connection. */
export function isOffline({ ended, stderr }: RendererRun): boolean {
  if (ended.state === 'failed' || ended.code === 0) return false;
  return /proxyconnect|127\.0\.0\.1:9\b|transport '\w+' not allowed/.test(stderr);
}

/** Returns the results in the order of the units. */
export async function runAll<Unit, Result>(
  units: readonly Unit[],
  run: (unit: Unit) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = units.entries();
  const work = async (): Promise<void> => {
    for (const [index, unit] of waiting) results[index] = await run(unit);
  };
  await Promise.all(Array.from({ length: MAX_RUNNING }, work));
  return results;
}

/** A path that no program takes for an option or a name. */
export function asPath(file: string): string {
  return file.startsWith('/') ? file : `./${file}`;
}
