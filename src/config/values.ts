/** Readers of configuration values; `from` is the source of a value. */
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';

/** The value of a key, with its source: `default`, a file with its line, a variable, or a flag. */
export interface Value {
  readonly value: unknown;
  readonly from: string;
}

export function textsOf({ value }: Value): readonly string[] {
  return value as readonly string[];
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Parses `HOST:PORT`, `[::1]:PORT`, and `:PORT` (all interfaces). */
export function addressOf(text: string, from: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw new UserError(
      `${from}: expected HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443, found ${quoteValue(text)}`,
    );
  }
  return { host: match[1] ?? (match[2] || '::'), port: portOf(match[3] ?? '', from) };
}

function portOf(text: string, from: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UserError(`${from}: expected a port from 0 to 65535, found ${quoteValue(text)}`);
  return port;
}

/** Returns the address of the operations endpoints, by default on the host of the reviews; undefined: disabled. */
export function operationsAddress(listen: Value, port: Value, reviews: Value): Address | undefined {
  if (listen.value === undefined) {
    const number = Number(port.value);
    return number === 0 ? undefined : { host: addressOf(String(reviews.value), reviews.from).host, port: number };
  }
  if (port.from === 'default') return addressOf(listen.value as string, listen.from);
  throw new UserError(
    `${listen.from}: "operationsListen" and "operationsPort" (${port.from}) are both set; remove one of them`,
  );
}

/** Client certificates of API servers. */
export interface ClientConfig {
  /** A PEM file. */
  readonly ca: string;
  /** At least one. */
  readonly names: readonly string[];
}

/** Requires names, because a CA alone would accept too many clients: a cluster CA signs for every node and user. */
export function clientConfig(ca: Value, { value, from }: Value): ClientConfig | undefined {
  const names = value as readonly string[];
  if (ca.value === undefined && names.length === 0) return undefined;
  if (ca.value === undefined) {
    throw new UserError(`${from}: "clientNames" requires "clientCa", the authority that signs the client certificates`);
  }
  if (names.length > 0) return { ca: ca.value as string, names };
  throw new UserError(
    `${ca.from}: "clientCa" requires "clientNames"; add the name of the API server's client certificate, for example clientNames: [kube-apiserver]`,
  );
}

/** The files of a serving certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export function certificateOf(cert: Value, key: Value): CertificateFiles | undefined {
  if (cert.value === undefined && key.value === undefined) return undefined;
  if (cert.value !== undefined && key.value !== undefined)
    return { cert: cert.value as string, key: key.value as string };
  const [missing, { from }] = cert.value === undefined ? ['cert', key] : ['key', cert];
  const setting = from.startsWith('--') ? `--${missing}` : `"${missing}"`;
  throw new UserError(`${from}: a certificate requires its private key; also set ${setting}`);
}
