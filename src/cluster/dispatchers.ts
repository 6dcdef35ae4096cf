/**
 * The connection pool of an API server. It is kept between requests, because a TLS handshake costs more than a request; other
 * certificates make another pool, and requests that run in the old one finish there.
 */
import { Agent, type Dispatcher } from 'undici';
import type { Environment } from '../go/http-proxy.ts';
import type { Connection } from './connection.ts';
import { createConnector } from './connector.ts';
import type { Credentials } from './identity.ts';

export interface Dispatchers {
  /** Throws an Error that has a complete sentence if a certificate or the proxy is malformed. */
  dispatcherFor(credentials: Credentials): Dispatcher;
  close(): Promise<void>;
}

/** Go closes idle connections of the API server after 90 s. */
const KEEP_ALIVE_MS = 60_000;
/** Watches included. */
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 32 * 1024;

export function createDispatchers(connection: Connection, env: Environment): Dispatchers {
  const open = new Set<Agent>();
  /** Its requests, and its watches, finish first. */
  const retire = async (agent: Agent): Promise<void> => {
    await agent.close().catch(() => {});
    open.delete(agent);
  };
  let latest: (Credentials & { readonly agent: Agent }) | undefined;
  return {
    dispatcherFor(credentials) {
      const { ca, cert, key } = credentials;
      if (latest !== undefined && latest.ca === ca && latest.cert === cert && latest.key === key) return latest.agent;
      const connect = createConnector(connection, credentials, env);
      const agent = new Agent({
        connect,
        allowH2: false,
        pipelining: 1,
        connections: MAX_CONNECTIONS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      });
      open.add(agent);
      const { agent: replaced } = latest ?? {};
      latest = { ...credentials, agent };
      if (replaced !== undefined) void retire(replaced);
      return agent;
    },
    async close() {
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}
