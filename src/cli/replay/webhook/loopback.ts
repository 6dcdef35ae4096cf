/** Restricts connections to this machine. The check comes after DNS and uses the same address as the connection. */
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { addressKind } from '../../../registry/address-kind.ts';
import { systemResolve } from '../../../registry/connector.ts';
import { notLoopback } from './target.ts';

/** The name belongs to another machine. */
export class RemoteAddress extends Error {
  constructor(address: string) {
    super(notLoopback(address));
    this.name = 'RemoteAddress';
  }
}

/** Replaces `dns.lookup` in a connection: omits other addresses, and fails if none is left. */
export const loopbackLookup: LookupFunction = (host, options, done) => {
  resolved(host, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) done(error, '');
    else if (options.all === true) done(null, [...addresses]);
    else done(null, first.address, first.family);
  });
};

const resolved = callbackify(async (host: string) => {
  const { addresses } = await systemResolve(host);
  const own = addresses.filter(({ address }) => addressKind(address) === 'loopback');
  const [other] = addresses;
  if (own.length === 0 && other !== undefined) throw new RemoteAddress(other.address);
  return own;
});
