// The two ways in which tests talk to the API server: its HTTP API, and kubectl as a user would run it.
import { spawn } from 'node:child_process';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

import type { KeyPair } from './certificates.ts';

/** An answer of the API server. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The texts of its `Warning` headers, in their order. */
  readonly warnings: readonly string[];
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
}

/** The exit code and output of a command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ApiClient {
  /** Sends JSON. The body of a PATCH is a JSON Patch when it is a list, else a JSON Merge Patch, unless `type` says more. */
  request(method: string, path: string, body?: unknown, type?: string): Promise<Reply>;
  close(): void;
}

export function createApiClient(url: string, ca: string, client: KeyPair): ApiClient {
  const agent = new Agent({ ca, cert: client.cert, key: client.key, keepAlive: true });
  return {
    async request(method, path, body, type = contentType(method, body)) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers = payload === undefined ? {} : { 'content-type': type };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = httpsRequest(new URL(path, url), { agent, method, headers }, resolve);
        sent.once('error', reject);
        sent.end(payload);
      });
      const answer = await text(response);
      const isJson = response.headers['content-type']?.startsWith('application/json') === true;
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        warnings: warningsIn(response.headers['warning']),
        body: isJson ? (JSON.parse(answer) as unknown) : answer,
      };
    },
    close: () => agent.destroy(),
  };
}

/** Runs kubectl against one kubeconfig; its caches are in `cacheFolder`. Rejects only if kubectl cannot be started. */
export function runKubectl(
  files: { readonly kubeconfig: string; readonly cacheFolder: string },
  args: readonly string[],
  stdin = '',
): Promise<CommandResult> {
  const settings = ['--kubeconfig', files.kubeconfig, '--cache-dir', files.cacheFolder];
  const child = spawn('kubectl', [...settings, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // kubectl need not read all of it; its exit code tells
  child.stdin.end(stdin);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      output.then(([stdout, stderr]) => resolve({ code, stdout, stderr }), reject);
    });
  });
}

/** RFC 7234, 5.5, as k8s.io/apimachinery writes it: `299 - "text", 299 - "text"`. Node reads headers as Latin-1. */
function warningsIn(header = ''): readonly string[] {
  return [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
    Buffer.from(quoted.replaceAll(/\\(.)/g, '$1'), 'latin1').toString(),
  );
}

function contentType(method: string, body: unknown): string {
  if (method !== 'PATCH') return 'application/json';
  return Array.isArray(body) ? 'application/json-patch+json' : 'application/merge-patch+json';
}
