/** Whether an address may be connected to, asked where it is known for sure: after DNS, of the very address that is used. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify, promisify } from 'node:util';
import { type AddressKind, addressKind } from './address-kind.ts';
import { type HostNames, DnsError, type Resolve } from './host-names.ts';

const systemLookup = promisify(lookup);
/** The C library does not say. */
const SYSTEM_TTL_MS = 5000;

/** As every other program of this machine resolves names; with few threads, so only where no stranger chooses the names. */
export const systemResolve: Resolve = async (host) => {
  try {
    return { addresses: await systemLookup(host, { all: true }), ttlMs: SYSTEM_TTL_MS };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new DnsError(code, { cause: error });
  }
};

/** No connection was made: what the host stands for may not be asked. */
export class BlockedAddress extends Error {
  readonly code = 'ADDRESS_REFUSED';
  readonly address: string;
  readonly kind: AddressKind;
  /** The host is this address; nobody was asked what it stands for. */
  readonly isLiteral: boolean;

  constructor(address: string, kind: AddressKind, { isLiteral }: { readonly isLiteral: boolean }) {
    super(`${address} is a ${kind} address`);
    this.name = 'BlockedAddress';
    this.address = address;
    this.kind = kind;
    this.isLiteral = isLiteral;
  }
}

function isAllowed(kind: AddressKind, allowPrivate: boolean): boolean {
  return kind === 'public' || (allowPrivate && kind !== 'metadata');
}

/** A host that is an address itself, or localhost, is never looked up, so it is asked about before the connection. */
export function blockedLiteral(hostname: string, allowPrivate: boolean): BlockedAddress | undefined {
  const address = isLocalName(hostname) ? '127.0.0.1' : hostname.replaceAll(/^\[|\]$/g, '');
  if (isIP(address) === 0) return undefined;
  const kind = addressKind(address);
  return isAllowed(kind, allowPrivate) ? undefined : new BlockedAddress(address, kind, { isLiteral: true });
}

/** RFC 6761, 6.3: loopback, whatever anybody says. */
export function isLocalName(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/i.test(hostname);
}

/** Those that may be connected to; throws when there is none. */
export function allowedAddresses(
  host: string,
  addresses: readonly LookupAddress[],
  allowPrivate: boolean,
): readonly [LookupAddress, ...LookupAddress[]] {
  const [first, ...rest] = addresses.filter(({ address }) => isAllowed(addressKind(address), allowPrivate));
  if (first === undefined) throw noneAllowed(host, addresses);
  return [first, ...rest];
}

const NEVER = new AbortController().signal;

/** Takes the place of `dns.lookup` in a connection: the addresses that are not allowed are not there, and none is an error. */
export function guardedLookup(names: HostNames, allowPrivate: boolean): LookupFunction {
  const allowedFor = callbackify(async (host: string) => {
    const addresses = names.recent(host) ?? (await names.addressesOf(host, { tenant: '', signal: NEVER }));
    return allowedAddresses(host, addresses, allowPrivate);
  });
  return (host, options, done) => {
    allowedFor(host, (error, allowed) => {
      if (error !== null) done(error, '');
      else if (options.all === true) done(null, [...allowed]);
      else done(null, allowed[0].address, allowed[0].family);
    });
  };
}

function noneAllowed(host: string, addresses: readonly LookupAddress[]): Error {
  const [first] = addresses;
  if (first !== undefined) {
    return new BlockedAddress(first.address, addressKind(first.address), { isLiteral: false });
  }
  return new DnsError('ENODATA', { cause: new Error(`${host} has no address`) });
}
