/** Readers of configuration values; `from` is the source of a value. */
import type { CertificateFiles } from '../certificate/configured-certificate.ts';
import type { ClusterSettings } from '../cluster/settings.ts';
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';

/** The value of a key, with its source: `default`, a file with its line, a variable, or a flag. */
export interface Value {
  readonly value: unknown;
  readonly from: string;
  /** The directory of the file that sets it; undefined for other sources. */
  readonly directory?: string;
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
export function addressOf({ value, from: source }: Value, key: 'listen' | 'operationsListen'): Address {
  const text = String(value);
  const examplePort = key === 'listen' ? 8443 : 8080;
  // Flags and variables have the name of the key.
  const from = /:\d+$/.test(source) ? `${source}: ${key}` : source;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw new UserError(
      `${from}: expected HOST:PORT, for example 127.0.0.1:${examplePort} or [::1]:${examplePort}, found ${quoteValue(text)}`,
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
    return number === 0 ? undefined : { host: addressOf(reviews, 'listen').host, port: number };
  }
  if (port.from === 'default') return addressOf(listen, 'operationsListen');
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
    const setting = settingOf(from, '"clientCa"', '--client-ca');
    throw new UserError(`${from}: client names require the CA that signs the client certificates; also set ${setting}`);
  }
  if (names.length > 0) return { ca: ca.value as string, names };
  const example = settingOf(ca.from, 'clientNames: [kube-apiserver]', '--client-name kube-apiserver');
  throw new UserError(`${ca.from}: a client CA requires the names of client certificates; for example, add ${example}`);
}

/** Returns the spelling for the place where the user set the value that requires another setting. */
function settingOf(from: string, key: string, flag: string): string {
  return from.startsWith('--') ? flag : key;
}

export function certificateOf(cert: Value, key: Value): CertificateFiles | undefined {
  if (cert.value === undefined && key.value === undefined) return undefined;
  if (cert.value !== undefined && key.value !== undefined)
    return { cert: cert.value as string, key: key.value as string };
  if (key.value === undefined)
    throw new UserError(
      `${cert.from}: a certificate requires its private key; also set ${settingOf(cert.from, '"key"', '--key')}`,
    );
  throw new UserError(
    `${key.from}: a private key requires its certificate; also set ${settingOf(key.from, '"cert"', '--cert')}`,
  );
}

export const TLS_MODES = ['self', 'files', 'cert-manager'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

export const FAIL_MODES = ['open', 'closed'] as const;
export type FailMode = (typeof FAIL_MODES)[number];

export function tlsModeOf({ value, from }: Value, cert: Value): TlsMode | undefined {
  if (value === undefined) return undefined;
  const mode = value as TlsMode;
  if (mode === 'self' && cert.value !== undefined) {
    throw new UserError(
      `${from}: tlsMode self generates the certificate, but a certificate is set (${cert.from}); remove one of them`,
    );
  }
  if (mode !== 'self' && cert.value === undefined) {
    const settings = from.startsWith('--') ? '--cert and --key' : '"cert" and "key"';
    throw new UserError(`${from}: tlsMode ${mode} requires a certificate and its private key; also set ${settings}`);
  }
  return mode;
}

/** The server sets caBundle, so it must know the CA. */
export function registersItself(value: unknown, from: string, cert: Value): boolean {
  if (value !== 'self' || cert.value === undefined) return value === 'self';
  throw new UserError(`${from}: registration self requires tlsMode self, but a certificate is set (${cert.from})`);
}

export function clusterSettings(mode: Value, kubeconfig: Value, context: Value): ClusterSettings {
  return {
    mode: mode.value as ClusterSettings['mode'],
    from: mode.from,
    kubeconfig: kubeconfig.value as string | undefined,
    context: context.value === undefined ? undefined : { name: context.value as string, from: context.from },
  };
}
