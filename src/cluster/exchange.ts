/** Sends one request to the API server. Follows no redirects. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request as send } from 'undici';
import { quoteValue } from '../image/quote.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { ApiError, type ApiRequest } from './api.ts';
import type { Connection } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import type { Credentials } from './identity.ts';
import type { Dispatchers } from './dispatchers.ts';
import { codeOf, InvalidResponse } from './outage.ts';
import { UnusableSettings } from './unusable-settings.ts';
import { textIn } from './entry.ts';
import { objectIn } from './response-body.ts';
import { statusError } from './status-error.ts';
import type { TimeLimit } from './time-limit.ts';

export interface Session {
  readonly connection: Connection;
  readonly credentials: CredentialSource;
  readonly dispatchers: Dispatchers;
}

export type Response = Dispatcher.ResponseData;

/** API servers send 1 s. */
const MAX_RETRIES = 2;
const MAX_RETRY_AFTER_S = 5;
/** A Status is short; proxies return pages. */
const MAX_ERROR_BYTES = 1024 * 1024;

/** Resolves with a response that is not an error, before its body. Otherwise rejects with an ApiError or an InvalidResponse. */
export async function exchange(session: Session, request: ApiRequest, limit: TimeLimit): Promise<Response> {
  const { signal } = limit;
  let credentials = await unlimited(session.credentials.current(), limit);
  let isReplaced = false;
  for (let retries = 0; ;) {
    const response = await sendTwice(session, { request, credentials, signal });
    if (response.statusCode === 200 || response.statusCode === 201) return plain(response);
    const body = await errorBody(response);
    if (response.statusCode === 401 && !isReplaced) {
      isReplaced = true;
      const next = await unlimited(session.credentials.replace(credentials), limit);
      if (next === undefined) throw unauthorized(session, body);
      credentials = next;
    } else if (isRetryable(response) && retries < MAX_RETRIES) {
      retries += 1;
      await sleep(retryAfterMs(response), undefined, { signal }).catch(() => {
        throw errorOf(session, response, body);
      });
    } else throw errorOf(session, response, body);
  }
}

/** A credential plugin has its own limit, which is longer: a user can sign in meanwhile. */
async function unlimited<T>(work: Promise<T>, limit: TimeLimit): Promise<T> {
  limit.pause();
  return within(work, limit.signal).finally(() => limit.restart());
}

/** Waits no longer than the signal: a plugin goes on for others, and undici does not abort a request that has no connection. */
async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

interface Attempt {
  readonly request: ApiRequest;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

/** The API server can close an idle connection just when a request starts. Only reads are repeated. */
async function sendTwice(session: Session, attempt: Attempt): Promise<Response> {
  try {
    return await sendOnce(session, attempt);
  } catch (error) {
    const { request, signal } = attempt;
    const isRepeatable = (request.method ?? 'GET') === 'GET' && CLOSED.test(codeOf(error) ?? '') && !signal.aborted;
    if (!isRepeatable) throw error;
    return sendOnce(session, attempt);
  }
}

const CLOSED = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/;

async function sendOnce(session: Session, { request, credentials, signal }: Attempt): Promise<Response> {
  const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = request;
  const { url: server } = session.connection.server;
  const url = new URL(`${server.origin}${server.pathname.replace(/\/$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  const response = send(url, {
    dispatcher: session.dispatchers.dispatcherFor(credentials),
    method,
    headers: headersOf(session.connection, credentials, body === undefined ? undefined : contentType),
    body: body === undefined ? null : JSON.stringify(body),
    signal,
    // The signal ends the request.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return within(response.then(withErrorListener), signal);
}

/** A body that is aborted before it is read would end the process with its error; reading it still throws the error. */
function withErrorListener(response: Response): Response {
  response.body.on('error', () => {});
  return response;
}

/** Names and values in turn, because a name can be repeated. */
function headersOf({ user }: Connection, { authorization }: Credentials, contentType: string | undefined): string[] {
  if (authorization !== undefined && /[^\t -~\u0080-\u00ff]/.test(authorization)) {
    throw new UnusableSettings(`the credential of ${user.title} contains characters that cannot be sent`);
  }
  return [
    'accept',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'tidewaiter',
    ...(authorization === undefined ? [] : ['authorization', authorization]),
    ...(contentType === undefined ? [] : ['content-type', contentType]),
    ...user.impersonation.flat(),
  ];
}

/** Decompression can make a body a thousand times longer. */
function plain(response: Response): Response {
  const { 'content-encoding': encoding = 'identity' } = response.headers;
  if (encoding === 'identity') return response;
  response.body.destroy();
  throw new InvalidResponse('returned a compressed response, which was not requested');
}

async function errorBody(response: Response): Promise<JsonObject | undefined> {
  return objectIn(plain(response).body, MAX_ERROR_BYTES);
}

/** A busy API server has not handled the request. A watch has its own delays. */
function isRetryable({ statusCode, headers }: Response): boolean {
  return statusCode === 429 && headers['retry-after'] !== undefined;
}

function retryAfterMs({ headers }: Response): number {
  const seconds = Number(headers['retry-after'] ?? 1);
  return 1000 * (seconds >= 0 ? Math.min(seconds, MAX_RETRY_AFTER_S) : 1);
}

function unauthorized({ connection: { server, user } }: Session, status: JsonObject | undefined): ApiError {
  const message = `the API server ${server.shown} rejected the credentials of ${user.title} (HTTP 401)`;
  return new ApiError(401, textIn(status ?? {}, 'reason') || 'Unauthorized', message);
}

/** Anything but an object comes from something in front of the API server. */
function errorOf(session: Session, { statusCode, headers }: Response, body: JsonObject | undefined): Error {
  if (statusCode === 401) return unauthorized(session, body);
  if (body !== undefined) return statusError(statusCode, body);
  const { location } = headers;
  const target = typeof location === 'string' ? ` to ${quoteValue(location)}` : '';
  const { protocol } = session.connection.server.url;
  // What Go's server answers to a client that does not use TLS.
  const hint = protocol === 'http:' && statusCode === 400 ? '; if it uses TLS, start "server" with https://' : '';
  return new InvalidResponse(`returned HTTP ${statusCode}${target} without a Status${hint}`);
}
