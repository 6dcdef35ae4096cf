/**
 * Resolves host names from /etc/hosts and DNS. `dns.lookup` shares four threads with the whole process, and a zone that never
 * responds would block them. c-ares uses no threads, and its timeout is set here.
 */
import { Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Hosts, parseHosts, plainName } from './hosts-file.ts';
import { isLocalName } from './connector.ts';
import { DnsError, type Resolve, type Resolved } from './host-names.ts';
import { fullNames, parseSearch } from './resolv-conf.ts';
import { type FileText, watchedFile } from './watched-file.ts';

export interface NameServerOptions {
  /** `127.0.0.1:5353`; by default the servers in /etc/resolv.conf. */
  readonly servers?: readonly string[] | undefined;
  readonly hostsFile?: string | undefined;
  readonly resolvConf?: string | undefined;
  /** The timeout of the first try of a query; the second try has twice that. */
  readonly queryMs?: number | undefined;
  /** The timeout for a name, with all its search domains. */
  readonly limitMs?: number | undefined;
  readonly now?: (() => number) | undefined;
}

const QUERY_MS = 1000;
const TRIES = 2;
export const LIMIT_MS = 4000;
/** RFC 8305: the wait for the other family after one has addresses. */
const OTHER_FAMILY_MS = 50;
/** The limit for one family. Clients try no more, and addresses are cached. */
const MAX_ADDRESSES = 16;
/** The hosts file has no TTL. */
const HOSTS_TTL_MS = 5000;

export function createNameServers(options: NameServerOptions = {}): Resolve {
  const { hostsFile = '/etc/hosts', resolvConf = '/etc/resolv.conf', now = Date.now } = options;
  const { servers, queryMs = QUERY_MS, limitMs = LIMIT_MS } = options;
  const hosts = watchedFile<Hosts>(hostsFile, (file) => parseHosts(textIn(file)), now);
  // A resolver reads the file only when it is created, so a changed file requires a new resolver.
  const configured = watchedFile(resolvConf, (file) => ({ text: textIn(file) }), now);
  let current: { readonly text: string; readonly resolver: Resolver; readonly search: readonly string[] } | undefined;

  function configuredFor(text: string): NonNullable<typeof current> {
    if (current?.text === text) return current;
    const resolver = new Resolver({ timeout: queryMs, tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    return (current = { text, resolver, search: parseSearch(text) });
  }

  async function fromServers(host: string): Promise<Resolved> {
    const { resolver, search } = configuredFor((await configured()).text);
    let first: DnsError | undefined;
    for (const name of fullNames(host, search)) {
      const addresses = await bothFamilies(resolver, name);
      if (!(addresses instanceof DnsError)) return addresses;
      // Only a name that does not exist leads to the next search domain: an outage must not select another host.
      if (addresses.kind !== 'absent') throw addresses;
      if (first === undefined || name === host) first = addresses;
    }
    throw first ?? new DnsError('ENOTFOUND');
  }

  return async (host) => {
    const name = plainName(host);
    const known = isLocalName(name) ? LOOPBACK : (await hosts()).get(name);
    if (known !== undefined) return { addresses: known.map(toAddress), ttlMs: HOSTS_TTL_MS };
    return withinLimit(fromServers(host.toLowerCase()), limitMs);
  };
}

/** RFC 6761, 6.3: localhost is not looked up in DNS. */
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

/** A file that cannot be read counts as missing. */
function textIn(file: FileText): string {
  return file.state === 'read' ? file.text : '';
}

function toAddress(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

async function withinLimit(answer: Promise<Resolved>, limitMs: number): Promise<Resolved> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DnsError('ETIMEOUT')), limitMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined); // The timeout is already reported.
  }
}

/** Queries both families concurrently. IPv4 comes first, and Node's Happy Eyeballs selects the address that is reachable. */
async function bothFamilies(resolver: Resolver, name: string): Promise<Resolved | DnsError> {
  const families = [familyOf(resolver.resolve4(name, { ttl: true })), familyOf(resolver.resolve6(name, { ttl: true }))];
  const [four, six] = await Promise.all(families.map((own, index) => ownOrOther(own, families[1 - index])));
  const found = [four, six].filter((one): one is Resolved => one !== undefined && !(one instanceof DnsError));
  if (found.length > 0) {
    return {
      addresses: found.flatMap(({ addresses }) => addresses),
      ttlMs: Math.min(...found.map(({ ttlMs }) => ttlMs)),
    };
  }
  const failures = [four, six].filter((one) => one instanceof DnsError);
  return failures.find(({ kind }) => kind !== 'absent') ?? failures[0] ?? new DnsError('ENODATA');
}

type Family = Promise<Resolved | DnsError>;

/** Returns undefined if the other family has addresses, and this one is slow. */
async function ownOrOther(own: Family, other: Family | undefined): Promise<Resolved | DnsError | undefined> {
  const otherHas = async (): Promise<undefined> => {
    if ((await other) instanceof DnsError) return new Promise<undefined>(() => {});
    return sleep(OTHER_FAMILY_MS, undefined);
  };
  return Promise.race([own, otherHas()]);
}

async function familyOf(query: Promise<readonly { readonly address: string; readonly ttl: number }[]>): Family {
  try {
    const records = await query;
    if (records.length === 0) return new DnsError('ENODATA');
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1000;
    return { addresses: records.slice(0, MAX_ADDRESSES).map(({ address }) => toAddress(address)), ttlMs };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    return new DnsError(code, { cause: error });
  }
}
