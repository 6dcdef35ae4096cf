/** Opens the connections to an API server, directly or through a proxy, and keeps its certificate for messages. */
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { parseCertificate } from '../certificate/certificate.ts';
import { type Environment, parseProxy, proxyVariable } from '../go/http-proxy.ts';
import type { Connection, ServerSettings } from './connection.ts';
import type { Credentials } from './identity.ts';
import { PROXY_PROTOCOLS } from './context.ts';
import { openTunnel } from './tunnel.ts';
import { UnusableSettings } from './unusable-settings.ts';
import { pemCertificates } from '../go/pem.ts';

/** For TCP and the proxy, and then for TLS. */
const CONNECT_TIMEOUT_MS = 5000;
/** Shorter than the idle time of cloud load balancers, as in client-go. */
const KEEP_ALIVE_MS = 30_000;

/** The server's certificate was not accepted. */
export class CertificateError extends Error {
  /** The server's certificate, then its CAs as far as they are known. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];

  constructor(chain: CertificateError['chain'], cause: Error) {
    super(cause.message, { cause });
    this.name = 'CertificateError';
    this.chain = chain;
  }
}

/** Throws an Error that has a complete sentence if a certificate or the proxy is malformed. */
export function createConnector(
  connection: Connection,
  credentials: Credentials,
  env: Environment,
): buildConnector.connector {
  const proxy = proxyOf(connection.server, env);
  const connect = buildConnector({
    ...tlsOptions(connection, credentials),
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  if (proxy === undefined) return (options, done) => connectDirectly(connect, options, done);
  const tunnel = callbackify(openTunnel);
  return (options, done) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    const host = options.hostname.replaceAll(/^\[|\]$/g, '');
    tunnel(proxy, { host, port }, CONNECT_TIMEOUT_MS, (error, socket) => {
      if (error !== null) done(error, null);
      else if (options.protocol !== 'https:') done(null, socket);
      else connectDirectly(connect, { ...options, httpSocket: socket }, done);
    });
  };
}

/** Node closes the connection if it does not accept the certificate, so the certificate is kept before it decides. */
function connectDirectly(
  connect: buildConnector.connector,
  options: buildConnector.Options,
  done: buildConnector.Callback,
): void {
  let leaf: DetailedPeerCertificate | undefined;
  const onEnd: buildConnector.Callback = (...[error, socket]) => {
    if (error === null) done(null, socket);
    else done(leaf?.raw === undefined ? error : new CertificateError(chainOf(leaf), error), null);
  };
  // The types of undici omit that it returns the socket.
  const socket = connect(options, onEnd) as unknown as Socket | TLSSocket;
  if (!('getPeerCertificate' in socket)) return;
  // After getPeerX509Certificate, Node would find no names in the certificate.
  socket.prependOnceListener('secure', () => (leaf = socket.getPeerCertificate(true)));
}

/** A root is its own issuer. */
function chainOf(leaf: DetailedPeerCertificate): CertificateError['chain'] {
  const { issuerCertificate: issuer } = leaf;
  const rest = issuer === undefined || issuer === leaf || issuer.raw === undefined ? [] : chainOf(issuer);
  return [new X509Certificate(leaf.raw), ...rest];
}

function proxyOf({ url, proxyUrl }: ServerSettings, env: Environment): URL | undefined {
  const text = proxyUrl ?? proxyVariable(url, env);
  if (text === undefined) return undefined;
  const proxy = parseProxy(text, PROXY_PROTOCOLS);
  if (proxy !== undefined) return proxy;
  // The message omits the value, which can contain a password.
  throw new UnusableSettings('the proxy (HTTPS_PROXY, HTTP_PROXY) must be an http://, https://, or socks5:// URL');
}

function tlsOptions({ server, user }: Connection, { ca, cert, key }: Credentials): buildConnector.BuildOptions {
  if (server.url.protocol === 'http:') return {};
  const authorities = ca === undefined ? {} : { ca: certificatesIn(ca, server), ...ANY_CA };
  return {
    secureContext:
      cert && key ? withCertificate(authorities, { cert, key }, user.title) : createSecureContext(authorities),
    rejectUnauthorized: !server.skipsTlsVerification,
    ...(server.tlsServerName === undefined ? {} : { servername: server.tlsServerName }),
  };
}

/** As in Go, an intermediate CA can be trusted without the CA that signed it. */
const ANY_CA = { allowPartialTrustChain: true } as const;

function withCertificate(
  authorities: SecureContextOptions,
  pair: { readonly cert: string; readonly key: string },
  title: string,
): SecureContext {
  try {
    return createSecureContext({ ...authorities, ...pair });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const problem = `the client certificate and key of ${title} are not a valid PEM pair (${code})`;
    throw new UnusableSettings(problem, { cause: error });
  }
}

/** Node ignores what is not a certificate, and would then trust no server. */
function certificatesIn(text: string, { ca, title }: ServerSettings): string[] {
  const blocks = pemCertificates(text).filter((block) => parseCertificate(block) !== undefined);
  if (blocks.length > 0) return blocks;
  throw new UnusableSettings(
    ca === undefined
      ? `${title} has no certificate-authority, and SSL_CERT_FILE and SSL_CERT_DIR have no PEM certificate`
      : `the certificate-authority of ${title} contains no PEM certificate`,
  );
}
