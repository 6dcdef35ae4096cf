/**
 * One request on a connection, and its answer. Bytes are copied as they come into what the budget has room for, and while
 * there is none, the connection is not read: a registry chooses how many pieces it sends, and each would be an object.
 */
import { type Dispatcher, errors } from 'undici';
import { type Lease, SMALL_BYTES } from './answer-budget.ts';
import { Crowded } from './overload.ts';
import { type BodyBuffer, createBodyBuffer } from './body-buffer.ts';
import { BadAnswer, headersOf, type HttpAnswer, type HttpRequest, isPlain, lengthIn } from './http-message.ts';

/** Of the body of a refusal: enough for the registry's own words. */
const MAX_ERROR_BYTES = SMALL_BYTES;

export interface Exchange {
  readonly request: HttpRequest;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** Rejects with an error of undici's, with the signal's reason, with a BadAnswer or a Crowded. */
export async function exchange(dispatcher: Dispatcher, { request, lease, signal }: Exchange): Promise<HttpAnswer> {
  const listener = createListener(request, lease);
  const onAbort = (): void => listener.end(signal.reason as Error);
  lease.onEvicted(() => listener.end(new Crowded('sent its answer slowly, while those for other namespaces waited')));
  signal.addEventListener('abort', onAbort, { once: true });
  const { url, method, headers, body } = request;
  try {
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        // What is compressed can be a thousand times longer than what was sent; manifests and tokens are short.
        headers: { 'accept-encoding': 'identity', 'user-agent': 'tidewaiter', ...headers },
        body: body ?? null,
      },
      listener.handler,
    );
    if (signal.aborted) onAbort();
    return await listener.answer;
  } finally {
    signal.removeEventListener('abort', onAbort);
    lease.close();
  }
}

interface Listener {
  readonly handler: Dispatcher.DispatchHandler;
  readonly answer: Promise<HttpAnswer>;
  end(error: Error): void;
}

function createListener({ method, maxBytes }: HttpRequest, lease: Lease): Listener {
  const { promise: answer, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  let connection: Dispatcher.DispatchController | undefined;
  let head: Pick<HttpAnswer, 'status' | 'headers'> | undefined;
  let body: BodyBuffer = createBodyBuffer(0, 0);
  let hasEnded = false;
  let isOver = false;

  function end(error: Error): void {
    if (isOver) return;
    isOver = true;
    reject(error);
    connection?.abort(error);
  }

  function conclude(): void {
    if (isOver || head === undefined) return;
    isOver = true;
    resolve({ ...head, body: body.read() });
    // The rest is not waited for, and the connection is of no use without it.
    if (!hasEnded) connection?.abort(new Error('enough was read'));
  }

  function begin(status: number, headers: HttpAnswer['headers']): void {
    head = { status, headers };
    if (method === 'HEAD') return;
    const problem = status === 200 ? problemIn(headers, maxBytes) : undefined;
    if (problem !== undefined) return end(problem);
    const length = lengthIn(headers);
    body = createBodyBuffer(status === 200 ? maxBytes : isPlain(headers) ? MAX_ERROR_BYTES : 0, length);
    if (body.limit === 0) conclude();
    else void grow(Math.min(length ?? 0, body.limit));
  }

  /** Nothing is read until there is room. */
  async function grow(bytes: number): Promise<void> {
    connection?.pause();
    try {
      await lease.grow(bytes);
    } catch (error) {
      return end(error as Error);
    }
    if (isOver) return;
    take();
    connection?.resume();
  }

  function take(): void {
    const isAll = body.keep(lease.memory);
    if (!isAll && head?.status === 200) end(new BadAnswer(`sent more than ${maxBytes} bytes`));
    else if (!isAll || hasEnded) conclude();
  }

  function offer(chunk: Buffer): void {
    body.offer(chunk);
    if (connection?.paused === true) return;
    if (lease.granted >= Math.min(body.offered, body.limit)) take();
    else void grow(body.limit);
  }

  return {
    answer,
    end,
    handler: {
      onRequestStart(controller) {
        connection = controller;
        if (isOver) controller.abort(new Error('not wanted any more'));
      },
      onResponseStart(_controller, status, headers) {
        if (!isOver && status >= 200) begin(status, headersOf(headers));
      },
      onResponseData(_controller, chunk) {
        if (!isOver && method !== 'HEAD') offer(chunk);
      },
      onResponseEnd() {
        hasEnded = true;
        // Its end can come while there is no room yet.
        if (connection?.paused !== true) conclude();
      },
      onResponseError: (_controller, error) => end(named(error)),
    },
  };
}

/** undici's own way to say that a proxy wants a password for plain HTTP. */
function named(error: Error): Error {
  if (!(error instanceof errors.InvalidArgumentError) || !error.message.includes('(407)')) return error;
  return Object.assign(new Error(error.message, { cause: error }), { code: 'PROXY_407' });
}

function problemIn(headers: HttpAnswer['headers'], maxBytes: number): BadAnswer | undefined {
  if (!isPlain(headers)) return new BadAnswer('sent a compressed answer, which was not asked for');
  return (lengthIn(headers) ?? 0) > maxBytes ? new BadAnswer(`sent more than ${maxBytes} bytes`) : undefined;
}
