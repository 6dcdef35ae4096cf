// Passes each new connection to the next server, as a Service does for its endpoints.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { loopback } from './configuration.ts';

export interface Balancer {
  /** `https://127.0.0.1:<port>`; TLS ends at the servers. */
  readonly url: string;
  /** No new connection goes to this server from now on, as when its Pod is about to be stopped; those that it has stay. */
  leaveOut(port: number): void;
  /** New connections go to this server as well. */
  take(port: number): void;
  stop(): Promise<void>;
}

/** Between servers on these ports of loopback. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.once('close', () => open.delete(socket));
  };
  let endpoints = ports;
  let turn = 0;
  const server = createServer((client) => {
    const port = endpoints[(turn += 1) % endpoints.length];
    if (port === undefined) return client.destroy();
    const backend = keep(connect(port, loopback));
    keep(client).pipe(backend).pipe(client);
    // The end of one side is passed on by the pipes, an error is not.
    client.on('error', () => backend.destroy());
    return backend.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, resolve);
  });
  return {
    url: `https://${loopback}:${(server.address() as AddressInfo).port}`,
    leaveOut(port) {
      endpoints = endpoints.filter((other) => other !== port);
    },
    take(port) {
      endpoints = [...endpoints, port];
    },
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
