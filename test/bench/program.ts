/** The built tidewaiter as child processes, in a temporary folder that holds all they write. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Command, type Running, SERVER_CORE, pinned, start } from './processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const MAIN = path.join(ROOT, 'dist/main.js');
const READY_MS = 20_000;

export const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export const fileIn = (name: string): string => path.join(folder, name);

export function folderIn(name: string): string {
  mkdirSync(fileIn(name), { recursive: true });
  return fileIn(name);
}

/** As the container image starts it. */
export const NODE: readonly string[] = [process.execPath, '--max-semi-space-size=16', '--no-maglev'];

/** As the container image sets it. */
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '1048576' };

/** TMPDIR: a compile cache of our own, filled by the warm-ups. */
export const ENV: NodeJS.ProcessEnv = { ...process.env, ...MALLOC, TMPDIR: folderIn('tmp') };

/** In an empty folder, where no tidewaiter.yaml is found by chance. */
export const command = (argv: readonly string[], exitCode = 0): Command => ({
  argv: [MAIN, ...argv],
  env: ENV,
  cwd: folderIn('empty'),
  exitCode,
});

export interface Answering extends Running {
  readonly port: number;
}

/** `serve` as the container image starts it, with the built-in policy, those of a folder, or a configuration. */
export async function startGate(
  certsDir: string,
  {
    policies,
    config,
    flags: more = [],
  }: {
    readonly policies?: string | undefined;
    readonly config?: string;
    readonly flags?: readonly string[];
  } = {},
): Promise<Answering> {
  const port = await freePort();
  const judging = [
    ...(policies === undefined ? [] : ['--policy', policies]),
    ...(config === undefined ? [] : ['--config', config]),
  ];
  const flags = [
    '--listen',
    `127.0.0.1:${port}`,
    '--operations-port',
    '0',
    '--certs-dir',
    certsDir,
    ...judging,
    ...more,
  ];
  const argv = pinned(SERVER_CORE, [...NODE, MAIN, 'serve', ...flags]);
  return { ...start(argv, { env: ENV, cwd: folderIn('empty') }), port };
}

/** The floor with the certificate that the gate made. */
export async function startFloor(certsDir: string): Promise<Answering> {
  const port = await freePort();
  const files = ['tls.crt', 'tls.key'].map((name) => path.join(certsDir, name));
  const script = path.join(import.meta.dirname, 'floor.ts');
  const argv = pinned(SERVER_CORE, [process.execPath, script, String(port), ...files]);
  return { ...start(argv, { env: ENV, cwd: folderIn('empty') }), port };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Resolves when the port accepts; looks every millisecond. */
export async function listening(server: Answering): Promise<void> {
  const end = performance.now() + READY_MS;
  while (!(await accepts(server.port))) {
    const why =
      server.ended() ??
      (performance.now() > end ? `nothing listens on port ${server.port} after ${READY_MS} ms` : undefined);
    if (why !== undefined) throw new Error(why);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** The answer to a review; anything but 200 is an error. */
export function post(port: number, body: string, urlPath = '/validate'): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  // The certificate is the bench's own, and the peer is on loopback.
  const options = {
    host: '127.0.0.1',
    port,
    path: urlPath,
    method: 'POST',
    headers,
    rejectUnauthorized: false,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`POST ${urlPath}: ${response.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
