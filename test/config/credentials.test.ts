/** The keys of tidewaiter.yaml about credentials of nodes and the memory of registries, and the files that they name. */
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { nodeCredentialSettings, sharedCacheSettings } from '../../src/config/credential-files.ts';
import { CACHE, CANARY } from '../lookup/fake-client.ts';
import { NO_ORIGIN } from '../../src/error/path-origin.ts';
import { folderOf } from '../node/program-directory.ts';

const folder = folderOf();
const inFolder = (file: string): string => path.join(folder.path, file);

async function configOf(text: string): Promise<Config> {
  return (await loadConfig({ config: folder.file('tidewaiter.yaml', text) }, {})).config;
}

describe('the configuration of credentials', () => {
  test('says nothing of nodes and remembers for a minute and a day, when it says nothing', async () => {
    expect(await configOf('{}')).toMatchObject({
      nodeCredentials: undefined,
      registryCache: {
        tagTtlMs: 60_000,
        digestTtlMs: 86_400_000,
        staleMaxMs: 604_800_000,
        maxImages: 20_000,
        shared: undefined,
      },
    });
  });

  test('may say that nodes hold nothing', async () => {
    expect((await configOf('nodeCredentials: {}\n')).nodeCredentials).toEqual({
      dockerConfig: undefined,
      helpers: [],
      providers: undefined,
      timeoutMs: 10_000,
    });
  });

  test('has paths relative to its file, and durations as Kubernetes writes them', async () => {
    const config = await configOf(`
nodeCredentials:
  dockerConfig: node/config.json
  helpers: [ecr-login]
  providers: {config: /etc/providers.yaml, binDir: bin}
  timeout: 1m
registryCache:
  tagTtl: 1m30s
  digestTtl: 1h
  staleMax: 0s
  maxImages: 500
  shared: {urlFile: url, keyFile: /key, caFile: ca.crt}
`);
    expect(config.nodeCredentials).toEqual({
      dockerConfig: inFolder('node/config.json'),
      helpers: ['ecr-login'],
      providers: { config: '/etc/providers.yaml', binDir: inFolder('bin') },
      timeoutMs: 60_000,
    });
    expect(config.registryCache).toEqual({
      tagTtlMs: 90_000,
      digestTtlMs: 3_600_000,
      staleMaxMs: 0,
      maxImages: 500,
      shared: { url: undefined, urlFile: inFolder('url'), keyFile: '/key', caFile: inFolder('ca.crt') },
    });
  });

  test.each([
    ['nodeCredentials: []', /:1:18: nodeCredentials: expected an object, found a list/],
    [
      'nodeCredentials: {dockerconfig: a}',
      /:1:19: nodeCredentials\/dockerconfig: unknown key "dockerconfig"; did you mean "dockerConfig"\?/,
    ],
    ['nodeCredentials: {helpers: [a]}', /:1: nodeCredentials\/helpers: "helpers" requires "dockerConfig", which maps/],
    [
      'nodeCredentials: {dockerConfig: a, helpers: [../x]}',
      /:1:46: nodeCredentials\/helpers\/0: invalid value "\.\.\/x": expected the name behind docker-credential-, for example ecr-login/,
    ],
    ['nodeCredentials: {providers: {config: a}}', /:1:30: nodeCredentials\/providers: "binDir" is required/],
    [
      'nodeCredentials: {timeout: 10}',
      /:1:28: nodeCredentials\/timeout: expected a duration, for example 60s or 24h, found a number/,
    ],
    [
      'nodeCredentials: {timeout: 10 s}',
      /:1:28: nodeCredentials\/timeout: invalid value "10 s": expected a duration, for example 60s or 24h/,
    ],
    ['nodeCredentials: {timeout: 2m}', /:1: nodeCredentials\/timeout: expected a duration from 1ms to 1m, found "2m"/],
    ['nodeCredentials: {timeout: 0s}', /:1: nodeCredentials\/timeout: expected a duration from 1ms to 1m, found "0s"/],
    ['registryCache: {tagTtl: -1s}', /:1:25: registryCache\/tagTtl: invalid value "-1s": expected a duration/],
    [
      'registryCache: {maxImages: 5}',
      /:1:28: registryCache\/maxImages: invalid value 5: expected a number from 100 to 1000000/,
    ],
    ['registryCache: {shared: {url: "redis://a"}}', /:1:25: registryCache\/shared: "keyFile" is required/],
    ['registryCache: {shared: {keyFile: k}}', /:1: registryCache\/shared: set exactly one of "url" and "urlFile"/],
    ['registryCache: {shared: {keyFile: k, url: "redis://a", urlFile: u}}', /set exactly one of "url" and "urlFile"/],
    [
      'registryCache: {shared: {keyFile: k, url: "http://a"}}',
      /:1: registryCache\/shared\/url: expected redis:\/\/HOST:PORT/,
    ],
  ])('%s is refused with its place', async (text, message) => {
    await expect(configOf(`${text}\n`)).rejects.toThrow(message);
  });

  test('takes no password beside other settings, and does not repeat it', async () => {
    const refused = configOf(`registryCache: {shared: {keyFile: k, url: "redis://:${CANARY}@a"}}\n`);
    await expect(refused).rejects.toThrow('put a URL with a password in "urlFile"');
    expect(inspect(await refused.catch((error: unknown) => error))).not.toContain(CANARY);
  });
});

describe('the file of credential providers', () => {
  const load = async (text: string) =>
    nodeCredentialSettings(
      {
        dockerConfig: undefined,
        helpers: [],
        providers: { config: folder.file('providers.yaml', text), binDir: '/bin' },
        timeoutMs: 1,
      },
      NO_ORIGIN,
    );
  const HEAD = 'apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n';

  test('is YAML or JSON', async () => {
    const provider = {
      name: 'ecr',
      matchImages: ['*.aws.io'],
      defaultCacheDuration: '12h',
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    };
    for (const text of [
      `${HEAD}providers: [${JSON.stringify(provider)}]\n`,
      JSON.stringify({
        apiVersion: 'kubelet.config.k8s.io/v1',
        kind: 'CredentialProviderConfig',
        providers: [provider],
      }),
    ]) {
      expect((await load(text)).providers).toMatchObject({ binDir: '/bin', settings: [{ name: 'ecr' }] });
    }
  });

  test.each([
    ['', /providers\.yaml: expected one document, found 0/],
    ['a: [', /providers\.yaml:\d+:\d+: /],
    [
      `${HEAD}providers:\n- name: a/b\n  matchImages: [a]\n`,
      /providers\.yaml:4:9: providers\/0\/name: invalid value "a\/b": expected the name of a program/,
    ],
  ])('%j is refused with its place', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
  });
});

describe('the files of the shared cache', () => {
  const keyFile = folder.file('key', `${'k'.repeat(32)}\n`);
  const load = async (url: string, more: object = {}) =>
    sharedCacheSettings(
      { url: undefined, urlFile: folder.file('url', `${url}\n`), keyFile, caFile: undefined, ...more },
      CACHE,
      (file) => ` (set by ${file.slice(1)})`,
    );

  test.each<[string, object]>([
    [
      'redis://cache',
      { host: 'cache', port: 6379, database: 0, username: undefined, password: undefined, tls: undefined },
    ],
    ['valkey://[::1]:1/3', { host: '::1', port: 1, database: 3 }],
    ['rediss://cache:7000/', { host: 'cache', port: 7000, tls: {} }],
    ['valkeys://gate@cache', { host: 'cache', username: 'gate', password: undefined, tls: {} }],
  ])('%s', async (url, server) => {
    expect((await load(url)).server).toMatchObject(server);
  });

  test('hold the password, which nothing shows', async () => {
    const settings = await load(`redis://gate:${CANARY}%40@cache`);
    expect(settings.maxAgeMs).toBe(CACHE.staleMaxMs);
    expect(settings.server.password?.()).toBe(`${CANARY}@`);
    expect(inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings)).not.toContain(CANARY);
  });

  test.each([
    ['http://cache', {}, 'url: expected redis://HOST:PORT, rediss://USER:PASSWORD@HOST:PORT, or a valkey:// URL'],
    [CANARY, {}, 'url: expected redis://HOST:PORT, rediss://USER:PASSWORD@HOST:PORT, or a valkey:// URL'],
    [`redis://:${CANARY}@cache/x/y`, {}, 'optionally with a database number'],
    ['redis://cache', { caFile: folder.file('ca', 'x') }, '"caFile" needs rediss:// or valkeys://'],
    [
      'redis://cache',
      { keyFile: folder.file('short', 'k') },
      'short: expected at least 32 characters, for example of: openssl rand -hex 32',
    ],
    [
      'redis://cache',
      { keyFile: '/nowhere' },
      'cannot read the key of the shared cache "/nowhere": no such file or directory (set by nowhere)',
    ],
  ])('%s with %j is refused', async (url, more, message) => {
    const refused = load(url, more);
    await expect(refused).rejects.toThrow(message);
    expect(inspect(await refused.catch((error: unknown) => error))).not.toContain(CANARY);
  });
});
