/** Sends one HTTP request with undici and returns the whole response. It follows no redirects, and does not retry. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { createResponseBudget } from './response-budget.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';
import { isIP } from 'node:net';
import { allowedAddresses, guardedLookup, blockedLiteral } from './connector.ts';
import { exchange } from './exchange.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';
import type { HostNames } from './host-names.ts';
import { createOrigins } from './origin-queue.ts';
import type { Environment } from '../go/http-proxy.ts';
import { proxyFor } from './proxy.ts';
import type { RegistryEntry } from './settings.ts';

export interface Transport {
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** For TCP and TLS, after DNS; enough for one lost packet. A host that does not respond uses a place for this time. */
export const CONNECT_TIMEOUT_MS = 3000;
/** The time without a byte. The caller's signal ends a response that is slower. */
const IDLE_TIMEOUT_MS = 20_000;
/**
 * The next review often comes soon, and a TLS handshake costs two round trips; but connections to hosts from images must not
 * pile up.
 */
const KEEP_ALIVE_MS = 15_000;

export interface TransportOptions {
  readonly env: Environment;
  readonly names: HostNames;
}

export function createTransport({ env, names }: TransportOptions): Transport {
  // Entries and proxies come from the configuration, so they are few; each dispatcher manages its hosts.
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
  const origins = createOrigins();
  const budget = createResponseBudget(MAX_MANIFEST_BYTES);
  return {
    async send(request, signal) {
      const { url, entry } = request;
      // A proxy resolves names itself, so for requests through a proxy only IP addresses can be checked.
      const blocked = blockedLiteral(url.hostname, entry.allowPrivate);
      if (blocked !== undefined) throw blocked;
      const proxy = proxyFor(url, entry, env);
      if (proxy === undefined) await lookUp(names, request, signal);
      const dispatcher = dispatcherFor(entry, proxy);
      const response = origins.within(request, signal, (ended) => {
        const lease = budget.open({ tenant: request.tenant, group: url.host, signal: ended });
        return exchange(dispatcher, { request, lease, signal: ended });
      });
      return proxy === undefined ? response : response.catch(throwProxyError);
    },
    async close() {
      const all = [...dispatchers.values()].flatMap((ofEntry) => [...ofEntry.values()]);
      dispatchers.clear();
      await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/**
 * Resolves the host before the connection, so that DNS does not use up the connection's timeout. The connection checks the
 * address that it uses again.
 */
async function lookUp(names: HostNames, { url, entry, tenant }: HttpRequest, signal: AbortSignal): Promise<void> {
  const { hostname } = url;
  if (isIP(hostname.replaceAll(/^\[|\]$/g, '')) !== 0) return;
  allowedAddresses(hostname, await names.addressesOf(hostname, { tenant, signal }), entry.allowPrivate);
}

/** Only the proxy is connected to, so a failed connection is the proxy's. Later errors can be the registry's. */
function throwProxyError(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_[A-Z]+|UND_ERR_CONNECT_TIMEOUT)$/.test(code)) throw error;
  throw Object.assign(new Error('the proxy cannot be reached', { cause: error }), { code: `PROXY_${code}` });
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

function directly(entry: RegistryEntry, names: HostNames): Dispatcher {
  const connect = buildConnector({
    ...tlsOptions(entry),
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(names, entry.allowPrivate),
  });
  return new Agent({ ...common(entry), connect });
}

/** The proxy comes from the configuration, so its address is not checked. */
function throughProxy(entry: RegistryEntry, proxy: URL): Dispatcher {
  return new ProxyAgent({
    ...common(entry),
    uri: proxy.href,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTls: { ...tlsOptions(entry), allowH2: false },
    proxyTls: { allowH2: false },
  });
}

/** The secure context is created once: with the option `ca`, each connection would parse the certificates again. */
function tlsOptions({ ca, clientCert, clientKey }: RegistryEntry): { readonly secureContext?: SecureContext } {
  if (ca === undefined && clientCert === undefined) return {};
  const secureContext = createSecureContext({
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { cert: clientCert, key: clientKey }),
  });
  return { secureContext };
}
