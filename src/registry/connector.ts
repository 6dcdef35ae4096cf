/** Whether an address may be connected to, asked where it is known for sure: after DNS, of the very address that is used. */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressKind, addressKind } from './address.ts';

/** Resolves a host name to all of its addresses, as `dns.lookup` does. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export const systemResolve: Resolve = (host, options, done) => systemLookup(host, options, done);

/** No connection was made: what the host stands for may not be asked. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
  readonly address: string;
  readonly kind: AddressKind;

  constructor(address: string, kind: AddressKind) {
    super(`${address} is a ${kind} address`);
    this.name = 'AddressRefused';
    this.address = address;
    this.kind = kind;
  }
}

function isAllowed(kind: AddressKind, allowPrivate: boolean): boolean {
  return kind === 'public' || (allowPrivate && kind !== 'metadata');
}

/** A host that is an address itself is never looked up, so it is asked about before the connection. */
export function literalRefusal(hostname: string, allowPrivate: boolean): AddressRefused | undefined {
  const address = hostname.replaceAll(/^\[|\]$/g, '');
  if (isIP(address) === 0) return undefined;
  const kind = addressKind(address);
  return isAllowed(kind, allowPrivate) ? undefined : new AddressRefused(address, kind);
}

/** Takes the place of `dns.lookup` in a connection: the addresses that are not allowed are not there, and none is an error. */
export function guardedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '');
      const allowed = addresses.filter(({ address }) => isAllowed(addressKind(address), allowPrivate));
      const [first] = allowed;
      if (first === undefined) return done(noneAllowed(host, addresses), '');
      return options.all === true ? done(null, allowed) : done(null, first.address, first.family);
    });
  };
}

function noneAllowed(host: string, addresses: readonly LookupAddress[]): NodeJS.ErrnoException {
  const [first] = addresses;
  if (first !== undefined) return new AddressRefused(first.address, addressKind(first.address));
  return Object.assign(new Error(`${host} has no address`), { code: 'ENODATA' });
}
