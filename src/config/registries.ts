/** Checks the entries of `registries` in tidewaiter.yaml, and reads their files. */
import { createSecureContext } from 'node:tls';
import { parseCertificates } from '../certificate/certificate.ts';
import { UserError } from '../error/user-error.ts';
import { loadText } from '../files/load-text.ts';
import { isHost } from '../image/grammar.ts';
import { quoteValue } from '../image/quote.ts';
import { hostOfEntry } from '../registry/registry-entry.ts';
import { DEFAULT_CONCURRENCY, type RegistryEntry } from '../registry/settings.ts';
import type { RegistryRow } from './registry-schema.ts';
import type { Value } from './values.ts';

/** Creates the error for a problem, which is a sentence fragment. */
type Fail = (problem: string) => Error;

/** Throws one error about all invalid entries. */
export async function readRegistries({ value, from }: Value): Promise<readonly RegistryEntry[]> {
  return readRows(value as readonly RegistryRow[], (problem) => new UserError(`${from}: registries: ${problem}`));
}

async function readRows(rows: readonly RegistryRow[], fail: Fail): Promise<readonly RegistryEntry[]> {
  const seen = new Set<string>();
  const readings = rows.map(async (row) => {
    const { host, port = row.insecure === true ? '80' : '443' } = hostOfEntry(row);
    const key = `${host}:${port}`;
    if (seen.has(key)) throw fail(`duplicate entry for ${quoteValue(row.host)}; only the first would apply`);
    seen.add(key);
    return readRow(row, (problem) => fail(`${quoteValue(row.host)}: ${problem}`));
  });
  const settled = await Promise.allSettled(readings);
  const entries = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const reasons = settled.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  if (reasons.length > 0) throw joinedError(reasons);
  return entries;
}

/** Combines user errors; an internal error is thrown alone. */
function joinedError(reasons: readonly unknown[]): unknown {
  const bug = reasons.find((reason) => !(reason instanceof UserError));
  return bug ?? new UserError(reasons.map((reason) => (reason as UserError).message).join('\n'));
}

async function readRow(row: RegistryRow, wrong: Fail): Promise<RegistryEntry> {
  checkRow(row, wrong);
  const [ca, clientCert, clientKey] = (['ca', 'clientCert', 'clientKey'] as const).map(readPem);
  if (ca !== undefined) checkAuthorities(ca, row.ca ?? '', wrong);
  if (clientCert !== undefined && clientKey !== undefined) checkPair(clientCert, clientKey, wrong);
  return {
    host: row.host,
    insecure: row.insecure ?? false,
    allowPrivate: row.allowPrivate ?? false,
    ca,
    clientCert,
    clientKey,
    mirrors: (row.mirrors ?? []).map(({ location, forwardCredentials = false }) => ({ location, forwardCredentials })),
    proxy: row.proxy,
    concurrency: row.concurrency ?? DEFAULT_CONCURRENCY,
  };

  function readPem(member: 'ca' | 'clientCert' | 'clientKey'): string | undefined {
    const file = row[member];
    if (file === undefined) return undefined;
    const read = loadText(file);
    if ('text' in read) return read.text;
    throw wrong(`cannot read ${member} ${quoteValue(file)}: ${read.problem}; expected a PEM file`);
  }
}

const DOCKER_HUB_NAMES = new Set(['index.docker.io', 'registry-1.docker.io', 'hub.docker.com']);

/** The schema checks its characters. "*" matches any text, so if the host with "a" for "*" is invalid, the entry matches no host. */
function checkHost(host: string, wrong: Fail): void {
  if (DOCKER_HUB_NAMES.has(hostOfEntry({ host }).host)) throw wrong('use "docker.io" for Docker Hub');
  if (isHost(host.replaceAll('*', 'a'))) return;
  throw wrong('no host can match; labels must not be empty, or begin or end with a hyphen');
}

function checkRow({ host, insecure, ca, clientCert, clientKey, proxy }: RegistryRow, wrong: Fail): void {
  checkHost(host, wrong);
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const missing = clientCert === undefined ? 'clientCert' : 'clientKey';
    throw wrong(`"clientCert" and "clientKey" must be set together; "${missing}" is missing`);
  }
  if (insecure === true && (ca !== undefined || clientCert !== undefined)) {
    throw wrong(
      '"insecure: true" selects plain HTTP, which uses no certificates; remove it, or remove "ca" and "clientCert"',
    );
  }
  if (proxy !== undefined && proxy !== 'none' && !isProxy(proxy)) {
    // The message omits the value, which can contain a password.
    throw wrong('"proxy" must be "none", an http:// URL, or an https:// URL');
  }
}

function isProxy(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === '';
}

function checkAuthorities(text: string, file: string, wrong: Fail): void {
  const certificates = parseCertificates(text);
  if (typeof certificates === 'string') throw wrong(`${quoteValue(file)}: ${certificates}`);
}

function checkPair(cert: string, key: string, wrong: Fail): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw wrong(`"clientCert" and "clientKey" are not a valid pair: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
