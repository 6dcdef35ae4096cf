// A webhook that allows everything and keeps the bytes of each review.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { createAuthority } from './certificates.ts';
import { loopback } from './configuration.ts';

/** One review as it came in. */
export interface ReceivedReview {
  /** The path of the URL, which identifies the webhook. */
  readonly path: string;
  /** The body as it was sent. */
  readonly text: string;
  readonly request: ReviewRequest;
}

/** The parts of `request` that tell reviews apart. */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly resource: { readonly resource: string };
  readonly subResource?: string;
  readonly name?: string;
  readonly userInfo: { readonly username: string };
}

export interface Recorder {
  /** `https://127.0.0.1:<port>`; every path answers. */
  readonly url: string;
  /** The CA of `url`: PEM in base64, as in webhook configurations. */
  readonly caBundle: string;
  /** All reviews so far, in the order of their coming. */
  readonly received: readonly ReceivedReview[];
  /** The first review from index `from` on that matches; waits for it, and rejects after 20 s. */
  find(from: number, what: string, matches: (review: ReceivedReview) => boolean): Promise<ReceivedReview>;
  stop(): Promise<void>;
}

const findWithinMs = 20_000;

export async function startRecorder(): Promise<Recorder> {
  const authority = await createAuthority();
  const received: ReceivedReview[] = [];
  const server = createServer(await authority.serverCertificate([loopback]));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const review = JSON.parse(body) as { readonly apiVersion: string; readonly request: ReviewRequest };
    received.push({ path: new URL(request.url ?? '/', 'https://any').pathname, text: body, request: review.request });
    const allowed = { uid: review.request.uid, allowed: true };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response: allowed }));
  };
  server.on('request', (request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, resolve);
  });

  return {
    url: `https://${loopback}:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(authority.cert).toString('base64'),
    received,
    async find(from, what, matches) {
      const giveUpAt = performance.now() + findWithinMs;
      while (performance.now() < giveUpAt) {
        const found = received.slice(from).find(matches);
        if (found !== undefined) return found;
        await delay(50);
      }
      const seen = received.slice(from).map(({ path, request }) => `  ${path} ${describeRequest(request)}`);
      throw new Error(`no review came for ${what} within ${findWithinMs / 1000} s; these came:\n${seen.join('\n')}`);
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function describeRequest({ operation, resource, subResource, name }: ReviewRequest): string {
  return [operation, [resource.resource, subResource].filter(Boolean).join('/'), name].filter(Boolean).join(' ');
}
