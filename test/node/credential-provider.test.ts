/** The kubelet's credential providers: real programs, the kubelet's configuration and its protocol. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { configuredCredentials } from '../../src/node/configured-credentials.ts';
import type { NodeCredentials } from '../../src/node/node-credentials.ts';
import { type ProviderSettings, readProviders } from '../../src/node/provider-config.ts';
import { CANARY, clockAt, referenceOf } from '../lookup/fake-client.ts';
import { until } from '../lookup/key-value-server.ts';
import { folderOf, credentialsOf, shownCredentials } from './program-directory.ts';

const folder = folderOf();
const V1 = 'credentialprovider.kubelet.k8s.io/v1';

const configOf = (...providers: readonly string[]): string =>
  `{apiVersion: kubelet.config.k8s.io/v1, kind: CredentialProviderConfig, providers: [${providers.join(', ')}]}`;

const providerOf = (name: string, more = '', images = '["*.aws.io"]'): string =>
  `{name: ${name}, matchImages: ${images}, defaultCacheDuration: 12h, apiVersion: ${V1}${more}}`;

function documentOf(yaml: string): unknown {
  const [document] = parseDocuments(yaml);
  if (document?.ok !== true) throw new Error('no document');
  return document.value;
}

function settingsOf(yaml: string): readonly ProviderSettings[] {
  const read = readProviders(documentOf(yaml));
  if (!read.ok) throw new Error(read.faults.map(({ problem }) => problem).join('; '));
  return read.providers;
}

const nodeOf = (yaml: string, { clock = clockAt(0), timeoutMs = 5000 } = {}) =>
  configuredCredentials(
    { dockerConfig: undefined, helpers: [], providers: { settings: settingsOf(yaml), binDir: folder.path }, timeoutMs },
    { env: { PATH: '/usr/bin:/bin', INHERITED: 'yes', REGION: 'old' }, now: clock.now },
  );

const responseOf = (more: object): string =>
  JSON.stringify({ apiVersion: V1, kind: 'CredentialProviderResponse', cacheKeyType: 'Registry', ...more });
const login = (username: string, password = 'p') => ({ username, password });
const programText = (more: object): string => `echo '${responseOf(more)}'`;

describe('a credential provider', () => {
  test('gets the image without its tag, its arguments, and its environment in addition to that of the process', async () => {
    folder.program(
      'ecr',
      `echo '${responseOf({ auth: { 'a.aws.io': { username: 'AWS', password: '%s' } } })}' | sed "s/%s/$1 $REGION $INHERITED/"`,
    );
    const node = nodeOf(configOf(providerOf('ecr', ', args: [get], env: [{name: REGION, value: eu}]')));
    expect(await shownCredentials(node, 'a.aws.io/team/web:1')).toEqual([
      'credential provider "ecr", key "a.aws.io" (user AWS) = basic AWS:get eu yes',
    ]);
    expect(folder.runs('ecr').map((line) => JSON.parse(line) as unknown)).toEqual([
      { kind: 'CredentialProviderRequest', apiVersion: V1, image: 'a.aws.io/team/web' },
    ]);
  });

  test.each<[string, string, boolean]>([
    ['["*.aws.io"]', 'a.aws.io/web', true],
    ['["*.aws.io"]', 'a.b.aws.io/web', false],
    ['["*.aws.io"]', 'aws.io/web', false],
    ['["a.aws.io:5000"]', 'a.aws.io/web', false],
    ['["a.aws.io:5000"]', 'a.aws.io:5000/web', true],
    ['["a.aws.io/team"]', 'a.aws.io/team2/web', true],
    ['["a.aws.io/team/"]', 'a.aws.io/team', false],
    ['["b.io", "*.*.aws.io"]', 'a.b.aws.io/web', true],
    ['["docker.io"]', 'nginx', true],
  ])('with matchImages %s is run for %s: %s', async (images, image, isRun) => {
    folder.program('match', programText({ auth: null, cacheDuration: '0s' }));
    const before = folder.runs('match').length;
    expect(await shownCredentials(nodeOf(configOf(providerOf('match', '', images))), image)).toEqual([]);
    expect(folder.runs('match').length - before).toBe(isRun ? 1 : 0);
  });

  test.each<[string, readonly string[]]>([
    ['Image', ['a.aws.io/web', 'a.aws.io/other', 'b.aws.io/web']],
    ['Registry', ['a.aws.io/web', 'b.aws.io/web']],
    ['Global', ['a.aws.io/web']],
  ])('with cacheKeyType %s is run for each %j', async (cacheKeyType, run) => {
    folder.program(`scope-${cacheKeyType}`, programText({ cacheKeyType, auth: { '*.aws.io': login('AWS') } }));
    const node = nodeOf(configOf(providerOf(`scope-${cacheKeyType}`)));
    for (const image of ['a.aws.io/web:1', 'a.aws.io/web:2', 'a.aws.io/other', 'b.aws.io/web']) {
      expect((await credentialsOf(node, image)).credentials).toHaveLength(1);
    }
    expect(folder.runs(`scope-${cacheKeyType}`).map((line) => (JSON.parse(line) as { image: string }).image)).toEqual(
      run,
    );
  });

  test.each<[string, object, number]>([
    ['5 minutes', { cacheDuration: '5m' }, 300_000],
    ['the default', {}, 43_200_000],
    ['the default', { cacheDuration: null }, 43_200_000],
    ['no time', { cacheDuration: '0s' }, 0],
    ['no time', { cacheDuration: '0' }, 0],
    ['no time', { cacheDuration: '-1s' }, 0],
  ])('is cached for %s with %j', async (_, more, lifetimeMs) => {
    const name = `kept-${JSON.stringify(more).replaceAll(/\W/g, '')}`;
    folder.program(name, programText({ ...more, auth: { '*.aws.io': login('AWS') } }));
    const clock = clockAt(0);
    const node = nodeOf(configOf(providerOf(name)), { clock });
    await credentialsOf(node, 'a.aws.io/web');
    clock.ms += Math.max(lifetimeMs - 1, 0);
    await credentialsOf(node, 'a.aws.io/web');
    expect(folder.runs(name)).toHaveLength(lifetimeMs === 0 ? 2 : 1);
    clock.ms += 1;
    await credentialsOf(node, 'a.aws.io/web');
    expect(folder.runs(name)).toHaveLength(lifetimeMs === 0 ? 3 : 2);
  });

  test('is run once for concurrent callers', async () => {
    folder.program('single', `sleep 0.1; ${programText({ cacheDuration: '0s', auth: { '*.aws.io': login('AWS') } })}`);
    const node = nodeOf(configOf(providerOf('single')));
    await Promise.all(Array.from({ length: 50 }, () => credentialsOf(node, 'a.aws.io/web')));
    expect(folder.runs('single')).toHaveLength(1);
  });

  test('returns credentials in the order of the keyring, and the earlier provider first for equal keys', async () => {
    folder.program('one', programText({ auth: { 'a.aws.io': login('one'), '*.aws.io': login('glob') } }));
    folder.program(
      'two',
      programText({ auth: { 'a.aws.io': login('two'), 'a.aws.io/team': login('team'), 'b.io': login('b') } }),
    );
    const node = nodeOf(configOf(providerOf('one'), providerOf('two')));
    const { credentials } = await credentialsOf(node, 'a.aws.io/team/web');
    expect(credentials.map(({ label }) => label)).toEqual([
      'credential provider "two", key "a.aws.io/team" (user team)',
      'credential provider "one", key "a.aws.io" (user one)',
      'credential provider "two", key "a.aws.io" (user two)',
      'credential provider "one", key "*.aws.io" (user glob)',
    ]);
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ['an exit code', `echo ${CANARY} >&2; exit 2`, 'ended with exit code 2'],
    ['no JSON', `echo ${CANARY}`, 'did not return a JSON object'],
    ['another kind', `echo '{"kind": "Status"}'`, 'did not return a CredentialProviderResponse'],
    ['another version', programText({ apiVersion: `${V1}beta1` }), `returned another version than ${V1}`],
    ['no cacheKeyType', programText({ cacheKeyType: 'All' }), 'returned no cacheKeyType of Image, Registry, Global'],
    ['a strange duration', programText({ cacheDuration: '1 day' }), 'returned a cacheDuration that is not a duration'],
    [
      'a strange auth',
      programText({ auth: { x: CANARY } }),
      'returned an "auth" that is not a map of username and password',
    ],
    ['no response', 'sleep 30', 'did not respond within 0.3 s'],
  ];
  test.each(wrong)('with %s returns no credentials, which is a problem', async (what, script, problem) => {
    const name = `wrong-${what.replaceAll(' ', '-')}`;
    folder.program(name, script);
    const node = nodeOf(configOf(providerOf(name)), { timeoutMs: what === 'no response' ? 300 : 20_000 });
    expect(await shownCredentials(node, 'a.aws.io/web')).toEqual([`! credential provider "${name}" ${problem}`]);
    // A burst of Pods does not start as many programs.
    await credentialsOf(node, 'a.aws.io/web');
    expect(folder.runs(name)).toHaveLength(1);
  });

  test('that is missing returns no credentials, and the others go on', async () => {
    folder.program('other', programText({ auth: { '*.aws.io': login('AWS') } }));
    expect(await shownCredentials(nodeOf(configOf(providerOf('gone'), providerOf('other'))), 'a.aws.io/web')).toEqual([
      'credential provider "other", key "*.aws.io" (user AWS) = basic AWS:p',
      '! credential provider "gone" cannot be started: program not found',
    ]);
  });

  test('that requires a ServiceAccount token is not run', async () => {
    folder.program('sa', programText({ auth: { '*.aws.io': login('AWS') } }));
    const config = configOf(
      providerOf('sa', ', tokenAttributes: {serviceAccountTokenAudience: a, requireServiceAccount: true}'),
    );
    expect(await shownCredentials(nodeOf(config), 'a.aws.io/web')).toEqual([
      `! credential provider "sa" requires a token of the Pod's ServiceAccount, which only nodes get`,
    ]);
    expect(folder.runs('sa')).toEqual([]);
  });
});

describe('a credential provider that hangs', () => {
  test('is killed with its child processes', async () => {
    const pids = path.join(folder.path, 'pids');
    folder.program('hangs', `sleep 60 & echo $$ $! > '${pids}'; wait`);
    const node = nodeOf(configOf(providerOf('hangs')), { timeoutMs: 300 });
    expect((await credentialsOf(node, 'a.aws.io/web')).problems).toEqual([
      'credential provider "hangs" did not respond within 0.3 s',
    ]);
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    expect(started).toHaveLength(2);
    await until(() => started.every((pid) => !isRunning(pid)));
  });

  test('does not delay callers one after the other', async () => {
    folder.program('hangs-all', 'sleep 60');
    const node = nodeOf(configOf(providerOf('hangs-all')), { timeoutMs: 300 });
    const pending = Array.from({ length: 300 }, (_, at) => credentialsOf(node, `a.aws.io/web-${at}`));
    const problems = (await Promise.all(pending)).flatMap((one) => one.problems);
    expect(problems).toHaveLength(300);
    expect(new Set(problems)).toEqual(
      new Set([
        'credential provider "hangs-all" did not respond within 0.3 s',
        'credential provider "hangs-all" was not run: too many runs of it are waiting',
      ]),
    );
    expect(folder.runs('hangs-all').length).toBeLessThanOrEqual(8);
  });
});

describe('while one namespace names many registries', () => {
  const ofTenant = async (node: NodeCredentials, image: string, tenant: string): Promise<readonly string[]> =>
    (await node.credentialsFor(referenceOf(image), tenant)).problems;
  /** As many as a namespace may have waiting, and more. */
  const flood = (node: NodeCredentials): Promise<readonly string[]>[] =>
    Array.from({ length: 150 }, (_, at) => ofTenant(node, `a.aws.io/flood-${at}`, 'flood'));

  test('another namespace gets a turn immediately, even for a registry of the first one', async () => {
    folder.program('slow', 'case "$input" in *flood-[0-2]\\"*) sleep 60;; esac; exit 7');
    const node = nodeOf(configOf(providerOf('slow')), { timeoutMs: 1500 });
    const flooding = flood(node);
    const contested = ofTenant(node, 'a.aws.io/flood-90', 'shop');
    expect(await ofTenant(node, 'a.aws.io/shop', 'shop')).toEqual([
      'credential provider "slow" ended with exit code 7',
    ]);
    expect(await contested).toEqual(['credential provider "slow" ended with exit code 7']);
    expect(folder.runs('slow')).toHaveLength(5);
    await Promise.all(flooding);
  });

  test('another namespace gets no problem of programs that hang or were not run', async () => {
    folder.program('hangs-for-some', 'case "$input" in *flood*) sleep 60;; esac; exit 7');
    const node = nodeOf(configOf(providerOf('hangs-for-some')), { timeoutMs: 1500 });
    const flooding = flood(node);
    const exit = ['credential provider "hangs-for-some" ended with exit code 7'];
    const images = Array.from({ length: 6 }, (_, at) => `a.aws.io/shop-${at}`);
    await Promise.all(images.map((image) => ofTenant(node, image, 'flood')));
    expect(await Promise.all(images.map((image) => ofTenant(node, image, 'shop')))).toEqual(images.map(() => exit));
    await Promise.all(flooding);
  });
});

/** A zombie has ended, and its parent has not collected it yet. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

describe('the configuration of credential providers', () => {
  test.each<[string, readonly string[]]>([
    ['[]', [': expected an object, found a list']],
    [
      '{apiVersion: kubelet.config.k8s.io/v2, kind: CredentialProviderConfig, providers: []}',
      [
        '/apiVersion: invalid value "kubelet.config.k8s.io/v2": expected kubelet.config.k8s.io/v1',
        '/providers: must not be empty',
      ],
    ],
    [
      configOf('{name: a}'),
      [
        '/providers/0: "matchImages" is required',
        '/providers/0: "defaultCacheDuration" is required',
        '/providers/0: "apiVersion" is required',
      ],
    ],
    [
      configOf(providerOf('../a')),
      ['/providers/0/name: invalid value "../a": expected the name of a program, without a path'],
    ],
    [
      configOf(providerOf('..')),
      ['/providers/0/name: invalid value "..": expected the name of a program, without a path'],
    ],
    [
      configOf(providerOf('"a b"')),
      ['/providers/0/name: invalid value "a b": expected the name of a program, without a path'],
    ],
    [configOf(providerOf('a'), providerOf('a')), ['/providers/1/name: "a" is used twice']],
    [
      configOf(providerOf('a', '', '["a b"]')),
      [
        '/providers/0/matchImages/0: "a b" is not a registry with an optional path, for example *.dkr.ecr.*.amazonaws.com',
      ],
    ],
    [
      configOf(providerOf('a').replace('12h', '-1h')),
      ['/providers/0/defaultCacheDuration: "-1h" is not a duration, for example 12h'],
    ],
    [
      configOf(providerOf('a').replace('12h', 'a day')),
      ['/providers/0/defaultCacheDuration: "a day" is not a duration, for example 12h'],
    ],
  ])('%s is rejected with its position', (yaml, expected) => {
    const read = readProviders(documentOf(yaml));
    expect(read.ok ? [] : read.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`)).toEqual(expected);
  });

  test('may have keys of newer kubelets, and nulls as Go writes them', () => {
    expect(
      settingsOf(configOf(providerOf('a', ', args: null, env: null, tokenAttributes: null, later: 1'))),
    ).toMatchObject([{ name: 'a', args: [], env: [], wantsServiceAccount: false, defaultLifetimeMs: 43_200_000 }]);
  });
});
