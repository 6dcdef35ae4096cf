/** A DNS server on loopback with a configurable zone, which records its queries. */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';

/**
 * Addresses of both families (no address of one family: NODATA; IPv6 as `::1` or in full), or a failure. `lie`: a response
 * to another question, with another id.
 */
export type Zone = Readonly<Record<string, readonly string[] | 'silent' | 'SERVFAIL' | 'REFUSED' | 'lie' | 'only-A'>>;

export interface DnsServer {
  /** `127.0.0.1:5353`, for `Resolver.setServers`. */
  readonly address: string;
  /** `registry.test A`, in the order of arrival. */
  readonly queries: string[];
  /** A name that is not in it does not exist. */
  zone: Zone;
  ttlS: number;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };
const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const server: DnsServer = {
    address: '',
    queries: [],
    zone,
    ttlS: 30,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
  socket.on('message', (query, { port, address }) => {
    const answer = answerTo(query, server);
    if (answer !== undefined) socket.send(answer, port, address);
  });
  const port = await listen(socket);
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}

function listen(socket: Socket): Promise<number> {
  return new Promise((resolve) => void socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)));
}

/** Builds the response to a message with one question (RFC 1035, 4). */
function answerTo(query: Buffer, server: DnsServer): Buffer | undefined {
  const { name, end } = nameIn(query);
  const type = TYPES[query.readUInt16BE(end)] ?? 'A';
  server.queries.push(`${name} ${type}`);
  const what = server.zone[name];
  const question = query.subarray(12, end + 4);
  if (isSilent(what, type)) return undefined;
  if (what === 'lie') return spoofedAnswer(query);
  if (what === undefined || what === 'SERVFAIL' || what === 'REFUSED')
    return message(query, question, { rcode: RCODES[what ?? 'NXDOMAIN'] });
  const addresses = typeof what === 'string' ? ['127.0.0.1'] : what;
  return message(query, question, { records: recordsOf(addresses, type, server) });
}

function isSilent(what: Zone[string] | undefined, type: 'A' | 'AAAA'): boolean {
  return what === 'silent' || (what === 'only-A' && type === 'AAAA');
}

function recordsOf(addresses: readonly string[], type: 'A' | 'AAAA', server: DnsServer): readonly Buffer[] {
  const family = type === 'A' ? 4 : 6;
  return addresses.filter((address) => isIP(address) === family).map((one) => record(one, server.ttlS));
}

function nameIn(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

interface MessageParts {
  readonly rcode?: number;
  readonly records?: readonly Buffer[];
}

function message(query: Buffer, question: Buffer, { rcode = 0, records = [] }: MessageParts): Buffer {
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | rcode, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
}

function record(address: string, ttlS: number): Buffer {
  const data =
    isIP(address) === 4
      ? Buffer.from(address.split('.').map(Number))
      : Buffer.from(address === '::1' ? '1'.padStart(32, '0') : address.replaceAll(':', ''), 'hex');
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(isIP(address) === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlS, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Answers another question with a guessed id; a resolver must ignore this answer. */
function spoofedAnswer(query: Buffer): Buffer {
  const question = Buffer.from('\x04evil\x04test\0\0\x01\0\x01', 'latin1');
  const answer = message(query, question, { records: [record('127.0.0.66', 30)] });
  answer.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
  return answer;
}
