/** A closed loop of POSTs over kept TLS connections: wrk where it is installed, else load-client.ts. */
import { fileURLToPath } from 'node:url';
import { CLIENT_CORE, hasProgram, output, pinned } from './processes.ts';

export const CONNECTIONS = 16;

/** What a client says: its last line of output, as JSON. */
export interface Load {
  readonly requests: number;
  readonly us: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly failed: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly bodyFile: string;
  /** `/validate` when not given. */
  readonly path?: string;
  readonly seconds: number;
}

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const hasWrk = hasProgram('wrk');

/** Said once before the load. */
export const CLIENT = hasWrk
  ? 'load client: wrk'
  : 'load client: load-client.ts, in Node; for steadier latencies: apt-get install wrk';

export async function load({ port, bodyFile, seconds, path = '/validate' }: LoadOptions): Promise<Load> {
  const url = `https://127.0.0.1:${port}${path}`;
  const argv = hasWrk
    ? ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s', '-s', beside('post.lua'), url]
    : [process.execPath, beside('load-client.ts'), ...[port, seconds, CONNECTIONS, path].map(String)];
  const text = await output(pinned(CLIENT_CORE, argv), { ...process.env, BODY_FILE: bodyFile }, (seconds + 20) * 1000);
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
}
