/**
 * The part of Go's net/url (1.26) that the kubelet reads registry keys and images with: host and path of
 * `https://` + text. User info, query and fragment vanish, but they must be well-formed. All texts are byte strings.
 */
import { isIPv6 } from './ip.ts';

export interface ParsedUrl {
  /** With its port; case as written. */
  readonly host: string;
  /** Percent-decoded; empty or with a leading "/". */
  readonly path: string;
}

/** `undefined` where url.Parse answers with an error. `rest` is what follows the scheme. */
export function parseUrl(rest: string): ParsedUrl | undefined {
  const [url, fragment] = cut(rest, '#');
  if (/[\0-\x1f\x7f]/.test(url) || !hasGoodEscapes(fragment)) return undefined;
  const [place] = cut(url, '?');
  const slash = place.indexOf('/');
  const authority = slash < 0 ? place : place.slice(0, slash);
  const path = slash < 0 ? '' : place.slice(slash);
  const host = hostOf(authority);
  return host === undefined || !hasGoodEscapes(path) ? undefined : { host, path: unescape(path) };
}

function cut(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function hasGoodEscapes(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

function unescape(text: string): string {
  return text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

const USER_INFO = /^[A-Za-z0-9._:~!$&'()*+,;=%@-]*$/;

function hostOf(authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  const user = authority.slice(0, Math.max(at, 0));
  if (!USER_INFO.test(user) || !hasGoodEscapes(user)) return undefined;
  const host = authority.slice(at + 1);
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) return undefined;
  return bracket === 0 ? bracketedHost(host) : plainHost(host);
}

/** Since Go 1.26 only one colon (godebug urlstrictcolons), and then digits or nothing. */
function plainHost(host: string): string | undefined {
  const colon = host.indexOf(':');
  if (colon >= 0 && !isPort(host.slice(colon))) return undefined;
  return unescapeHost(host);
}

function isPort(text: string): boolean {
  return /^(?::[0-9]*)?$/.test(text);
}

function bracketedHost(host: string): string | undefined {
  const end = host.lastIndexOf(']');
  const port = host.slice(end + 1);
  if (end < 0 || !isPort(port)) return undefined;
  const name = host.slice(1, end);
  const percent = name.indexOf('%25');
  const address = unescapeHost(percent < 0 ? name : name.slice(0, percent));
  const zone = percent < 0 ? '' : unescapeZone(name.slice(percent));
  if (address === undefined || zone === undefined || !isIPv6(address + zone)) return undefined;
  return `[${address}${zone}]${port}`;
}

const NOT_IN_HOST = /[^A-Za-z0-9._~!$&'()*+,;=:[\]<>"%\x80-\xff-]/;

/** Escapes stand for bytes that are not ASCII, and for "%" itself. */
function unescapeHost(text: string): string | undefined {
  if (NOT_IN_HOST.test(text) || !hasGoodEscapes(text) || /%(?!25)[0-7]/.test(text)) return undefined;
  return unescape(text);
}

/** A zone may also escape what could stand in a host anyway, a space and "%". */
function unescapeZone(text: string): string | undefined {
  if (NOT_IN_HOST.test(text) || !hasGoodEscapes(text)) return undefined;
  for (const [escape] of text.matchAll(/%../g)) {
    const byte = unescape(escape);
    if (byte !== '%' && byte !== ' ' && (NOT_IN_HOST.test(byte) || byte > '\x7f')) return undefined;
  }
  return unescape(text);
}
