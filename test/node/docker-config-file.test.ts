/** Docker's config.json as the kubelet reads it on a node, and as docker reads it, with real credential helpers. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { configuredCredentials, dockerCredentials } from '../../src/node/configured-credentials.ts';
import { dockerConfigProblem, loadDockerConfig } from '../../src/node/docker-config-file.ts';
import { isHelperName } from '../../src/node/credential-helper.ts';
import { CANARY, clockAt } from '../lookup/fake-client.ts';
import { folderOf, credentialsOf, shownCredentials } from './program-directory.ts';

const folder = folderOf();
const env = { PATH: `${folder.path}:/usr/bin:/bin` };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const helperText = (username: string, secret: string): string =>
  `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;

const CONFIG = {
  auths: {
    'reg.io': { auth: base64('ci:p') },
    '*.example.com/team': { username: 'team', password: 'q' },
    'https://index.docker.io/v1/': { auth: base64('hub:h') },
    'token.io': { identitytoken: 'it', auth: base64('x:') },
    'bearer.io': { registrytoken: 'rt' },
    'http://old.io/v1/': { username: 'old', password: 'o' },
    'empty.io': {},
    'bad.io': { auth: '***' },
  },
  credHelpers: { 'aws.io': 'aws', 'gone.io': 'gone', 'path.io': '../aws', 'index.docker.io': 'hub' },
};

const noBad = { ...CONFIG, auths: { ...CONFIG.auths, 'bad.io': {} } };
const nodeFile = folder.file('node.json', JSON.stringify(noBad));

const settings = (file: string, helpers: readonly string[] = []) => ({
  dockerConfig: loadDockerConfig(file),
  helpers,
  providers: undefined,
  timeoutMs: 5000,
});

const onNode = (file: string, helpers?: readonly string[]) =>
  configuredCredentials(settings(file, helpers), { env, now: clockAt(0).now });

describe('the docker config file of a node', () => {
  test.each<[string, readonly string[]]>([
    ['reg.io/web:1', ['key "reg.io" (user ci) = basic ci:p']],
    ['a.example.com/team/app', ['key "*.example.com/team" (user team) = basic team:q']],
    ['nginx', ['key "https://index.docker.io/v1/" (user hub) = basic hub:h']],
    // The kubelet does not read these tokens.
    ['token.io/web', ['key "token.io" (user x) = basic x:']],
    ['bearer.io/web', []],
    ['aws.io/web', []],
    ['none.io/web', []],
  ])('for %s is read as the kubelet does', async (image, expected) => {
    expect(await shownCredentials(onNode(nodeFile), image)).toEqual(
      expected.map((one) => `docker config "${nodeFile}", ${one}`),
    );
  });

  test.each<[string, string | undefined, (name: string) => string]>([
    [
      'nowhere.json',
      undefined,
      (name) => `cannot read ${name} (set by nodeCredentials.dockerConfig): no such file or directory`,
    ],
    [
      'large.json',
      `${JSON.stringify(noBad)}${' '.repeat(4 * 1024 * 1024)}`,
      (name) => `cannot read ${name} (set by nodeCredentials.dockerConfig): larger than 4 MiB`,
    ],
    ['broken.json', '{"auths": ', (name) => `${name} is invalid: not JSON: it ends where a value is expected`],
    [
      'bad.json',
      JSON.stringify(CONFIG),
      (name) => `${name} is invalid: entry "bad.io": "auth" is not valid base64 (standard alphabet, no spaces)`,
    ],
  ])('that is invalid has no credentials, which is a problem: %s', async (name, text, problemOf) => {
    const file = text === undefined ? `${folder.path}/${name}` : folder.file(name, text);
    const problem = problemOf(`docker config "${file}"`);
    expect(await shownCredentials(onNode(file), 'reg.io/web')).toEqual([`! ${problem}`]);
    expect(dockerConfigProblem(loadDockerConfig(file))).toBe(problem);
    expect(dockerConfigProblem(loadDockerConfig(nodeFile))).toBeUndefined();
    expect(inspect(settings(file), { depth: 10 })).not.toContain('auths');
  });

  test('names helpers that are run if the configuration also names them', async () => {
    folder.program('docker-credential-aws', helperText('AWS', 'secret'));
    expect(await shownCredentials(onNode(nodeFile, ['aws']), 'aws.io/web')).toEqual([
      'credential helper "aws" (user AWS) = basic AWS:secret',
    ]);
    expect(folder.runs('docker-credential-aws')).toEqual(['aws.io']);
    expect(await shownCredentials(onNode(nodeFile, ['gone']), 'aws.io/web')).toEqual([
      '! credential helper "aws" was not run: it is not listed in nodeCredentials.helpers',
    ]);
  });
});

describe('the docker config file of a developer', () => {
  const dockerOf = (config: object, helpers: readonly string[] = ['aws', 'hub', 'gone', 'store'], timeoutMs = 5000) => {
    const name = `docker-${Math.abs(JSON.stringify(config).length)}`;
    folder.file(`${name}/config.json`, JSON.stringify(config));
    const where = { env: { ...env, DOCKER_CONFIG: `${folder.path}/${name}` }, now: clockAt(0).now };
    return dockerCredentials({ helpers, timeoutMs }, where);
  };

  test.each<[string, RegExp | undefined]>([
    ['reg.io/web:1', /key "reg\.io" \(user ci\) = basic ci:p$/],
    ['token.io/web', /key "token\.io" \(identity token\) = identity-token it$/],
    ['bearer.io/web', /key "bearer\.io" \(registry token\) = registry-token rt$/],
    ['old.io/web', /key "http:\/\/old\.io\/v1\/" \(user old\) = basic old:o$/],
    // Docker supports no globs and no paths.
    ['a.example.com/team/app', undefined],
    ['empty.io/web', undefined],
    ['bad.io/web', undefined],
    ['reg.io:5000/web', undefined],
  ])('for %s is read as docker does', async (image, expected) => {
    const shown = await shownCredentials(dockerOf(CONFIG), image);
    expect(shown).toHaveLength(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(shown[0]).toMatch(expected);
  });

  test('runs the helper of the registry, and ignores its entry', async () => {
    folder.program('docker-credential-hub', helperText('<token>', 'identity'));
    expect(await shownCredentials(dockerOf(CONFIG), 'nginx')).toEqual([
      'credential helper "hub" (identity token) = identity-token identity',
    ]);
    expect(folder.runs('docker-credential-hub')).toEqual(['https://index.docker.io/v1/']);
  });

  test('runs the store for every other registry', async () => {
    folder.program('docker-credential-store', helperText('jane', 's'));
    expect(await shownCredentials(dockerOf({ ...CONFIG, credsStore: 'store' }), 'reg.io/web')).toEqual([
      'credential helper "store" (user jane) = basic jane:s',
    ]);
  });

  test.each<[string, string, readonly string[]]>([
    ['none', 'echo "credentials not found in native keychain"; exit 1', []],
    ['an empty response', helperText('', ''), []],
    ['an error', `echo "${CANARY}"; exit 3`, ['! credential helper "store" ended with exit code 3']],
    ['a signal', 'kill -9 $$', ['! credential helper "store" ended with SIGKILL']],
    ['no JSON', `echo "${CANARY}"`, ['! credential helper "store" did not return JSON with Username and Secret']],
    [
      'a number',
      `echo '{"Username": 1}'`,
      ['! credential helper "store" did not return JSON with Username and Secret'],
    ],
    ['too much', 'head -c 2000000 /dev/zero', ['! credential helper "store" wrote more than 1024 KiB']],
    ['no response', 'sleep 30', ['! credential helper "store" did not respond within 0.3 s']],
    [
      'no answer of a program that it started',
      'sleep 30 & sleep 30',
      ['! credential helper "store" did not respond within 0.3 s'],
    ],
    [
      'an input that it does not read',
      `exec <&-; ${helperText('u', 's')}`,
      ['credential helper "store" (user u) = basic u:s'],
    ],
  ])('a helper with %s', async (_, script, expected) => {
    folder.program('docker-credential-store', script);
    expect(await shownCredentials(dockerOf({ credsStore: 'store' }, ['store'], 300), 'reg.io/web')).toEqual(expected);
  });

  test.each(['../aws', '/bin/sh', 'a b', '-x', '', 'a\nb', 'a;b', '..'])('%j is not a valid helper name', (name) => {
    expect(isHelperName(name)).toBe(false);
  });

  test('a missing helper, one that is not allowed, and one with a path', async () => {
    expect(await shownCredentials(dockerOf(CONFIG), 'gone.io/web')).toEqual([
      '! credential helper "gone" cannot be started: program not found',
    ]);
    expect(await shownCredentials(dockerOf(CONFIG, []), 'aws.io/web')).toEqual([
      '! credential helper "aws" was not run: it is not listed in nodeCredentials.helpers',
    ]);
    expect(await shownCredentials(dockerOf(CONFIG, ['../aws']), 'path.io/web')).toEqual([
      '! credential helper "../aws" was not run: the name of a helper has no path or spaces',
    ]);
  });

  test('a helper is run once for concurrent callers, and again after a minute', async () => {
    folder.program('docker-credential-once', `sleep 0.1; ${helperText('u', 's')}`);
    folder.file('once/config.json', JSON.stringify({ credsStore: 'once' }));
    const clock = clockAt(0);
    const where = { env: { ...env, DOCKER_CONFIG: `${folder.path}/once` }, now: clock.now };
    const docker = dockerCredentials({ helpers: ['once'], timeoutMs: 5000 }, where);
    await Promise.all(Array.from({ length: 50 }, () => credentialsOf(docker, 'reg.io/web')));
    await credentialsOf(docker, 'reg.io/other');
    expect(folder.runs('docker-credential-once')).toEqual(['reg.io']);
    clock.ms += 60_000;
    await credentialsOf(docker, 'reg.io/other');
    expect(folder.runs('docker-credential-once')).toEqual(['reg.io', 'reg.io']);
  });

  test('a missing file has no credentials and no problem', async () => {
    const where = { env: { HOME: folder.path }, now: clockAt(0).now };
    expect(await shownCredentials(dockerCredentials({ helpers: [], timeoutMs: 1 }, where), 'reg.io/web')).toEqual([]);
    const nowhere = { env: {}, now: clockAt(0).now };
    expect(await shownCredentials(dockerCredentials({ helpers: [], timeoutMs: 1 }, nowhere), 'reg.io/web')).toEqual([]);
  });

  test('passwords are not printed', async () => {
    folder.program('docker-credential-store', helperText('jane', CANARY));
    const all = [
      await credentialsOf(dockerOf({ credsStore: 'store' }), 'reg.io/web'),
      await credentialsOf(dockerOf({ auths: { 'reg.io': { auth: base64(`ci:${CANARY}`) } } }), 'reg.io/web'),
      await credentialsOf(dockerOf({ auths: { 'reg.io': { identitytoken: CANARY } } }), 'reg.io/web'),
      await credentialsOf(dockerOf({ auths: { 'reg.io': { registrytoken: CANARY } } }), 'reg.io/web'),
    ];
    expect(all.every(({ credentials }) => credentials.length === 1)).toBe(true);
    expect(inspect(all, { depth: 20, showHidden: true }) + JSON.stringify(all)).not.toContain(CANARY);
  });
});
