/**
 * Sends one request on a connection and receives the response. Bytes are copied into memory from the budget; without room, the
 * connection is paused. A registry chooses the number of chunks that it sends, and each chunk would be an object.
 */
import { type Dispatcher, errors } from 'undici';
import { type Lease, SMALL_BYTES } from './response-budget.ts';
import { OverloadError } from './congestion.ts';
import { type BodyBuffer, createBodyBuffer } from './body-buffer.ts';
import { InvalidResponse, headersOf, type HttpResponse, type HttpRequest, isPlain, lengthIn } from './http-message.ts';

/** The limit for the body of an error: enough for the registry's error message. */
const MAX_ERROR_BYTES = SMALL_BYTES;

export interface Exchange {
  readonly request: HttpRequest;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** Rejects with an error of undici, the signal's reason, an InvalidResponse, or an OverloadError. */
export async function exchange(dispatcher: Dispatcher, { request, lease, signal }: Exchange): Promise<HttpResponse> {
  const listener = createListener(request, lease);
  const onAbort = (): void => listener.end(signal.reason as Error);
  lease.onEvicted(() =>
    listener.end(new OverloadError('sent its response slowly while responses for other namespaces waited')),
  );
  signal.addEventListener('abort', onAbort, { once: true });
  const { url, method, headers, body } = request;
  try {
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        // Decompression can make a body a thousand times longer; manifests and tokens are short.
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
  readonly answer: Promise<HttpResponse>;
  end(error: Error): void;
}

/** A response that is being received. */
interface Reception {
  readonly request: HttpRequest;
  readonly lease: Lease;
  readonly resolve: (answer: HttpResponse) => void;
  readonly reject: (error: Error) => void;
  connection: Dispatcher.DispatchController | undefined;
  head: Pick<HttpResponse, 'status' | 'headers'> | undefined;
  body: BodyBuffer;
  /** True if the registry has sent all of it. */
  hasEnded: boolean;
  /** True if `resolve` or `reject` was called. */
  isOver: boolean;
}

function createListener(request: HttpRequest, lease: Lease): Listener {
  const { promise: answer, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const body = createBodyBuffer(0, 0);
  const reception: Reception = {
    request,
    lease,
    resolve,
    reject,
    connection: undefined,
    head: undefined,
    body,
    hasEnded: false,
    isOver: false,
  };
  return { answer, end: (error) => fail(reception, error), handler: handlerFor(reception) };
}

function handlerFor(reception: Reception): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      reception.connection = controller;
      if (reception.isOver) controller.abort(new Error('no longer needed'));
    },
    onResponseStart(_controller, status, headers) {
      if (!reception.isOver && status >= 200) begin(reception, status, headersOf(headers));
    },
    onResponseData(_controller, chunk) {
      if (!reception.isOver && reception.request.method !== 'HEAD') receive(reception, chunk);
    },
    onResponseEnd() {
      reception.hasEnded = true;
      // The response can end while the connection waits for room.
      if (reception.connection?.paused !== true) finish(reception);
    },
    onResponseError: (_controller, error) => fail(reception, named(error)),
  };
}

function begin(reception: Reception, status: number, headers: HttpResponse['headers']): void {
  const { method, maxBytes } = reception.request;
  reception.head = { status, headers };
  if (method === 'HEAD') return;
  const problem = status === 200 ? problemIn(headers, maxBytes) : undefined;
  if (problem !== undefined) return fail(reception, problem);
  const length = lengthIn(headers);
  const limit = status === 200 ? maxBytes : isPlain(headers) ? MAX_ERROR_BYTES : 0;
  reception.body = createBodyBuffer(limit, length);
  if (limit === 0) finish(reception);
  else void grow(reception, Math.min(length ?? 0, limit));
}

/** Pauses the connection until there is room. */
async function grow(reception: Reception, bytes: number): Promise<void> {
  reception.connection?.pause();
  try {
    await reception.lease.grow(bytes);
  } catch (error) {
    return fail(reception, error as Error);
  }
  if (reception.isOver) return;
  keep(reception);
  reception.connection?.resume();
}

function receive(reception: Reception, chunk: Buffer): void {
  const { body, lease, connection } = reception;
  body.offer(chunk);
  if (connection?.paused === true) return;
  if (lease.granted >= Math.min(body.offered, body.limit)) keep(reception);
  else void grow(reception, body.limit);
}

function keep(reception: Reception): void {
  const { body, lease, head, request, hasEnded } = reception;
  const isAll = body.keep(lease.memory);
  if (!isAll && head?.status === 200)
    fail(reception, new InvalidResponse(`returned more than ${request.maxBytes} bytes`));
  else if (!isAll || hasEnded) finish(reception);
}

function finish(reception: Reception): void {
  const { head, body, hasEnded, connection } = reception;
  if (reception.isOver || head === undefined) return;
  reception.isOver = true;
  reception.resolve({ ...head, body: body.read() });
  // The connection is of no use without the rest of the response.
  if (!hasEnded) connection?.abort(new Error('enough was read'));
}

function fail(reception: Reception, error: Error): void {
  if (reception.isOver) return;
  reception.isOver = true;
  reception.reject(error);
  reception.connection?.abort(error);
}

/** undici reports with its own error that a proxy requires a password for plain HTTP. */
function named(error: Error): Error {
  if (!(error instanceof errors.InvalidArgumentError) || !error.message.includes('(407)')) return error;
  return Object.assign(new Error(error.message, { cause: error }), { code: 'PROXY_407' });
}

function problemIn(headers: HttpResponse['headers'], maxBytes: number): InvalidResponse | undefined {
  if (!isPlain(headers)) return new InvalidResponse('returned a compressed response, which was not requested');
  return (lengthIn(headers) ?? 0) > maxBytes ? new InvalidResponse(`returned more than ${maxBytes} bytes`) : undefined;
}
