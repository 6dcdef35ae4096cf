/** The real server, listening on loopback with a certificate made for it, and a client that verifies that certificate. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from '../../src/admission/context.ts';
import { buildServer } from '../../src/server/app.ts';
import type { ClientAuthority } from '../../src/server/client-authority.ts';
import { createCurrentContext, type CurrentContext } from '../../src/server/current-context.ts';
import { createCurrentTls, type CurrentTls } from '../../src/server/current-tls.ts';
import type { ReviewRecord } from '../../src/server/answer.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import type { Recorder } from '../../src/server/recording/recorder.ts';
import type { Operations } from '../../src/server/operations.ts';
import { ensureCertificate, type ServingCertificate } from '../../src/certificate/generated-certificate.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface TestServer {
  readonly url: string;
  readonly certificate: ServingCertificate;
  readonly operations: Operations;
  readonly current: CurrentContext;
  readonly tls: CurrentTls;
  readonly reviews: readonly ReviewRecord[];
  readonly failures: readonly unknown[];
  /** Code and message of each rejected request. */
  readonly rejections: readonly string[];
  post(pathAndQuery: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  get(pathAndQuery: string): Promise<Reply>;
  stop(): Promise<void>;
}

let certificates: Promise<ServingCertificate> | undefined;

/** One certificate for all servers of a test file. */
async function certificateForTests(): Promise<ServingCertificate> {
  certificates ??= (async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-test-'));
    try {
      return await ensureCertificate(folder, []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  })();
  return certificates;
}

export interface TestServerOptions {
  readonly clients?: ClientAuthority | undefined;
  readonly recorder?: Recorder | undefined;
}

export async function startAdmissionServer(
  context: Context,
  { clients, recorder }: TestServerOptions = {},
): Promise<TestServer> {
  const certificate = await certificateForTests();
  const reviews: ReviewRecord[] = [];
  const failures: unknown[] = [];
  const rejections: string[] = [];
  const operations: Operations = {
    version: '0.0.0-test',
    metrics: createMetrics('0.0.0-test'),
    notReady: () => undefined,
  };
  const log = {
    review: (record: ReviewRecord) => void reviews.push(record),
    rejected: (code: number, message: string) => void rejections.push(`${code} ${message}`),
    failed: (error: unknown) => void failures.push(error),
  };
  const current = createCurrentContext(context);
  const tls = createCurrentTls({ ...certificate, clients });
  operations.metrics.certificate.setServed(new X509Certificate(certificate.cert));
  const app = buildServer(current, { tls, operations, log, recorder });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const bound = app.server.address();
  const url = `https://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  const agent = new Agent({ keepAlive: true, ca: certificate.ca });
  const send = (
    method: string,
    target: string,
    body?: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}${target}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return {
    url,
    certificate,
    operations,
    current,
    tls,
    reviews,
    failures,
    rejections,
    post: (target, body, headers) => send('POST', target, body, { 'content-type': 'application/json', ...headers }),
    get: (target) => send('GET', target),
    async stop() {
      agent.destroy();
      await app.close();
    },
  };
}
