/**
 * Classifies IP addresses. Image names and responses of registries are untrusted: without this check they could direct a
 * webhook's requests to its own network or to the cloud's metadata service.
 */
import { BlockList } from 'node:net';
import { parseIp } from '../go/ip.ts';

/** `metadata` services return credentials to any client. All kinds except `public` are outside the internet. */
export type AddressKind =
  | 'public'
  | 'metadata'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'multicast'
  | 'reserved';

/** AWS (also ECS and EKS), Azure, Google, Alibaba, Oracle, Tencent, Scaleway. */
const METADATA = listOf([
  '169.254.169.254/32',
  '169.254.170.2/32',
  '169.254.170.23/32',
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '169.254.0.23/32',
  '169.254.42.42/32',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
  'fd00:42::42/128',
  'fd00:c1::a9fe:a9fe/128',
  '64:ff9b:1::a9fe:a9fe/128',
]);

/** IANA's special-purpose registries (RFC 6890 and later); the first list that contains an address decides. */
const KINDS: readonly (readonly [AddressKind, BlockList])[] = [
  ['metadata', METADATA],
  ['unspecified', listOf(['0.0.0.0/8', '::/128'])],
  ['loopback', listOf(['127.0.0.0/8', '::1/128'])],
  // RFC 1918, RFC 6598 (shared), RFC 4193, RFC 3879 (site-local), RFC 8215 (local NAT64).
  [
    'private',
    listOf([
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '100.64.0.0/10',
      'fc00::/7',
      'fec0::/10',
      '64:ff9b:1::/48',
    ]),
  ],
  ['link-local', listOf(['169.254.0.0/16', 'fe80::/10'])],
  ['multicast', listOf(['224.0.0.0/4', 'ff00::/8'])],
  [
    'reserved',
    listOf([
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '100::/64',
      '2001:db8::/32',
      '3fff::/20',
      '5f00::/16',
    ]),
  ],
];

/** Returns `reserved` for a text that is not an address, so that nothing connects to it. The address has no brackets. */
export function addressKind(address: string): AddressKind {
  const ip = parseIp(address.replace(/%.*$/s, ''));
  if (ip === undefined) return 'reserved';
  const { family, words } = ip;
  if (family === 4) return kindIn(dotted(words[0] ?? 0, words[1] ?? 0), 'ipv4');
  const kind = kindIn(wordsText(words), 'ipv6');
  const embedded = embeddedIPv4(words);
  return kind !== 'public' || embedded === undefined ? kind : kindIn(embedded, 'ipv4');
}

function kindIn(address: string, family: 'ipv4' | 'ipv6'): AddressKind {
  return KINDS.find(([, list]) => list.check(address, family))?.[0] ?? 'public';
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

function wordsText(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(':');
}

/**
 * Returns the IPv4 address that a gateway or this machine derives from an IPv6 address: mapped and compatible (RFC 4291),
 * translated (RFC 7915), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214).
 */
function embeddedIPv4(words: readonly number[]): string | undefined {
  const pair = (at: number, mask = 0): string => dotted((words[at] ?? 0) ^ mask, (words[at + 1] ?? 0) ^ mask);
  if (words[0] === 0x2002) return pair(1);
  if (words[0] === 0x2001 && words[1] === 0) return pair(6, 0xffff);
  const isGateway = FORMS.some((prefix) => prefix.every((word, index) => words[index] === word));
  return isGateway || isIsatap(words) ? pair(6) : undefined;
}

function isIsatap(words: readonly number[]): boolean {
  return words[5] === 0x5efe && (words[4] === 0 || words[4] === 0x200);
}

const FORMS: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0xffff],
  [0, 0, 0, 0, 0xffff, 0],
  [0x64, 0xff9b, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0],
];

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
