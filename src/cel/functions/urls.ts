/** URLs: an absolute URI, or a path that begins with "/", as Go's net/url parses them. */
import { bytesOf, textOf } from '../../go/bytes.ts';
import { escapedPath, parseQuery, parseRequestUri, parseUrl, splitHostPort } from '../../go/url.ts';
import { CelError, spend } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { entryMap, listOf, type Url } from '../value.ts';

const TYPE = 'kubernetes.URL';

export const URLS: readonly Overload[] = [
  func(`url(string): ${TYPE}`, ([text]: [string], budget) => {
    spend(budget, text.length >> 1);
    const url = urlOf(text);
    if (url === undefined) throw new CelError('the text is not an absolute URL or a path that begins with "/"');
    return url;
  }),
  func('isURL(string): bool', ([text]: [string], budget) => {
    spend(budget, text.length >> 1);
    return urlOf(text) !== undefined;
  }),
  method(`${TYPE}.getScheme(): string`, ([{ parsed }]: [Url]) => parsed.scheme),
  method(`${TYPE}.getHost(): string`, ([{ parsed }]: [Url]) => textOf(parsed.host)),
  method(`${TYPE}.getHostname(): string`, ([{ parsed }]: [Url]) => textOf(splitHostPort(parsed.host).name)),
  method(`${TYPE}.getPort(): string`, ([{ parsed }]: [Url]) => splitHostPort(parsed.host).port),
  method(`${TYPE}.getEscapedPath(): string`, ([{ parsed }]: [Url], budget) => {
    spend(budget, parsed.rawPath.length);
    return textOf(escapedPath(parsed));
  }),
  method(`${TYPE}.getQuery(): map<string, list<string>>`, ([{ parsed }]: [Url], budget) => {
    spend(budget, parsed.query.length);
    const entries = [...parseQuery(parsed.query)];
    return entryMap(
      entries.map(([key, values]) => ({ key: textOf(key), value: listOf(values.map((value) => textOf(value))) })),
    );
  }),
];

function urlOf(text: string): Url | undefined {
  const bytes = bytesOf(text);
  // As in the API server: ParseRequestURI does not support fragments, so a valid text is parsed again.
  const parsed = parseRequestUri(bytes) === undefined ? undefined : parseUrl(bytes);
  return parsed && { tag: 'url', text, parsed };
}

/** Like url.ParseRequestURI: a text without a scheme has no host, and a fragment is part of the path or the query. */
export function isRequestUri(text: string): boolean {
  return parseRequestUri(bytesOf(text)) !== undefined;
}
