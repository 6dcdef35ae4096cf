// Runs the built program as a user starts it, `node dist/main.js serve`: several servers with one certificate.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { startGuard, type Guard } from './guard.ts';

/** One log line; docs/configuration.md describes the keys. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface ServerProcess {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** The log so far; a line is written at most 0.1 s after its event. */
  readonly log: readonly LogLine[];
  /** Sends SIGTERM. Resolves with the exit code once the log is complete. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL. Resolves when it has ended. */
  kill(): Promise<unknown>;
}

export interface ServerProcesses {
  /** Directory for files of the tests; removed with the servers. */
  readonly folder: string;
  /** The CA of all servers: PEM in base64, as in webhook configurations. */
  caBundle(): string;
  /** Starts a server on a free loopback port, or on `port`. Rejects with the program's output if it does not listen. */
  start(port?: number, flags?: readonly string[]): Promise<ServerProcess>;
  /** Starts a server with other flags; it must listen on loopback. */
  startWith(flags: readonly string[]): Promise<ServerProcess>;
  /** Kills all running servers. */
  close(): Promise<void>;
}

const repository = join(import.meta.dirname, '..', '..');
const main = join(repository, 'dist', 'main.js');

/** Why the program cannot be tested; undefined: it was built from the current src/. */
export const buildMissing = staleness();

export function prepareServers(): ServerProcesses {
  const folder = mkdtempSync(join(tmpdir(), 'tidewaiter-servers-'));
  const guard = startGuard(folder);
  const certs = join(folder, 'certs');
  const all: RunningProcess[] = [];
  const startWith = async (flags: readonly string[]): Promise<ServerProcess> => {
    const running = run(flags, folder, guard);
    all.push(running);
    return { ...running, ...(await running.listening) };
  };
  return {
    folder,
    caBundle: () => readFileSync(join(certs, 'ca.crt')).toString('base64'),
    startWith,
    start: (port = 0, more = []) =>
      startWith(['--listen', `127.0.0.1:${port}`, '--operations-port', '0', '--certs-dir', certs, ...more]),
    async close() {
      await Promise.all(all.map(({ kill }) => kill()));
      await guard.dismiss();
    },
  };
}

interface RunningProcess extends Pick<ServerProcess, 'log' | 'stop' | 'kill'> {
  readonly listening: Promise<Pick<ServerProcess, 'url' | 'port'>>;
}

/** Runs the program in a directory without tidewaiter.yaml and without TIDEWAITER_ variables. */
function run(flags: readonly string[], cwd: string, guard: Guard): RunningProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEWAITER_')));
  const child = spawn(process.execPath, [main, 'serve', ...flags], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  guard.watch(child);
  const log: LogLine[] = [];
  const stderr = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const listening = new Promise<Pick<ServerProcess, 'url' | 'port'>>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as LogLine;
      log.push(entry);
      const { msg, address } = entry;
      if (msg !== 'listening') return;
      resolve({ url: `https://${String(address)}`, port: Number(String(address).split(':').at(-1)) });
    });
    child.once('error', reject);
    void ended.then(async (code) => reject(new Error(`serve ended with ${code}: ${await stderr}`)));
  });
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal); // does nothing when it has ended
    return ended;
  };
  return { log, listening, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

function staleness(): string | undefined {
  if (!existsSync(main)) return 'dist/main.js is missing; run npm run build';
  const builtAt = statSync(main).mtimeMs;
  const newer = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' }).find(
    (file) => file.endsWith('.ts') && statSync(join(repository, 'src', file)).mtimeMs > builtAt,
  );
  return newer === undefined ? undefined : `dist/ is older than src/${newer}: run npm run build`;
}
