/** Sends one review to a webhook, as an API server does. Follows no redirects. */
import { Agent, request as send } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { quoteValue } from '../../../image/quote.ts';
import { VERSION } from '../../../version.ts';
import { loopbackLookup } from './loopback.ts';
import { failureText } from './failures.ts';
import type { WebhookTarget } from './target.ts';

/** `problem` is a sentence fragment that follows the URL. */
export type Exchanged = { readonly body: Buffer } | { readonly problem: string };

export interface WebhookConnection {
  /** Rejects only if the signal aborts. */
  post(url: URL, body: string, signal: AbortSignal): Promise<Exchanged>;
  close(): void;
}

export const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

export function openWebhook(target: WebhookTarget): WebhookConnection {
  const { ca, client, isVerified, serverName, allowRemote, connections, timeoutMs } = target;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    ca,
    ...client,
    rejectUnauthorized: isVerified,
    servername: serverName,
    ...(allowRemote ? {} : { lookup: loopbackLookup }),
  });
  return {
    async post(url, body, stop) {
      const time = AbortSignal.timeout(timeoutMs);
      const signal = AbortSignal.any([stop, time]);
      try {
        const response = await responseTo(url, { agent, body, signal });
        return await contentOf(response);
      } catch (error) {
        stop.throwIfAborted();
        if (time.aborted) return { problem: `did not respond within ${timeoutMs / 1000} s` };
        return { problem: failureText(error, serverName ?? url.hostname) };
      }
    },
    close: () => agent.destroy(),
  };
}

interface Sent {
  readonly agent: Agent;
  readonly body: string;
  readonly signal: AbortSignal;
}

async function responseTo(url: URL, { agent, body, signal }: Sent): Promise<IncomingMessage> {
  const bytes = Buffer.from(body);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': `tidewaiter/${VERSION}`,
    'content-length': bytes.length,
  };
  return new Promise((resolve, reject) => {
    send(url, { method: 'POST', agent, headers, signal }).once('response', resolve).once('error', reject).end(bytes);
  });
}

async function contentOf(response: IncomingMessage): Promise<Exchanged> {
  const { statusCode: status = 0, headers } = response;
  if (status !== 200) {
    response.destroy();
    return { problem: statusText(status, headers.location) };
  }
  const pieces: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the response, and the connection with it.
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_RESPONSE_BYTES) return { problem: `sent more than ${MAX_RESPONSE_BYTES >> 20} MiB` };
    pieces.push(piece);
  }
  return { body: Buffer.concat(pieces) };
}

function statusText(status: number, location: string | undefined): string {
  const isRedirect = status >= 300 && status < 400;
  if (!isRedirect) return `returned HTTP ${status}`;
  const to = location === undefined ? '' : ` to ${quoteValue(location)}`;
  return `returned HTTP ${status}, a redirect${to}, which is not followed`;
}
