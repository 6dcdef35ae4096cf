/** IP addresses as Go's net/netip parses them. */

export interface IpAddress {
  readonly family: 4 | 6;
  /** Groups of 16 bits: two for IPv4, eight for IPv6. */
  readonly words: readonly number[];
  /** Zone of an IPv6 address, without "%"; empty if absent. */
  readonly zone: string;
}

/** netip.ParseAddr. Returns `undefined` for a text that it rejects. */
export function parseIp(text: string): IpAddress | undefined {
  const percent = text.indexOf('%');
  const address = percent < 0 ? text : text.slice(0, percent);
  if (address.length > MAX_LENGTH) return undefined;
  // ParseAddr decides by the first of these characters.
  if (/[.:]/.exec(address)?.[0] !== ':') {
    const words = percent < 0 ? parseIPv4(address) : undefined;
    return words && { family: 4, words, zone: '' };
  }
  const words = percent === text.length - 1 ? undefined : parseIPv6(address);
  return words && { family: 6, words, zone: percent < 0 ? '' : text.slice(percent + 1) };
}

/** Reports whether netip.ParseAddr returns an IPv6 address, with or without a zone. */
export function isIPv6(text: string): boolean {
  return parseIp(text)?.family === 6;
}

/** The longest address has six groups of four digits and an IPv4 address. */
const MAX_LENGTH = 45;

function parseIPv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const zeros = 8 - head.length - (tail?.length ?? 8);
  return tail === undefined || zeros < 1 ? undefined : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

/** The last two groups can be written as an IPv4 address. */
function groupsOf(half: string, isLast: boolean): readonly number[] | undefined {
  if (half === '') return [];
  const groups = half.split(':');
  const end = groups.at(-1) ?? '';
  const ipv4 = isLast && end.includes('.') ? parseIPv4(end) : undefined;
  const hex = ipv4 === undefined ? groups : groups.slice(0, -1);
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  return [...hex.map((group) => Number.parseInt(group, 16)), ...(ipv4 ?? [])];
}

function parseIPv4(text: string): readonly number[] | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  if (!octets.every((octet) => /^(?:0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) <= 255)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number);
  return [a * 256 + b, c * 256 + d];
}
