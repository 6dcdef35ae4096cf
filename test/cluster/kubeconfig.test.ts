/** Kubeconfig files mean what they mean to kubectl: which value wins, which path a file has, and what is an error. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../src/cluster/connection.ts';
import { connectionOf } from '../../src/cluster/context.ts';
import { kubeconfigFiles, loadKubeconfig } from '../../src/cluster/kubeconfig.ts';
import { textIn } from '../../src/cluster/entry.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';

inOwnFolders('kubeconfig');

const FILES: Readonly<Record<string, string>> = {
  'one/config': `apiVersion: v1
kind: Config
current-context: one
clusters:
  - name: c
    cluster: {server: 'https://one:6443', certificate-authority: ca.crt}
users:
  - name: u
    user: {client-certificate: tls.crt, client-key: ../one/tls.key}
contexts:
  - name: one
    context: {cluster: c, user: u, namespace: shop}
  - name: both
    context: {cluster: c, user: other}
`,
  'two/config': `current-context: two
clusters:
  - {name: c, cluster: {server: 'https://two:6443', tls-server-name: api.two, proxy-url: 'http://proxy:3128'}}
  - {name: d, cluster: {server: two:6443, insecure-skip-tls-verify: true, certificate-authority: null}}
users:
  - name: u
    user: {token: t, as: ann}
  - name: other
    user: {tokenFile: token, as: ann, as-uid: '7', as-groups: [a, b], as-user-extra: {scopes: [x, z]}}
contexts:
  - {name: two, context: {cluster: d, user: other}}
  - {name: one, context: {cluster: d, user: other, namespace: never}}
`,
  'exec/config': `current-context: e
clusters: [{name: e, cluster: {server: 'https://e', certificate-authority-data: Y2E=, disable-compression: true}}]
users:
  - name: e
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: plugin
        args: [token, --cluster=e]
        env: [{name: A, value: b}]
        installHint: install it
        provideClusterInfo: true
        interactiveMode: IfAvailable
contexts: [{name: e, context: {cluster: e, user: e}}]
`,
  'json/config':
    '{"current-context":"j","clusters":[{"name":"j","cluster":{"server":"https://j"}}],"contexts":[{"name":"j","context":{"cluster":"j","user":""}}]}',
  'oidc/config': `current-context: o
clusters: [{name: o, cluster: {server: 'https://o'}}]
users: [{name: o, user: {auth-provider: {name: oidc, config: {client-id: c, id-token: i}}}}]
contexts: [{name: o, context: {cluster: o, user: o}}]
`,
  'basic/config': `current-context: b
clusters: [{name: b, cluster: {server: 'https://b'}}]
users: [{name: b, user: {username: ann, password: '123'}}]
contexts: [{name: b, context: {cluster: b, user: b}}]
---
current-context: other
`,
  empty: '',
  comment: '# nothing\n',
  nulls: 'current-context:\nclusters:\nusers: null\n',
  twice: "clusters: [{name: c, cluster: {server: 'https://1'}}, {name: c, cluster: {server: 'https://2'}}]\n",
  number: 'clusters: [{name: c, cluster: {server: 5}}]\n',
  boolean: "clusters: [{name: c, cluster: {server: 'https://1', insecure-skip-tls-verify: 'true'}}]\n",
  namespace: 'contexts: [{name: x, context: {namespace: n}}]\n',
  list: '- a\n',
  pod: 'apiVersion: v1\nkind: Pod\n',
  version: 'apiVersion: v2\nkind: Config\n',
  broken: 'clusters: [\n',
  'one/ca.crt': 'the CA',
  'one/tls.crt': 'the certificate',
  'one/tls.key': 'the key',
};

beforeEach(() => {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  mkdirSync('.kube');
  writeFileSync('.kube/config', FILES['json/config'] ?? '');
});

interface Case {
  /** KUBECONFIG; undefined: not set. */
  readonly files?: string;
  readonly flag?: string;
  readonly context?: string;
}

function loaded({ files, flag, context }: Case): ReturnType<typeof loadKubeconfig> & { readonly context: string } {
  const env = { HOME: process.cwd(), ...(files === undefined ? {} : { KUBECONFIG: files }) };
  const config = loadKubeconfig(kubeconfigFiles(flag, env), () => '');
  return { ...config, context: context ?? config.currentContext };
}

/** Without empty values, which kubectl prints for some fields, and with the content of files, as with --flatten. */
function comparable(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
  const members = Object.entries(entry).flatMap(([key, value]) => {
    const isFile = ['certificate-authority', 'client-certificate', 'client-key'].includes(key);
    if (isFile) return [[`${key}-data`, readFileSync(String(value), 'base64')] as const];
    // `config view` prints this path as written; other commands resolve it.
    if (key === 'tokenFile') return [[key, path.basename(String(value))] as const];
    return [null, false, ''].includes(value as null) ? [] : [[key, comparable(value)] as const];
  });
  return Object.fromEntries(members);
}

function ours(given: Case): unknown {
  const { clusters, contexts, users, context: name } = loaded(given);
  const context = contexts.get(name);
  if (context === undefined) throw new Error(`no context ${name}`);
  const [cluster, user] = [clusters.get(textIn(context, 'cluster')), users.get(textIn(context, 'user'))];
  return [name, ...[context, cluster ?? {}, user ?? {}].map(comparable)];
}

interface View {
  readonly 'current-context': string;
  readonly clusters: readonly [{ readonly cluster: JsonObject }?];
  readonly users: readonly [{ readonly user: JsonObject }?] | null;
  readonly contexts: readonly [{ readonly context: JsonObject }];
}

/** undefined: kubectl rejects the files. */
function kubectls({ files, flag, context }: Case): unknown {
  const options = [
    ...(flag === undefined ? [] : ['--kubeconfig', flag]),
    ...(context === undefined ? [] : ['--context', context]),
  ];
  const { KUBECONFIG: _own, ...others } = process.env;
  const env = { ...others, HOME: process.cwd(), ...(files === undefined ? {} : { KUBECONFIG: files }) };
  const command = [...options, 'config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'];
  const { status, stdout } = spawnSync('kubectl', command, { env, encoding: 'utf8' });
  if (status !== 0) return undefined;
  const view = JSON.parse(stdout) as View;
  const parts = [view.contexts[0].context, view.clusters[0]?.cluster ?? {}, view.users?.[0]?.user ?? {}];
  return [view['current-context'], ...parts.map(comparable)];
}

const CASES: readonly Case[] = [
  {},
  { files: '' },
  { files: 'one/config' },
  { files: 'one/config:two/config' },
  { files: 'two/config:one/config' },
  { files: 'two/config:one/config', context: 'both' },
  { files: 'one/config:two/config', context: 'both' },
  { files: 'one/config:two/config', context: 'two' },
  { files: 'absent:two/config' },
  { files: ':two/config::two/config:' },
  { files: 'empty:comment:nulls:one/config' },
  { files: 'one/config', flag: 'two/config' },
  { flag: 'one/config' },
  { flag: 'exec/config' },
  { flag: 'json/config' },
  { flag: 'oidc/config' },
  { flag: 'basic/config' },
];

const REJECTED: readonly (readonly [Case, RegExp])[] = [
  [{ flag: 'absent' }, /^cannot read kubeconfig "absent": no such file or directory$/],
  [{ files: 'one' }, /^cannot read kubeconfig "one": expected a file, found a directory$/],
  [{ files: 'two/config:twice' }, /^twice: clusters: name "c" is repeated$/],
  [{ files: 'two/config:number' }, /^number:1:\d+: clusters\/0\/cluster\/server: expected a string, found a number$/],
  [
    { files: 'boolean' },
    /^boolean:1:\d+: clusters\/0\/cluster\/insecure-skip-tls-verify: expected true or false, found a string$/,
  ],
  [{ files: 'namespace' }, /^namespace:1:\d+: contexts\/0\/context\/namespace: expected a string, found a boolean$/],
  [{ files: 'list' }, /^list:1:1: expected an object, found a list$/],
  [{ files: 'pod' }, /^pod:2:7: kind: invalid value "Pod"/],
  [{ files: 'version' }, /^version:1:13: apiVersion: invalid value "v2"/],
  [{ files: 'broken' }, /^broken:\d:\d+: /],
];

describeWith(kubectlMissing, 'kubectl agrees', () => {
  test.each(CASES)('with %j', (given) => {
    const [expected, actual] = [kubectls(given), ours(given)];
    expect(expected).toBeDefined();
    expect(actual).toEqual(expected);
  });

  test.each(REJECTED)('that %j is an error', (given) => {
    expect(kubectls(given)).toBeUndefined();
  });
});

test.each(REJECTED)('%j is rejected in a sentence', (given, message) => {
  expect(() => loaded(given)).toThrow(message);
});

function connection(text: string, context?: string): Connection {
  writeFileSync('config', text);
  const config = loadKubeconfig({ paths: ['config'], isRequired: true }, () => '');
  return connectionOf(config, context === undefined ? undefined : { name: context, from: '--context' });
}

const withEntries = (cluster: string, user = '{}'): string => `current-context: x
clusters: [{name: c, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
`;
const HTTPS = "{server: 'https://a'}";
const exec = (more: string): string => `{exec: {apiVersion: client.authentication.k8s.io/v1, ${more}}}`;

test.each([
  ['a context', 'current-context: x\n', 'kubeconfig "config" has no context "x" (it has no contexts)'],
  [
    'a current context',
    'contexts: [{name: a}, {name: b}]\n',
    'kubeconfig "config" has no current context (expected "a" or "b")',
  ],
  [
    'a cluster',
    'current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n',
    'context "x" in "config": cluster "c" does not exist',
  ],
  [
    'a user',
    `current-context: x\nclusters: [{name: c, cluster: ${HTTPS}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n`,
    'context "x" in "config": user "u" does not exist',
  ],
  ['a server', withEntries('{}'), 'cluster "c" in "config": "server" is required'],
  [
    'a URL',
    withEntries("{server: 'ftp://a'}"),
    'cluster "c" in "config": "server": expected an https:// or http:// URL',
  ],
  [
    'a proxy',
    withEntries("{server: 'https://a', proxy-url: 'ftp://u:s3cret@a'}"),
    'cluster "c" in "config": "proxy-url": expected an http://, https://, or socks5:// URL',
  ],
  [
    'one CA',
    withEntries("{server: 'https://a', certificate-authority: a, certificate-authority-data: YQ==}"),
    'cluster "c" in "config": "certificate-authority" and "certificate-authority-data" are both set; remove one of them',
  ],
  [
    'a CA that is used',
    withEntries("{server: 'https://a', certificate-authority: a, insecure-skip-tls-verify: true}"),
    'cluster "c" in "config": "certificate-authority" and "insecure-skip-tls-verify" are both set; remove one of them',
  ],
  [
    'base64',
    withEntries("{server: 'https://a', certificate-authority-data: '!'}"),
    'cluster "c" in "config": "certificate-authority-data": expected base64',
  ],
  [
    'a key',
    withEntries(HTTPS, '{client-certificate: a}'),
    'user "u" in "config": "client-certificate" requires "client-key"',
  ],
  [
    'one credential',
    withEntries(HTTPS, '{token: a, username: b}'),
    'user "u" in "config": "token" and "username" are both set; remove one of them',
  ],
  [
    'one program',
    withEntries(HTTPS, `{auth-provider: {name: oidc}, ${exec('interactiveMode: Never, command: a').slice(1)}`),
    'user "u" in "config": "exec" and "auth-provider" are both set; remove one of them',
  ],
  [
    'a user to impersonate',
    withEntries(HTTPS, '{as-groups: [a]}'),
    'user "u" in "config": "as" is required for impersonation',
  ],
  [
    'one line',
    withEntries(HTTPS, '{as: "a\\nb"}'),
    'user "u" in "config": invalid value "a\\u000ab" for Impersonate-User',
  ],
  [
    'a provider',
    withEntries(HTTPS, '{auth-provider: {name: gcp}}'),
    'user "u" in "config": auth-provider: invalid value "gcp" (expected "oidc"); use the credential plugin of the cloud in "exec"',
  ],
  [
    'a command',
    withEntries(HTTPS, exec('interactiveMode: Never')),
    'user "u" in "config": exec: "command" is required',
  ],
  ['a mode', withEntries(HTTPS, exec('command: a')), 'user "u" in "config": exec: "interactiveMode" is required'],
])('requires %s', (_what, text, message) => {
  expect(() => connection(text)).toThrow(expect.objectContaining({ message }) as Error);
});

test('names the flag of a context that is not there', () => {
  expect(() => connection(withEntries(HTTPS), 'y')).toThrow(
    '--context: kubeconfig "config" has no context "y" (expected "x")',
  );
});

test('finds the command of a plugin beside its kubeconfig, or on the PATH', () => {
  const commandOf = (command: string): unknown =>
    (
      connection(withEntries(HTTPS, exec(`interactiveMode: Never, command: ${command}`))).user.credential as {
        exec?: unknown;
      }
    ).exec;
  expect(commandOf('./bin/plugin')).toMatchObject({ command: path.resolve('bin/plugin') });
  expect(commandOf('plugin')).toMatchObject({ command: 'plugin' });
  expect(existsSync('bin')).toBe(false);
});

test('adds a scheme as client-go does', () => {
  const urlOf = (cluster: string): string => connection(withEntries(cluster)).server.shown;
  expect(urlOf('{server: "a:8080"}')).toBe('http://a:8080');
  expect(urlOf('{server: "a:6443", insecure-skip-tls-verify: true}')).toBe('http://a:6443');
  expect(urlOf('{server: "https://u:s3cret@[::1]:6443/k8s/clusters/c-1/"}')).toBe(
    'https://[::1]:6443/k8s/clusters/c-1',
  );
});
