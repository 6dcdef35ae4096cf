/** One more try where it may help: the deadline is only known as an AbortSignal, so waits are short, and it ends them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';
import type { HttpResponse } from './http-message.ts';
import type { Transport } from './transport.ts';
import { networkError, wasCut } from './network-errors.ts';

/** A longer wait is the caller's business: it knows its deadline, and learns the time from the error. */
const MAX_WAIT_MS = 2000;
const SHORT_WAIT_MS = 100;

/** 500 and above, a cut connection (mostly one that was kept open, and closed on the other side), and 429 where the wait is known and short. */
export function createRetryingSend(transport: Transport, now: () => number): Send {
  return async (request, remote, signal) => {
    const attempt = async (): Promise<HttpResponse> => {
      try {
        return await transport.send(request, signal);
      } catch (error) {
        throw networkError(error, remote, signal);
      }
    };
    // A refresh token may be good for one time only.
    if (request.method === 'POST') return attempt();
    const first = await settle(attempt());
    const waitMs = waitAfter(first, now());
    if (waitMs === undefined) return unwrap(first);
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      return unwrap(first); // no time left: what was answered says more than that the time is over
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
  const asked = retryAfterMs(headers.get('retry-after')?.[0], now);
  if (asked === undefined) return status === 429 ? undefined : SHORT_WAIT_MS;
  return asked <= MAX_WAIT_MS ? Math.max(asked, SHORT_WAIT_MS) : undefined;
}
