/** IP addresses and networks, as Kubernetes parses them: without leading zeros, zones, and IPv4 addresses in IPv6 form. */
import { parseIp } from '../../go/ip.ts';
import { CelError } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import type { Cidr, Ip } from '../value.ts';

const IP = 'net.IP';
const CIDR = 'net.CIDR';

const TESTS: Readonly<Record<string, (ip: Ip) => boolean>> = {
  isUnspecified: ({ bits }) => bits === 0n,
  isLoopback: ({ family, bits }) => (family === 4 ? bits >> 24n === 127n : bits === 1n),
  isLinkLocalMulticast: ({ family, bits }) =>
    family === 4 ? bits >> 8n === 0xe00000n : ((bits >> 112n) & 0xff0fn) === 0xff02n,
  isLinkLocalUnicast: ({ family, bits }) => (family === 4 ? bits >> 16n === 0xa9fen : bits >> 118n === 0x3fan),
  isGlobalUnicast: (ip) => isGlobalUnicast(ip),
};

function isGlobalUnicast(ip: Ip): boolean {
  const { family, bits } = ip;
  const multicast = family === 4 ? bits >> 28n === 0xen : bits >> 120n === 0xffn;
  const broadcast = family === 4 && bits === 0xffffffffn;
  const special = ['isUnspecified', 'isLoopback', 'isLinkLocalUnicast'].some((name) => TESTS[name]?.(ip));
  return !multicast && !broadcast && !special;
}

export const ADDRESSES: readonly Overload[] = [
  func(`ip(string): ${IP}`, ([text]: [string]) => ipOf(text)),
  func('isIP(string): bool', ([text]: [string]) => parseAddress(text) !== undefined),
  func('ip.isCanonical(string): bool', ([text]: [string]) => showIp(ipOf(text)) === text),
  func(`string(${IP}): string`, ([ip]: [Ip]) => showIp(ip)),
  method(`${IP}.family(): int`, ([ip]: [Ip]) => BigInt(ip.family)),
  ...Object.entries(TESTS).map(([name, test]) => method(`${IP}.${name}(): bool`, ([ip]: [Ip]) => test(ip))),
  func(`cidr(string): ${CIDR}`, ([text]: [string]) => cidrOf(text)),
  func('isCIDR(string): bool', ([text]: [string]) => parseCidr(text) !== undefined),
  func(`string(${CIDR}): string`, ([cidr]: [Cidr]) => `${showIp(cidr.ip)}/${cidr.length}`),
  method(`${CIDR}.containsIP(${IP}): bool`, ([cidr, ip]: [Cidr, Ip]) => containsIp(cidr, ip)),
  method(`${CIDR}.containsIP(string): bool`, ([cidr, text]: [Cidr, string]) => containsIp(cidr, ipOf(text))),
  method(`${CIDR}.containsCIDR(${CIDR}): bool`, ([cidr, inner]: [Cidr, Cidr]) => containsCidr(cidr, inner)),
  method(`${CIDR}.containsCIDR(string): bool`, ([cidr, text]: [Cidr, string]) => containsCidr(cidr, cidrOf(text))),
  method(`${CIDR}.ip(): ${IP}`, ([cidr]: [Cidr]) => cidr.ip),
  method(`${CIDR}.prefixLength(): int`, ([cidr]: [Cidr]) => BigInt(cidr.length)),
  method(`${CIDR}.masked(): ${CIDR}`, ([cidr]: [Cidr]): Cidr => {
    const shift = hostBits(cidr);
    return { ...cidr, ip: { ...cidr.ip, bits: (cidr.ip.bits >> shift) << shift } };
  }),
];

function ipOf(text: string): Ip {
  const ip = parseAddress(text);
  if (ip === undefined) throw new CelError('the text is not an IP address');
  return ip;
}

function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new CelError('the text is not a network like 10.0.0.0/8');
  return cidr;
}

function parseCidr(text: string): Cidr | undefined {
  const slash = text.lastIndexOf('/');
  const ip = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  return Number(length) > (ip.family === 4 ? 32 : 128) ? undefined : { tag: 'cidr', ip, length: Number(length) };
}

/** Kubernetes accepts no zones, and no IPv4 address in the form of an IPv6 address. */
function parseAddress(text: string): Ip | undefined {
  const ip = parseIp(text);
  if (ip === undefined || ip.zone !== '') return undefined;
  const bits = ip.words.reduce((value, word) => (value << 16n) | BigInt(word), 0n);
  return ip.family === 6 && bits >> 32n === 0xffffn ? undefined : { tag: 'ip', family: ip.family, bits };
}

/** RFC 5952: lowercase, with `::` for the first of the longest runs of at least two zero groups. */
function showIp({ family, bits }: Ip): string {
  const size = family === 4 ? 4 : 8;
  const width = family === 4 ? 8n : 16n;
  const groups = Array.from({ length: size }, (_, index) =>
    Number((bits >> (width * BigInt(size - 1 - index))) & ((1n << width) - 1n)),
  );
  if (family === 4) return groups.join('.');
  const { from, length } = longestZeros(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + length))}`;
}

function longestZeros(groups: readonly number[]): { readonly from: number; readonly length: number } {
  let best = { from: 0, length: 0 };
  let from = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) from = index + 1;
    else if (index + 1 - from > best.length) best = { from, length: index + 1 - from };
  }
  return best;
}

function hostBits({ ip, length }: Cidr): bigint {
  return BigInt((ip.family === 4 ? 32 : 128) - length);
}

function containsIp(cidr: Cidr, ip: Ip): boolean {
  return ip.family === cidr.ip.family && ip.bits >> hostBits(cidr) === cidr.ip.bits >> hostBits(cidr);
}

function containsCidr(cidr: Cidr, inner: Cidr): boolean {
  return inner.length >= cidr.length && containsIp(cidr, inner.ip);
}
