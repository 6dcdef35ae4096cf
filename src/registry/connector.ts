/** Checks addresses before connections. The check comes after DNS and uses the same address as the connection. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify, promisify } from 'node:util';
import { type AddressKind, addressKind } from './address-kind.ts';
import { type HostNames, DnsError, type Resolve } from './host-names.ts';

const systemLookup = promisify(lookup);
/** The C library returns no TTL. */
const SYSTEM_TTL_MS = 5000;

/**
 * Resolves names as other programs on this machine do. It uses the few threads of the process, so untrusted names must not
 * reach it.
 */
export const systemResolve: Resolve = async (host) => {
  try {
    return { addresses: await systemLookup(host, { all: true }), ttlMs: SYSTEM_TTL_MS };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new DnsError(code, { cause: error });
  }
};

/** The host's address is not allowed, so tidewaiter did not connect. */
export class BlockedAddress extends Error {
  readonly code = 'ADDRESS_REFUSED';
  readonly address: string;
  readonly kind: AddressKind;
  /** True if the host is an IP address, and not a name that DNS resolved. */
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

/** Checks a host that is an IP address or localhost: it is never looked up, so `guardedLookup` does not check it. */
export function blockedLiteral(hostname: string, allowPrivate: boolean): BlockedAddress | undefined {
  const address = isLocalName(hostname) ? '127.0.0.1' : hostname.replaceAll(/^\[|\]$/g, '');
  if (isIP(address) === 0) return undefined;
  const kind = addressKind(address);
  return isAllowed(kind, allowPrivate) ? undefined : new BlockedAddress(address, kind, { isLiteral: true });
}

/** RFC 6761, 6.3: always loopback, whatever DNS returns. */
export function isLocalName(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/i.test(hostname);
}

/** Returns the allowed addresses; throws if there are none. */
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

/** Replaces `dns.lookup` in a connection: omits addresses that are not allowed, and fails if none is left. */
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
