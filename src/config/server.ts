/** The keys of tidewaiter.yaml about who reaches the server where, and with which certificates. */
import { type Address, addressOf, portOf } from './values.ts';
import { UserError } from '../error/user-error.ts';

export interface ClientConfig {
  /** A PEM file. */
  readonly ca: string;
  /** One at least. */
  readonly names: readonly string[];
}

/** Of a key, and where it came from. */
export interface Value {
  readonly value: unknown;
  readonly from: string;
}

/** On the host of the reviews, unless it has an address of its own. */
export function operationsAddress(listen: Value, port: Value, reviews: Value): Address | undefined {
  if (listen.value === undefined) {
    const number = portOf(String(port.value), port.from);
    return number === 0 ? undefined : { host: addressOf(String(reviews.value), reviews.from).host, port: number };
  }
  if (port.from === 'default') return addressOf(listen.value as string, listen.from);
  throw new UserError(
    `${listen.from}: "operationsListen" and "operationsPort" (${port.from}) are both set; remove one of them`,
  );
}

/** An authority alone would let in too many: that of a cluster signs for every node and every user. */
export function clientConfig(ca: Value, { value, from }: Value): ClientConfig | undefined {
  const names = value as readonly string[];
  if (ca.value === undefined && names.length === 0) return undefined;
  if (ca.value === undefined) {
    throw new UserError(`${from}: "clientNames" without "clientCa": name the authority that signs their certificates`);
  }
  if (names.length > 0) return { ca: ca.value as string, names };
  throw new UserError(
    `${ca.from}: "clientCa" without "clientNames": add the name of the API server's client certificate, for example clientNames: [kube-apiserver]`,
  );
}

export function certificateFiles(
  cert: Value,
  key: Value,
): { readonly cert: string | undefined; readonly key: string | undefined } {
  const missing = cert.value === undefined ? 'cert' : 'key';
  if ((cert.value === undefined) !== (key.value === undefined)) {
    const { from } = missing === 'cert' ? key : cert;
    throw new UserError(`${from}: "cert" and "key" go together, "${missing}" is missing`);
  }
  return { cert: cert.value as string | undefined, key: key.value as string | undefined };
}
