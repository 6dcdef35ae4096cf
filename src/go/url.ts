/** URLs as Go's net/url (1.26) parses them. All texts are byte strings (bytes.ts). Nothing is normalized. */
import { isIPv6 } from './ip.ts';

export interface ParsedUrl {
  /** In lower case; empty if the URL has none. */
  readonly scheme: string;
  /** With its port, percent-decoded; case as written. */
  readonly host: string;
  /** Percent-decoded. */
  readonly path: string;
  /** The path as written. */
  readonly rawPath: string;
  /** The query as written, without "?". */
  readonly query: string;
}

/** url.Parse. Returns `undefined` for a text that it rejects; user info and fragment are only checked. */
export function parseUrl(text: string): ParsedUrl | undefined {
  const hash = text.indexOf('#');
  if (hash < 0) return parse(text, false);
  return hasGoodEscapes(text.slice(hash + 1)) ? parse(text.slice(0, hash), false) : undefined;
}

/** url.ParseRequestURI: an absolute URI or a path that begins with "/"; "#" is a character like any other. */
export function parseRequestUri(text: string): ParsedUrl | undefined {
  return text === '' ? undefined : parse(text, true);
}

function parse(text: string, isRequest: boolean): ParsedUrl | undefined {
  if (/[\0-\x1f\x7f]/.test(text) || text.startsWith(':')) return undefined;
  if (text === '*') return { scheme: '', host: '', path: '*', rawPath: '*', query: '' };
  const length = schemeLength(text);
  const scheme = text.slice(0, length).toLowerCase();
  const afterScheme = length === 0 ? text : text.slice(length + 1);
  const rest = before(afterScheme, '?');
  const query = afterScheme.slice(rest.length + 1);
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme, host: '', path: '', rawPath: '', query };
    if (isRequest || before(rest, '/').includes(':')) return undefined;
  }
  return parseHierarchy({ scheme, rest, query }, isRequest);
}

interface SplitUrl extends Pick<ParsedUrl, 'scheme' | 'query'> {
  readonly rest: string;
}

function parseHierarchy({ scheme, rest, query }: SplitUrl, isRequest: boolean): ParsedUrl | undefined {
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || (!isRequest && !rest.startsWith('///')));
  const authority = hasAuthority ? before(rest.slice(2), '/') : undefined;
  const rawPath = authority === undefined ? rest : rest.slice(2 + authority.length);
  const host = authority === undefined ? '' : hostOf(authority, scheme);
  if (host === undefined || !hasGoodEscapes(rawPath)) return undefined;
  return { scheme, host, path: unescape(rawPath), rawPath, query };
}

/** 0 if the text has no scheme. */
function schemeLength(text: string): number {
  const colon = text.indexOf(':');
  return colon > 0 && /^[A-Za-z][A-Za-z0-9+.-]*$/.test(text.slice(0, colon)) ? colon : 0;
}

function before(text: string, separator: string): string {
  const index = text.indexOf(separator);
  return index < 0 ? text : text.slice(0, index);
}

function hasGoodEscapes(text: string): boolean {
  return !text.includes('%') || !/%(?![0-9A-Fa-f]{2})/.test(text);
}

function unescape(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function isUserInfo(text: string): boolean {
  return /^[A-Za-z0-9._:~!$&'()*+,;=%@-]*$/.test(text) && hasGoodEscapes(text);
}

function hostOf(authority: string, scheme: string): string | undefined {
  const at = authority.lastIndexOf('@');
  if (at >= 0 && !isUserInfo(authority.slice(0, at))) return undefined;
  const host = authority.slice(at + 1);
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) return undefined;
  return bracket === 0 ? bracketedHost(host) : plainHost(host, scheme);
}

/** With http and https only one colon can be in it (godebug urlstrictcolons). */
function plainHost(host: string, scheme: string): string | undefined {
  const isStrict = scheme === 'http' || scheme === 'https';
  const colon = isStrict ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0 && !isOptionalPort(host.slice(colon))) return undefined;
  return unescapeHost(host);
}

function isOptionalPort(text: string): boolean {
  return /^(?::[0-9]*)?$/.test(text);
}

function bracketedHost(host: string): string | undefined {
  const end = host.lastIndexOf(']');
  const port = host.slice(end + 1);
  if (end < 0 || !isOptionalPort(port)) return undefined;
  const name = host.slice(1, end);
  const percent = name.indexOf('%25');
  const address = unescapeHost(percent < 0 ? name : name.slice(0, percent));
  const zone = percent < 0 ? '' : unescapeZone(name.slice(percent));
  if (address === undefined || zone === undefined || !isIPv6(address + zone)) return undefined;
  return `[${address}${zone}]${port}`;
}

const NOT_IN_HOST = /[^A-Za-z0-9._~!$&'()*+,;=:[\]<>"%\x80-\xff-]/;

/** Escapes can only encode bytes that are not ASCII, and "%". */
function unescapeHost(text: string): string | undefined {
  if (NOT_IN_HOST.test(text)) return undefined;
  if (!text.includes('%')) return text;
  return hasGoodEscapes(text) && !/%(?!25)[0-7]/.test(text) ? unescape(text) : undefined;
}

/** A zone can also escape the bytes that a host can contain, a space, and "%". */
function unescapeZone(text: string): string | undefined {
  if (NOT_IN_HOST.test(text) || !hasGoodEscapes(text)) return undefined;
  for (const [escape] of text.matchAll(/%../g)) {
    const byte = unescape(escape);
    if (byte !== '%' && byte !== ' ' && (NOT_IN_HOST.test(byte) || byte > '\x7f')) return undefined;
  }
  return unescape(text);
}

/** URL.Hostname and URL.Port. */
export function splitHostPort(host: string): { readonly name: string; readonly port: string } {
  const colon = host.lastIndexOf(':');
  const hasPort = colon >= 0 && isOptionalPort(host.slice(colon));
  const name = hasPort ? host.slice(0, colon) : host;
  const isBracketed = name.startsWith('[') && name.endsWith(']');
  return { name: isBracketed ? name.slice(1, -1) : name, port: hasPort ? host.slice(colon + 1) : '' };
}

/** URL.EscapedPath: as written if that is a valid encoding, otherwise encoded again. */
export function escapedPath({ path, rawPath }: ParsedUrl): string {
  if (/^[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/%]*$/.test(rawPath)) return rawPath;
  return path.replace(/[^A-Za-z0-9\-._~$&+,/:;=@]/g, escapeByte);
}

function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** URL.Query: the values of each key, in order. It drops pairs that it cannot parse. */
export function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || !hasGoodEscapes(pair)) continue;
    const name = before(pair, '=');
    const key = unescapeQuery(name);
    const value = unescapeQuery(pair.slice(name.length + 1));
    const list = values.get(key);
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
  }
  return values;
}

function unescapeQuery(text: string): string {
  return unescape(text.replaceAll('+', ' '));
}
