/** A TCP connection through a proxy: HTTP CONNECT, or SOCKS 5 (RFC 1928, RFC 1929). */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';

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

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

function unreachable(proxy: URL, error: Error): ProxyError {
  const code = 'code' in error ? String(error.code) : error.message;
  return new ProxyError(proxy, `cannot be reached: ${code}`, { cause: error });
}

function bare(hostname: string): string {
  return hostname.replaceAll(/^\[|\]$/g, '');
}

async function throughSocks(proxy: URL, target: TunnelTarget, timeoutMs: number): Promise<Socket> {
  const socket = connect(Number(proxy.port || 1080), bare(proxy.hostname));
  const timer = setTimeout(() => socket.destroy(new Error(`no response within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await connectBySocks(socket, proxy, target);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof ProxyError ? error : unreachable(proxy, error as Error);
  } finally {
    clearTimeout(timer);
  }
}

const VERSION = 5;
const NO_PASSWORD = 0;
const PASSWORD = 2;
const CONNECT = 1;
const BY_NAME = 3;
/** Bytes of an address, by its type: IPv4 and IPv6. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 4: 16 };

/** The proxy resolves the name, as for HTTP. */
async function connectBySocks(socket: Socket, proxy: URL, { host, port }: TunnelTarget): Promise<void> {
  const read = reader(socket);
  const method = proxy.username === '' ? NO_PASSWORD : PASSWORD;
  socket.write(Buffer.from([VERSION, 1, method]));
  if ((await read(2))[1] !== method) throw new ProxyError(proxy, 'requires other credentials');
  if (method === PASSWORD) {
    const [user, password] = [proxy.username, proxy.password].map((part) => Buffer.from(decodeURIComponent(part)));
    socket.write(Buffer.concat([Buffer.of(1), sized(user), sized(password)]));
    if ((await read(2))[1] !== 0) throw new ProxyError(proxy, 'rejected the user name and the password');
  }
  const portBytes = Buffer.of(port >> 8, port & 0xff);
  socket.write(Buffer.concat([Buffer.of(VERSION, CONNECT, 0, BY_NAME), sized(Buffer.from(host)), portBytes]));
  const [, reply = 0, , type = 0] = await read(4);
  if (reply !== 0) throw new ProxyError(proxy, `cannot connect to the server (SOCKS reply ${reply})`);
  const length = ADDRESS_BYTES[type] ?? (await read(1))[0] ?? 0;
  await read(length + 2);
}

function sized(bytes: Buffer | undefined): Buffer {
  const content = (bytes ?? Buffer.alloc(0)).subarray(0, 255);
  return Buffer.concat([Buffer.of(content.length), content]);
}

/** Reads exactly so many bytes; the rest stays in the socket. */
function reader(socket: Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    for (;;) {
      const bytes = length === 0 ? Buffer.alloc(0) : (socket.read(length) as Buffer | null);
      if (bytes !== null) return bytes;
      await readable(socket);
    }
  };
}

async function readable(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEnd = (): void => reject(new Error('closed the connection'));
  socket.once('readable', resolve).once('error', reject).once('end', onEnd).once('close', onEnd);
  await promise.finally(() =>
    socket.off('readable', resolve).off('error', reject).off('end', onEnd).off('close', onEnd),
  );
}
