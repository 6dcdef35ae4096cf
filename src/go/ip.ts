/** Addresses as Go's net/netip reads them. */

/** Whether netip.ParseAddr takes it for an IPv6 address, zone included. */
export function isIPv6(text: string): boolean {
  const percent = text.indexOf('%');
  if (percent === text.length - 1) return false;
  const address = percent < 0 ? text : text.slice(0, percent);
  // What ParseAddr sees first decides which kind of address it reads.
  const first = /[.:%]/.exec(text)?.[0];
  return first === ':' && address.length <= MAX_LENGTH && hasEightGroups(address);
}

/** Eight groups of four, or six and an IPv4 address. */
const MAX_LENGTH = 45;

function hasEightGroups(address: string): boolean {
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => groupsIn(half, index === halves.length - 1));
  const groups = counts.reduce((sum, count) => sum + count, 0);
  if (Number.isNaN(groups)) return false;
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** NaN when one of them is none; an IPv4 address at the end counts for two. */
function groupsIn(half: string, isLast: boolean): number {
  if (half === '') return 0;
  const groups = half.split(':');
  const tail = groups.at(-1) ?? '';
  const isMapped = isLast && tail.includes('.');
  if (isMapped && !isIPv4(tail)) return Number.NaN;
  const hex = isMapped ? groups.slice(0, -1) : groups;
  return hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) ? hex.length + (isMapped ? 2 : 0) : Number.NaN;
}

function isIPv4(text: string): boolean {
  const octets = text.split('.');
  return octets.length === 4 && octets.every((octet) => /^(?:0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) <= 255);
}
