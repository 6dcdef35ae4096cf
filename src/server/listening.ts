/**
 * Listens with several sockets on one port, among which Linux distributes new connections (SO_REUSEPORT, socket(7)). libuv accepts
 * one connection per socket in each turn of its loop (since 1.45), and turns are long under load: with a single socket, a flood of
 * connections delays all clients by seconds.
 */
import { connect, createServer, type ListenOptions, type Server } from 'node:net';
import type { AdmissionServer } from './http.ts';

const SOCKETS = 64;
/** The default of net.core.somaxconn. Linux drops further connections, and their clients retry after 1 and 3 s. */
const BACKLOG = 4096;
const PROBE_MS = 1000;

export interface Listening {
  /** The requested port, or the port that the system chose for port 0. */
  readonly port: number;
  /** Resolves when connections that came by sockets other than the server's own have ended. */
  close(): Promise<void>;
}

interface HostAndPort {
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
}

interface App extends Pick<AdmissionServer, 'listen'> {
  readonly server: Server;
}

/** Rejects with the error of the system. `isPaused`: connections are paused, as with `pauseOnConnect`. */
export async function listenOn(
  app: App,
  { host, port: requested }: HostAndPort,
  isPaused: boolean,
): Promise<Listening> {
  const { server } = app;
  if (process.platform !== 'linux') {
    await app.listen({ host, port: requested, backlog: BACKLOG });
    return { port: portOf(server), close: async () => undefined };
  }
  if (requested !== 0) await proveFree(host, requested);
  const options = { host, reusePort: true, backlog: BACKLOG / SOCKETS };
  await app.listen({ ...options, port: requested });
  const port = portOf(server);
  const others = Array.from({ length: SOCKETS - 1 }, () =>
    createServer({ noDelay: true, pauseOnConnect: isPaused }, (socket) => server.emit('connection', socket)),
  );
  await Promise.all(others.map((other) => listening(other, { ...options, port })));
  return {
    port,
    async close() {
      await Promise.all(others.map(closed));
    },
  };
}

/**
 * With SO_REUSEPORT, two processes of one user can listen on the same port without an error. Listening for a moment would also prove
 * that the port is free, but it would turn away a client that connects in that moment.
 */
function proveFree(host: string, port: number): Promise<void> {
  const local = new Map([
    ['', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
  ]).get(host);
  return new Promise((resolve, reject) => {
    const probe = connect({ host: local ?? host, port, timeout: PROBE_MS });
    const free = (): void => {
      probe.destroy();
      resolve();
    };
    probe.once('error', free).once('timeout', free);
    probe.once('connect', () => {
      probe.destroy();
      reject(Object.assign(new Error(`something listens on ${host}:${port}`), { code: 'EADDRINUSE' }));
    });
  });
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, resolve);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
