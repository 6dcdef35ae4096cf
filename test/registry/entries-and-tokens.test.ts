/** Registry entries, proxies, Retry-After, and the token cache. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { entryOfUrl } from '../../src/registry/registry-entry.ts';
import { addressOf } from '../../src/registry/registry-address.ts';
import { proxyFor } from '../../src/registry/proxy.ts';
import { retryAfterMs } from '../../src/registry/retry-after.ts';
import { UNLISTED } from '../../src/registry/settings.ts';
import { createTokenCache } from '../../src/registry/token-cache.ts';
import { basic, entry, identityToken, registryToken } from '../support/registry-settings.ts';

describe('the entry of a registry', () => {
  const entries = [
    'registry.example.com',
    '*.example.com:5000',
    'Upper.Example.org:443',
    '[::1]:5000',
    '*.corp.test',
    'docker.io',
  ].map((host) => entry(host));

  test.each([
    ['registry.example.com', 'registry.example.com'],
    ['registry.example.com:443', 'registry.example.com'],
    ['REGISTRY.example.com', 'registry.example.com'],
    ['registry.example.com:5000', '*.example.com:5000'],
    ['a.b.example.com:5000', undefined],
    ['example.com:5000', undefined],
    ['a.example.com', undefined],
    ['registry.example.com.evil.test', undefined],
    ['upper.example.org', 'Upper.Example.org:443'],
    ['[::1]:5000', '[::1]:5000'],
    ['[::1]', undefined],
    ['x.corp.test', '*.corp.test'],
    ['x.corp.test:80', undefined],
    ['docker.io', 'docker.io'],
    ['docker.io:443', undefined],
    ['Docker.io', undefined],
    ['[0:0::1]:5000', '[::1]:5000'],
    ['registry.example.com:0443', 'registry.example.com'],
  ])('%s is %s', (domain, host) => {
    expect(addressOf(domain, entries)?.entry?.host).toBe(host);
  });

  test.each([
    ['https://registry.example.com/token', 'registry.example.com'],
    ['https://registry.example.com:5000/token', '*.example.com:5000'],
    ['https://registry.example.com:5001/token', undefined],
    ['http://x.corp.test/token', '*.corp.test'],
  ])('of the URL %s is %s', (url, host) => {
    expect(entryOfUrl(entries, new URL(url))?.host).toBe(host);
  });
});

describe('the proxy', () => {
  const proxies = { HTTPS_PROXY: 'http://secure.test:3128', HTTP_PROXY: 'plain.test' };
  test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['https://a.test', {}, undefined],
    ['https://a.test', proxies, 'http://secure.test:3128/'],
    ['http://a.test', proxies, 'http://plain.test/'],
    ['https://a.test', { https_proxy: 'http://lower.test' }, 'http://lower.test/'],
    ['https://localhost', proxies, undefined],
    ['https://127.0.0.1:5000', proxies, undefined],
    ['https://[::1]', proxies, undefined],
    ['https://a.test', { ...proxies, NO_PROXY: '*' }, undefined],
    ['https://a.test', { ...proxies, NO_PROXY: 'b.test, A.test' }, undefined],
    ['https://x.a.test', { ...proxies, no_proxy: 'a.test' }, undefined],
    ['https://xa.test', { ...proxies, NO_PROXY: 'a.test' }, 'http://secure.test:3128/'],
    ['https://a.test', { ...proxies, NO_PROXY: '.a.test' }, 'http://secure.test:3128/'],
    ['https://x.a.test', { ...proxies, NO_PROXY: '*.a.test' }, undefined],
    ['https://a.test', { ...proxies, NO_PROXY: 'a.test:443' }, undefined],
    ['https://a.test:5000', { ...proxies, NO_PROXY: 'a.test:443' }, 'http://secure.test:3128/'],
    ['https://10.1.2.3', { ...proxies, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { ...proxies, NO_PROXY: '10.0.0.0/8,x/y,1.1.1.1/99' }, 'http://secure.test:3128/'],
    ['https://[fd00::1]', { ...proxies, NO_PROXY: 'fd00::/8' }, undefined],
    ['https://10.1.2.3', { ...proxies, NO_PROXY: '10.1.2.3' }, undefined],
  ])('of %s with %j is %s', (url, env, proxy) => {
    expect(proxyFor(new URL(url), UNLISTED, env)?.href).toBe(proxy);
  });

  test('is an error if it is invalid, and not ignored', () => {
    const env = { HTTPS_PROXY: 'socks5://user:c4nary@s.test' };
    const chooseProxy = (): unknown => proxyFor(new URL('https://a.test'), UNLISTED, env);
    expect(chooseProxy).toThrow(/^no registry is contacted: the proxy \(HTTPS_PROXY, HTTP_PROXY\) must be/);
    expect(chooseProxy).not.toThrow(/c4nary/);
  });

  test('of an entry comes first', () => {
    const of = (proxy: string): string | undefined =>
      proxyFor(new URL('https://a.test'), entry('a.test', { proxy }), proxies)?.href;
    expect(of('none')).toBeUndefined();
    expect(of('https://own.test')).toBe('https://own.test/');
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  test.each([
    [undefined, undefined],
    ['0', 0],
    [' 120 ', 120_000],
    ['999999999', 86_400_000],
    ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['Fri Jan  2 03:04:35 2026 GMT', 30_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['Fri, 02 Jan 2099 03:04:00 GMT', 86_400_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['Friday, never', undefined],
    ['', undefined],
  ])('%j is %s ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

describe('the cache of tokens', () => {
  const realm = { url: new URL('https://auth.test/token'), service: 's', scopes: ['repository:a:pull'] };

  test('has a key for each realm, service, scope, and credential, and reveals none of them', () => {
    const cache = createTokenCache(Date.now);
    const keys = [
      cache.keyOf(realm, undefined),
      cache.keyOf(realm, basic('ci', 'canary')),
      cache.keyOf(realm, basic('ci', 'canary2')),
      cache.keyOf(realm, basic('ci2', 'canary')),
      cache.keyOf(realm, identityToken('canary')),
      cache.keyOf(realm, registryToken('canary')),
      cache.keyOf({ ...realm, service: undefined }, undefined),
      cache.keyOf({ ...realm, url: new URL('https://auth.test/other') }, undefined),
      cache.keyOf({ ...realm, scopes: ['repository:b:pull'] }, undefined),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(cache.keyOf(realm, basic('ci', 'canary', 'another secret with the same password'))).toBe(keys[1]);
    expect(keys.join()).not.toMatch(/canary|auth\.test|repository/);
    expect(createTokenCache(Date.now).keyOf(realm, undefined)).not.toBe(keys[0]);
    expect(inspect(basic('ci', 'canary'), { depth: 9 })).not.toContain('canary');
  });

  test('removes the least recently used tokens above the limit', () => {
    const cache = createTokenCache(() => 0);
    for (let index = 0; index <= 2000; index += 1) cache.set(`${index}`, { value: `${index}`, expiresInS: 60 }, 'shop');
    expect([cache.get('0'), cache.get('1'), cache.get('2000')]).toEqual([undefined, '1', '2000']);
  });
});
