// A TCP proxy on loopback that delays the data of its clients, as a slow network or a server without time does.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { loopback } from './configuration.ts';

export interface DelayProxy {
  readonly port: number;
  /** Milliseconds that the data of clients takes to the server, from now on. 0 at first. */
  delayBy(ms: number): void;
  stop(): Promise<void>;
}

/** In front of the server on this port of loopback. */
export async function startDelayProxy(target: number): Promise<DelayProxy> {
  const open = new Set<Socket>();
  let delayMs = 0;
  const server = createServer((client) => {
    const backend = connect(target, loopback);
    for (const [socket, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.on('error', () => other.destroy());
    }
    backend.pipe(client);
    let lastAt = 0;
    client.on('data', (chunk) => {
      // In the order of arrival, also while the delay shrinks.
      const now = performance.now();
      lastAt = Math.max(lastAt, now + delayMs);
      if (lastAt > now) setTimeout(() => backend.write(chunk), lastAt - now);
      else backend.write(chunk);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    delayBy(ms) {
      delayMs = ms;
    },
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
