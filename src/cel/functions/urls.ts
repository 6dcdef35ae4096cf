/** URLs as Go's net/url.ParseRequestURI reads them: an absolute URI, or a path that begins with "/". Nothing is normalized. */
import { CelError, spend } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { entryMap, listOf, type Url } from '../value.ts';

const TYPE = 'kubernetes.URL';

export const URLS: readonly Overload[] = [
  func(`url(string): ${TYPE}`, ([text]: [string], budget) => {
    spend(budget, text.length >> 1);
    const url = parseUrl(text);
    if (url === undefined) throw new CelError('the text is not a URL: an absolute one, or a path that begins with "/"');
    return url;
  }),
  func('isURL(string): bool', ([text]: [string], budget) => {
    spend(budget, text.length >> 1);
    return parseUrl(text) !== undefined;
  }),
  method(`${TYPE}.getScheme(): string`, ([url]: [Url]) => url.scheme),
  method(`${TYPE}.getHost(): string`, ([url]: [Url]) => url.host),
  method(`${TYPE}.getHostname(): string`, ([url]: [Url]) => hostAndPort(url.host).name),
  method(`${TYPE}.getPort(): string`, ([url]: [Url]) => hostAndPort(url.host).port),
  method(`${TYPE}.getEscapedPath(): string`, ([url]: [Url], budget) => {
    spend(budget, url.path.length);
    return escapedPath(url.path);
  }),
  method(`${TYPE}.getQuery(): map<string, list<string>>`, ([url]: [Url], budget) => {
    spend(budget, url.query.length);
    return queryOf(url.query);
  }),
];

function parseUrl(text: string): Url | undefined {
  if (text === '' || /[\u0000- \u007f]/.test(text.charAt(0)) || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  if (text === '*') return { tag: 'url', text, scheme: '', host: '', path: '*', query: '' };
  const split = splitScheme(text);
  if (split === undefined) return undefined;
  const [scheme, rest] = split;
  const question = rest.indexOf('?');
  const before = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? '' : rest.slice(question + 1);
  if (!before.startsWith('/'))
    return scheme === '' ? undefined : { tag: 'url', text, scheme, host: '', path: '', query };
  return withAuthority(text, { scheme, before, query });
}

/** As ParseRequestURI alone has it: without a scheme there is no host, and a fragment is a part of what it stands in. */
export function isRequestUri(text: string): boolean {
  if (text === '*') return true;
  const split = /[\u0000-\u001f\u007f]/.test(text) ? undefined : schemeOf(text);
  if (split === undefined) return false;
  const [scheme, rest] = split;
  const question = rest.indexOf('?');
  const before = question < 0 ? rest : rest.slice(0, question);
  if (!before.startsWith('/')) return scheme !== '';
  if (scheme === '') return unescape(before) !== undefined;
  return withAuthority(text, { scheme, before, query: '' }) !== undefined;
}

function splitScheme(text: string): readonly [string, string] | undefined {
  const fragment = text.indexOf('#');
  if (fragment >= 0 && unescape(text.slice(fragment)) === undefined) return undefined;
  return schemeOf(fragment < 0 ? text : text.slice(0, fragment));
}

/** Scheme in lower case, and what stands behind its colon. */
function schemeOf(bare: string): readonly [string, string] | undefined {
  const colon = bare.search(/[^A-Za-z0-9+.-]/);
  if (colon < 0 || bare.charAt(colon) !== ':') return ['', bare];
  if (!/^[A-Za-z]/.test(bare)) return undefined;
  return [bare.slice(0, colon).toLowerCase(), bare.slice(colon + 1)];
}

interface Parts {
  readonly scheme: string;
  readonly before: string;
  readonly query: string;
}

function withAuthority(text: string, { scheme, before, query }: Parts): Url | undefined {
  const { authority, path } = splitAuthority(scheme, before);
  const at = authority.lastIndexOf('@');
  const host = hostOf(authority.slice(at + 1));
  const userFits = at < 0 || isUserInfo(authority.slice(0, at));
  if (host === undefined || !userFits || unescape(path) === undefined) return undefined;
  return { tag: 'url', text, scheme, host, path, query };
}

function splitAuthority(scheme: string, text: string): { readonly authority: string; readonly path: string } {
  if (!text.startsWith('//') || (scheme === '' && text.startsWith('///'))) return { authority: '', path: text };
  const slash = text.indexOf('/', 2);
  return slash < 0
    ? { authority: text.slice(2), path: '' }
    : { authority: text.slice(2, slash), path: text.slice(slash) };
}

function isUserInfo(text: string): boolean {
  return /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text) && unescape(text) !== undefined;
}

/** `name`, `name:80`, `[::1]:80`; unescaped, as Go keeps it. */
function hostOf(text: string): string | undefined {
  if (text.startsWith('[')) return isLiteral(text) ? text : undefined;
  const { port } = hostAndPort(text);
  const name = text.slice(0, text.length - port.length);
  if (name.replace(/:$/, '').includes(':')) return undefined;
  // In a host only bytes beyond ASCII may be escaped (RFC 6874).
  return /%[0-7]|[ [\\^`{|}]/.test(text) ? undefined : unescape(text);
}

/** An IPv6 address in brackets, with its zone. */
function isLiteral(text: string): boolean {
  const close = text.lastIndexOf(']');
  if (close < 0 || !isPort(text.slice(close + 1)) || !text.includes(':')) return false;
  return /^[0-9A-Fa-f:.]+(%25[\w.~%-]+)?$/.test(text.slice(1, close));
}

function isPort(text: string): boolean {
  return text === '' || /^:\d*$/.test(text);
}

/** `undefined` when a "%" is not followed by two hexadecimal digits. */
function unescape(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    bytes[length] = byte === PERCENT ? digit(bytes[at + 1]) * 16 + digit(bytes[at + 2]) : byte;
    if (byte === PERCENT) at += 2;
    length += 1;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, length));
}

const PERCENT = 0x25;

/** Of a hexadecimal digit in ASCII. */
function digit(byte = 0): number {
  return byte <= 0x39 ? byte - 0x30 : (byte & 0x1f) + 9;
}

function hostAndPort(host: string): { readonly name: string; readonly port: string } {
  const colon = host.lastIndexOf(':');
  const hasPort = colon >= 0 && isPort(host.slice(colon)) && host.indexOf(']', colon) < 0;
  const name = hasPort ? host.slice(0, colon) : host;
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  return { name: bare, port: hasPort ? host.slice(colon + 1) : '' };
}

/** As it was written where that is a valid encoding, else encoded anew. */
function escapedPath(path: string): string {
  if (/^[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/%]*$/.test(path)) return path;
  const bytes = new TextEncoder().encode(unescape(path) ?? path);
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** Pairs that cannot be read are left out, as url.Query does. */
function queryOf(query: string): ReturnType<typeof entryMap> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescape((equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' '));
    const value = unescape(equals < 0 ? '' : pair.slice(equals + 1).replaceAll('+', ' '));
    if (key === undefined || value === undefined) continue;
    const before = values.get(key);
    if (before === undefined) values.set(key, [value]);
    else before.push(value);
  }
  return entryMap([...values].map(([key, list]) => ({ key, value: listOf(list) })));
}
