/**
 * Hosts on loopback for a client that resolves their names: a registry, an unrelated host, and a host with plain HTTP; and names
 * that resolve to blocked addresses.
 */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { RegistryError } from '../../src/registry/client.ts';
import { DnsError, type Resolve } from '../../src/registry/host-names.ts';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import type { RegistryEntry } from '../../src/registry/settings.ts';
import { type Authority, createAuthority } from '../cluster/certificates.ts';
import { type FaultServer, startFaultServer } from '../support/fault-registry.ts';
import { basic, entry } from '../support/registry-settings.ts';

/** Must not appear anywhere except at the registry. */
export const CANARY = 'canary/pass:word+1';
export const CREDENTIAL = basic('ci', CANARY);
const FORMS = [CANARY, encodeURIComponent(CANARY), btoa(CANARY).replace(/=+$/, ''), btoa(`ci:${CANARY}`)];

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'registry.test': ['127.0.0.1'],
  'mirror.test': ['127.0.0.1'],
  'elsewhere.test': ['127.0.0.1'],
  'stranger.test': ['127.0.0.1'],
  'plain.test': ['127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'mapped.test': ['::ffff:10.0.0.1'],
  'rebound.test': ['169.254.169.254', '127.0.0.1'],
};

export interface World {
  readonly authority: Authority;
  readonly registry: FaultServer;
  /** It has an entry in the configuration, so it can be queried, but without the credential. */
  readonly elsewhere: FaultServer;
  /** Plain HTTP. */
  readonly plain: FaultServer;
  /** `registry.test:40001`. */
  readonly host: string;
  readonly elsewhereHost: string;
  /** The same server under a name that no entry matches. */
  readonly strangerHost: string;
  readonly plainHost: string;
  /** Every name that was looked up. */
  readonly lookedUp: string[];
  readonly resolve: Resolve;
  /** Of registry.test. */
  entry(more?: Partial<RegistryEntry>): RegistryEntry;
  /** With the entries of all hosts but strangers; `more` is about the registry. */
  client(more?: Partial<RegistryEntry>, options?: WorldOptions): HttpRegistryClient;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly access?: 'any' | 'listed';
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly others?: readonly RegistryEntry[];
}

export async function createWorld(): Promise<World> {
  const authority = await createAuthority();
  const tls = await authority.serverCertificate(['registry.test', 'elsewhere.test', 'stranger.test', 'mirror.test']);
  const [registry, elsewhere, plain] = [
    await startFaultServer(tls),
    await startFaultServer(tls),
    await startFaultServer(),
  ];
  const lookedUp: string[] = [];
  const resolve: Resolve = async (name) => {
    lookedUp.push(name);
    const addresses = ADDRESSES[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (addresses === undefined) throw new DnsError('ENOTFOUND');
    return { addresses, ttlMs: 0 };
  };
  const clients: HttpRegistryClient[] = [];
  const host = `registry.test:${registry.port}`;
  const elsewhereHost = `elsewhere.test:${elsewhere.port}`;
  const reachable = { ca: authority.cert, allowPrivate: true };
  const world: World = {
    authority,
    registry,
    elsewhere,
    plain,
    host,
    elsewhereHost,
    strangerHost: `stranger.test:${elsewhere.port}`,
    plainHost: `plain.test:${plain.port}`,
    lookedUp,
    resolve,
    entry: (more) => entry(host, { ...reachable, ...more }),
    client(more, { access = 'any', env = {}, now, others = [] } = {}) {
      const otherPort = `registry.test:${elsewhere.port}`;
      const registries = [world.entry(more), entry(elsewhereHost, reachable), entry(otherPort, reachable), ...others];
      const client = createRegistryClient({ registries, access }, { env, now, resolve });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all([registry, elsewhere, plain].map((server) => server.close()));
    },
  };
  return world;
}

/** Returns the error of a request, which must fail without a secret in the message. */
export async function failureOf(pending: Promise<unknown>): Promise<RegistryError> {
  const outcome = await pending.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error(`nothing failed: ${inspect(outcome.answer)}`);
  const { error } = outcome;
  const shown = `${inspect(error, { depth: 9 })} ${error instanceof RegistryError ? JSON.stringify(error.failure) : ''}`;
  for (const form of FORMS) expect(shown).not.toContain(form);
  if (!(error instanceof RegistryError)) throw error;
  return error;
}

/** Expects that a server has received no credential. */
export function expectNoCredentialAt(server: FaultServer): void {
  const all = JSON.stringify(server.received);
  for (const form of FORMS) expect(all).not.toContain(form);
  expect(server.received.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
}
