/** `serve` of the built program in a folder of its own, and a client for both of its ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent as PlainAgent, get } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';
import { createReview } from './review.ts';

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');

export type LogLine = Readonly<Record<string, unknown>>;

export interface ReviewResult {
  readonly allowed: boolean;
  readonly generation: string | undefined;
  readonly message: string;
}

/** The `response` of an AdmissionReview. */
export interface AdmissionResponse {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly warnings?: readonly string[];
  /** A JSON Patch, in base64. */
  readonly patch?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

export interface BuiltServer {
  readonly folder: string;
  readonly port: number;
  readonly log: readonly LogLine[];
  readonly process: ChildProcess;
  review(object: unknown): Promise<ReviewResult>;
  /** `path`: with the query. Rejects on an HTTP error. */
  send(path: string, object: unknown): Promise<AdmissionResponse>;
  ready(): Promise<string>;
  /** The value of a metric without labels, or the labels of the only one with them. */
  metric(name: string): Promise<string | undefined>;
  /** The values of a metric, by their labels as they are written. */
  metrics(name: string): Promise<ReadonlyMap<string, number>>;
  logged(pattern: RegExp): Promise<LogLine>;
  stop(): Promise<void>;
}

export function newFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'tidewaiter-reload-'));
}

/** Flags are relative to the folder, which is removed with the server. `wrapper`: a command that becomes the server. */
export async function startBuiltServer(
  folder: string,
  flags: readonly string[],
  wrapper: readonly string[] = [],
): Promise<BuiltServer> {
  const operations = await freePort();
  const ports = ['--listen', '127.0.0.1:0', '--operations-port', String(operations)];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEWAITER_')));
  const [program = '', ...argv] = [...wrapper, process.execPath, MAIN, 'serve', ...ports, ...flags];
  const child = spawn(program, argv, { cwd: folder, env });
  const log: LogLine[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
  });
  const logged = (pattern: RegExp): Promise<LogLine> =>
    vi.waitFor(
      () => {
        const line = log.find(({ msg }) => pattern.test(String(msg)));
        if (line === undefined) throw new Error(`${pattern} is not in the log: ${JSON.stringify(log)}${errors}`);
        return line;
      },
      { timeout: 15_000, interval: 20 },
    );
  const endedEarly = new Promise<never>((_resolve, reject) => {
    child.once('close', () => reject(new Error(`the server ended: ${errors}`)));
  });
  const listening = await Promise.race([logged(/^listening$/), endedEarly]);
  const port = Number(/:(\d+)$/.exec(String(listening['address']))?.[1]);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 64 });
  const plain = new PlainAgent();
  const read = (target: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: operations, path: target, agent: plain }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(`${response.statusCode} ${text}`));
      }).on('error', reject);
    });
  const send = (target: string, object: unknown): Promise<AdmissionResponse> =>
    post({ host: '127.0.0.1', port, agent, path: target }, JSON.stringify(createReview(object)));
  return {
    folder,
    port,
    log,
    process: child,
    logged,
    async review(object) {
      const { allowed, auditAnnotations, status } = await send('/validate?timeout=10s', object);
      return { allowed, generation: auditAnnotations?.['generation'], message: status?.message ?? '' };
    },
    send,
    ready: () => read('/readyz'),
    async metric(name) {
      return new RegExp(`^${name}(?:\\{\\w+="(.*)"\\})? (.*)$`, 'm')
        .exec(await read('/metrics'))
        ?.slice(1)
        .find((part) => part !== undefined);
    },
    async metrics(name) {
      const lines = (await read('/metrics')).matchAll(new RegExp(`^${name}\\{(.*)\\} (.*)$`, 'gm'));
      return new Map([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
    },
    async stop() {
      agent.destroy();
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function post(options: RequestOptions, body: string): Promise<AdmissionResponse> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ ...options, method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        if (response.statusCode === 200)
          resolve((JSON.parse(text) as { readonly response: AdmissionResponse }).response);
        else reject(new Error(`${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
