/** One HTTP request and its whole answer, on undici. Follows nothing, retries nothing, knows no credential. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, errors, ProxyAgent } from 'undici';
import { isIP } from 'node:net';
import { allowedAddresses, guardedLookup, literalRefusal } from './connector.ts';
import type { Names } from './names.ts';
import { type Environment, proxyFor } from './proxy.ts';
import type { RegistryEntry } from './settings.ts';

export interface HttpRequest {
  readonly method: 'HEAD' | 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Of the body of a 200; more is a BadAnswer. */
  readonly maxBytes: number;
  /** How this host is reached. */
  readonly entry: RegistryEntry;
  /** In whose share it counts. */
  readonly tenant: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case, one text for each line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Of an answer other than 200, its beginning. */
  readonly body: Buffer;
}

export interface Transport {
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** HTTP was spoken, and what was said is of no use. `message` goes on from the name of a host: `sent more than …`. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** Of the body of a refusal: enough for the registry's own words. */
const MAX_ERROR_BYTES = 64 * 1024;
/** TCP and TLS, after DNS; enough for one lost packet. A host that does not listen holds the place of another for as long. */
const CONNECT_TIMEOUT_MS = 3000;
/** Without a byte. An answer that drips is ended by the caller's signal. */
const IDLE_TIMEOUT_MS = 20_000;
/** The next review is near, and a TLS handshake costs two round trips; but hosts that strangers name must not pile up. */
const KEEP_ALIVE_MS = 15_000;

export interface TransportOptions {
  readonly env: Environment;
  readonly names: Names;
}

export function createTransport({ env, names }: TransportOptions): Transport {
  // Entries and proxies come from the configuration, so there are few; hosts come and go inside of each dispatcher.
  const dispatchers = new Map<RegistryEntry, Map<string, Dispatcher>>();
  const dispatcherFor = (entry: RegistryEntry, proxy: URL | undefined): Dispatcher => {
    const ofEntry = dispatchers.get(entry) ?? new Map<string, Dispatcher>();
    dispatchers.set(entry, ofEntry);
    const key = proxy?.href ?? '';
    const known = ofEntry.get(key);
    if (known !== undefined) return known;
    const made = proxy === undefined ? directly(entry, names) : throughProxy(entry, proxy);
    ofEntry.set(key, made);
    return made;
  };
  return {
    async send(request, signal) {
      const { url, entry } = request;
      // A proxy resolves the name, so of what it connects to only an address that is written out can be judged here.
      const refusal = literalRefusal(url.hostname, entry.allowPrivate);
      if (refusal !== undefined) throw refusal;
      const proxy = proxyFor(url, entry, env);
      if (proxy === undefined) await lookUp(names, request, signal);
      const asked = exchange(dispatcherFor(entry, proxy), request, signal);
      return proxy === undefined ? asked : asked.catch(ofProxy);
    },
    async close() {
      const all = [...dispatchers.values()].flatMap((ofEntry) => [...ofEntry.values()]);
      dispatchers.clear();
      await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/**
 * Before there is a connection, so that the time for it is not spent on DNS. The connection asks about the very address that
 * it uses once more.
 */
async function lookUp(names: Names, { url, entry, tenant }: HttpRequest, signal: AbortSignal): Promise<void> {
  const { hostname } = url;
  if (isIP(hostname.replaceAll(/^\[|\]$/g, '')) !== 0) return;
  allowedAddresses(hostname, await names.addressesOf(hostname, { tenant, signal }), entry.allowPrivate);
}

/** Nobody but the proxy is connected to, so that there is no connection is about the proxy; what comes later may be the registry's. */
function ofProxy(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_[A-Z]+|UND_ERR_CONNECT_TIMEOUT)$/.test(code)) throw error;
  throw Object.assign(new Error('the proxy could not be reached', { cause: error }), { code: `PROXY_${code}` });
}

async function exchange(dispatcher: Dispatcher, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const answer = await dispatch(dispatcher, request, signal);
  const { statusCode: status, body } = answer;
  body.on('error', () => undefined); // also reported by the reading below
  const headers = headersOf(answer.headers);
  if (request.method !== 'HEAD') return { status, headers, body: await readBody(answer, headers, request.maxBytes) };
  await body.dump();
  return { status, headers, body: Buffer.alloc(0) };
}

async function readBody(
  { statusCode, body }: Dispatcher.ResponseData,
  headers: HttpAnswer['headers'],
  maxBytes: number,
): Promise<Buffer> {
  const encoding = headers.get('content-encoding')?.join().trim().toLowerCase() ?? '';
  const isPlain = encoding === '' || encoding === 'identity';
  if (statusCode !== 200) return readUpTo(body, isPlain ? MAX_ERROR_BYTES : 0);
  if (!isPlain) {
    body.destroy();
    throw new BadAnswer('sent a compressed answer, which was not asked for');
  }
  const read = await readUpTo(body, maxBytes + 1);
  if (read.length > maxBytes) throw new BadAnswer(`sent more than ${maxBytes} bytes`);
  return read;
}

async function dispatch(
  dispatcher: Dispatcher,
  { url, method, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  try {
    return await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      // What is compressed can be a thousand times longer than what was sent; manifests and tokens are short.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'tidewaiter', ...headers },
      body: body ?? null,
      signal,
    });
  } catch (error) {
    // undici's own way to say that a proxy wants a password for plain HTTP.
    if (!(error instanceof errors.InvalidArgumentError) || !error.message.includes('(407)')) throw error;
    throw Object.assign(new Error(error.message, { cause: error }), { code: 'PROXY_407' });
  }
}

/** The first `limit` bytes; the rest is not waited for. */
async function readUpTo(body: Dispatcher.ResponseData['body'], limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

function headersOf(headers: Dispatcher.ResponseData['headers']): HttpAnswer['headers'] {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value : [value]]],
    ),
  );
}

function common({ concurrency }: RegistryEntry): Agent.Options {
  return {
    connections: concurrency,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: IDLE_TIMEOUT_MS,
    bodyTimeout: IDLE_TIMEOUT_MS,
  };
}

function directly(entry: RegistryEntry, names: Names): Dispatcher {
  const connect = buildConnector({
    ...tlsOptions(entry),
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(names, entry.allowPrivate),
  });
  return new Agent({ ...common(entry), connect });
}

/** The proxy is the configuration's own choice: where it stands is not questioned. */
function throughProxy(entry: RegistryEntry, proxy: URL): Dispatcher {
  return new ProxyAgent({
    ...common(entry),
    uri: proxy.href,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTls: { ...tlsOptions(entry), allowH2: false },
    proxyTls: { allowH2: false },
  });
}

/** Read once: a list of authorities as `ca` would be read anew for each connection. */
function tlsOptions({ ca, clientCert, clientKey }: RegistryEntry): { readonly secureContext?: SecureContext } {
  if (ca === undefined && clientCert === undefined) return {};
  const secureContext = createSecureContext({
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { cert: clientCert, key: clientKey }),
  });
  return { secureContext };
}
