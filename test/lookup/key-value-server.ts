/** A real Valkey or Redis on loopback, which the test starts and stops. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { SharedServer } from '../../src/lookup/shared-cache.ts';

const program = ['valkey-server', 'redis-server'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

export const missingServer =
  program === undefined ? 'needs valkey-server or redis-server: apt-get install redis-server' : undefined;

export interface KeyValueServer {
  readonly at: SharedServer;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export const serverAt = (port: number, more: Partial<SharedServer> = {}): SharedServer => ({
  host: '127.0.0.1',
  port,
  database: 0,
  username: undefined,
  password: undefined,
  tls: undefined,
  ...more,
});

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

export async function startServer(port: number, args: readonly string[] = []): Promise<KeyValueServer> {
  const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const server = spawn(program ?? '', ['--port', String(port), ...fixed, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<undefined>();
  server.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('Ready to accept connections')) resolve(undefined);
  });
  server.on('exit', () => reject(new Error('the server has ended')));
  await ready;
  return {
    at: serverAt(port),
    process: server,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}

export interface SilentServer {
  readonly at: SharedServer;
  stop(): void;
}

/** Accepts connections and never responds. */
export async function silentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    at: serverAt(portOf(server)),
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Waits for a condition, at most five seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 250; left > 0; left -= 1) {
    if (await holds()) return;
    await wait(20);
  }
  throw new Error('it did not come about in time');
}
