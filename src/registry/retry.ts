/** Retries a request once. Waits are short and end if the signal aborts, because the deadline is known only as an AbortSignal. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';
import type { HttpResponse } from './http-message.ts';
import type { Transport } from './transport.ts';
import { networkError, wasCut } from './network-errors.ts';

/** The caller decides about a longer wait: it knows its deadline, and gets the time with the error. */
const MAX_WAIT_MS = 2000;
const SHORT_WAIT_MS = 100;

/** Retries after 5xx, a cut connection (usually an idle one that the server closed), and 429 with a short Retry-After. */
export function createRetryingSend(transport: Transport, now: () => number): Send {
  return async (request, remote, signal) => {
    const attempt = async (): Promise<HttpResponse> => {
      try {
        return await transport.send(request, signal);
      } catch (error) {
        throw networkError(error, remote, signal);
      }
    };
    // A refresh token can be valid for a single use.
    if (request.method === 'POST') return attempt();
    const first = await settle(attempt());
    const waitMs = waitAfter(first, now());
    if (waitMs === undefined) return unwrap(first);
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      return unwrap(first); // The first response says more than a timeout.
    }
    return attempt();
  };
}

type Settled = { readonly ok: true; readonly response: HttpResponse } | { readonly ok: false; readonly error: unknown };

async function settle(attempt: Promise<HttpResponse>): Promise<Settled> {
  try {
    return { ok: true, response: await attempt };
  } catch (error) {
    return { ok: false, error };
  }
}

function unwrap(settled: Settled): HttpResponse {
  if (settled.ok) return settled.response;
  throw settled.error;
}

function waitAfter(settled: Settled, now: number): number | undefined {
  if (!settled.ok) return wasCut(settled.error) ? SHORT_WAIT_MS : undefined;
  const { status, headers } = settled.response;
  if (status !== 429 && status < 500) return undefined;
  const stated = retryAfterMs(headers.get('retry-after')?.[0], now);
  if (stated === undefined) return status === 429 ? undefined : SHORT_WAIT_MS;
  return stated <= MAX_WAIT_MS ? Math.max(stated, SHORT_WAIT_MS) : undefined;
}
