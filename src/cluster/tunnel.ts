/** A TCP connection through a proxy: HTTP CONNECT, or SOCKS 5 (RFC 1928, RFC 1929). */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { basicHeader, userInfoOf } from './user-info.ts';

export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
}

/** The message never contains the proxy's password. */
export class ProxyError extends Error {
  constructor(proxy: URL, problem: string, options?: ErrorOptions) {
    super(`the proxy ${proxy.protocol}//${proxy.host} ${problem}`, options);
    this.name = 'ProxyError';
  }
}

export async function openTunnel(proxy: URL, target: TunnelTarget, timeoutMs: number): Promise<Socket> {
  return proxy.protocol.startsWith('http')
    ? throughHttp(proxy, target, timeoutMs)
    : throughSocks(proxy, target, timeoutMs);
}

async function throughHttp(proxy: URL, { host, port }: TunnelTarget, timeoutMs: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send({
    host: bare(proxy.hostname),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path,
    headers: { host: path, ...authorization(proxy) },
    agent: false,
  });
  const timer = setTimeout(() => request.destroy(new Error(`did not respond within ${timeoutMs / 1000} s`)), timeoutMs);
  request.once('connect', ({ statusCode = 0 }, socket: Socket) => {
    if (statusCode === 200) return resolve(socket);
    socket.destroy();
    reject(new ProxyError(proxy, `rejected the connection (HTTP ${statusCode})`));
  });
  request.once('response', ({ statusCode = 0 }) => {
    request.destroy();
    reject(new ProxyError(proxy, `rejected the connection (HTTP ${statusCode})`));
  });
  request.once('error', (error) => reject(unreachable(proxy, error)));
  request.end();
  return promise.finally(() => clearTimeout(timer));
}

function authorization(proxy: URL): Readonly<Record<string, string>> {
  const user = userInfoOf(proxy);
  return user === undefined ? {} : { 'proxy-authorization': basicHeader(user) };
}

function unreachable(proxy: URL, error: Error): ProxyError {
  const code = 'code' in error ? String(error.code) : error.message;
  return new ProxyError(proxy, `cannot be reached: ${code}`, { cause: error });
}

function bare(hostname: string): string {
  return hostname.replaceAll(/^\[|\]$/g, '');
}

/** The proxy resolves the name, as for HTTP. */
async function throughSocks(proxy: URL, target: TunnelTarget, timeoutMs: number): Promise<Socket> {
  const { default: socks } = await import('socks');
  const user = userInfoOf(proxy);
  const credentials = user === undefined ? {} : { userId: user.username, password: user.password };
  try {
    const { socket } = await socks.SocksClient.createConnection({
      proxy: { host: bare(proxy.hostname), port: Number(proxy.port || 1080), type: 5, ...credentials },
      command: 'connect',
      destination: target,
      timeout: timeoutMs,
    });
    return socket;
  } catch (error) {
    // The error has the password in its options, so it is not the cause of another.
    const { message, code } = error as NodeJS.ErrnoException;
    throw new ProxyError(proxy, code === undefined ? `did not connect: ${message}` : `cannot be reached: ${code}`);
  }
}
