/** Credential plugins get from the client what they get from kubectl: a terminal, KUBERNETES_EXEC_INFO, and variables. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { kubectlMissing } from '../support/kubectl.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';
import { base64, kubeconfigText, serverForTests } from '../support/tls-api-server.ts';

inOwnFolders('exec-kubectl');

const REQUEST = fileURLToPath(new URL('request-once.ts', import.meta.url));
const CLIENTS = {
  kubectl: 'kubectl --kubeconfig config get --raw /api',
  ours: `'${process.execPath}' '${REQUEST}' config /api`,
};

const IN_TERMINAL = ['script', '-qec', 'COMMAND', '/dev/null'] as const;
const IN_PIPES = ['sh', '-c', 'COMMAND'] as const;

const PLUGIN = `#!/bin/sh
printf %s "$KUBERNETES_EXEC_INFO" >info
if [ -t 0 ]; then read -r line; echo "terminal $line" >stdin; else echo "no terminal $(cat)" >stdin; fi
echo "$1 $A $KUBECONFIG" >values
printf '{"kind":"ExecCredential","apiVersion":"%s","status":{"token":"abc"}}' "$VERSION"
`;

interface Case {
  readonly cluster?: object;
  readonly exec?: object;
  readonly hasTerminal?: boolean;
}

interface Result {
  /** As the plugin got it; undefined: the plugin did not run. */
  readonly info: unknown;
  readonly stdin: string | undefined;
  readonly values: string | undefined;
  readonly authorization: string | undefined;
  readonly saysWhy: boolean;
}

const server = await serverForTests({ kind: 'APIVersions' });

const fileText = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

async function run(command: string, { cluster, exec, hasTerminal = false }: Case, why: RegExp): Promise<Result> {
  for (const file of ['info', 'stdin', 'values']) rmSync(file, { force: true });
  const apiVersion = 'client.authentication.k8s.io/v1';
  const settings = { command: './plugin', apiVersion, interactiveMode: 'Never', ...exec };
  const env = [
    { name: 'VERSION', value: settings.apiVersion },
    { name: 'A', value: 'b' },
  ];
  const trusted = { server: server.url, 'certificate-authority-data': base64(server.authority.cert), ...cluster };
  writeFileSync('plugin', PLUGIN);
  chmodSync('plugin', 0o755);
  writeFileSync('config', kubeconfigText({ cluster: trusted, user: { exec: { env, ...settings } } }));
  server.requests.length = 0;
  const [file, ...args] = hasTerminal ? IN_TERMINAL : IN_PIPES;
  const child = spawn(
    file,
    args.map((each) => (each === 'COMMAND' ? command : each)),
    {
      env: { ...process.env, HOME: process.cwd(), KUBECONFIG: 'other' },
    },
  );
  child.stdin.end('typed\n');
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join('');
  const info = fileText('info');
  return {
    info: info === undefined ? undefined : JSON.parse(info),
    stdin: fileText('stdin'),
    values: fileText('values'),
    authorization: server.requests.at(-1)?.headers.authorization,
    saysWhy: why.test(output),
  };
}

const CLUSTER_INFO = { provideClusterInfo: true };
type Row = readonly [what: string, given: Case, expected: Partial<Result>, why: RegExp];

const NO_REASON = /(?!)/;
const row = (what: string, given: Case, expected: Partial<Result>, why = NO_REASON): Row => [
  what,
  given,
  expected,
  why,
];

const CASES: readonly Row[] = [
  row('Never', {}, { stdin: 'no terminal \n' }),
  row('Never, with a terminal', { hasTerminal: true }, { stdin: 'no terminal \n' }),
  row('IfAvailable', { exec: { interactiveMode: 'IfAvailable' } }, { stdin: 'no terminal \n' }),
  row(
    'IfAvailable, with a terminal',
    { exec: { interactiveMode: 'IfAvailable' }, hasTerminal: true },
    { stdin: 'terminal typed\n' },
  ),
  row(
    'Always, with a terminal',
    { exec: { interactiveMode: 'Always' }, hasTerminal: true },
    { stdin: 'terminal typed\n' },
  ),
  row(
    'Always',
    { exec: { interactiveMode: 'Always' } },
    { info: undefined, saysWhy: true },
    /standard input is not a terminal/,
  ),
  row(
    'v1beta1 without a mode',
    { exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined }, hasTerminal: true },
    { stdin: 'terminal typed\n' },
  ),
  row(
    'v1 without a mode',
    { exec: { interactiveMode: undefined } },
    { info: undefined, saysWhy: true },
    /interactiveMode/,
  ),
  row('the cluster', { exec: CLUSTER_INFO }, {}),
  row(
    'the whole cluster',
    {
      exec: CLUSTER_INFO,
      cluster: {
        'tls-server-name': 'api.test',
        'disable-compression': true,
        extensions: [
          { name: 'x', extension: 1 },
          { name: 'client.authentication.k8s.io/exec', extension: { a: [null, 1] } },
        ],
      },
    },
    {},
  ),
  row(
    'a cluster with empty values',
    { exec: CLUSTER_INFO, cluster: { 'tls-server-name': '', 'proxy-url': '', 'insecure-skip-tls-verify': false } },
    {},
  ),
  row(
    'a cluster that is not verified',
    { exec: CLUSTER_INFO, cluster: { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true } },
    {},
  ),
  row(
    'a program that is missing',
    { exec: { command: 'no-such-plugin', installHint: 'brew install it' } },
    { saysWhy: true },
    /brew install it/,
  ),
  row(
    'a program that fails',
    { exec: { command: 'false', installHint: 'brew install it' } },
    { saysWhy: false },
    /brew install it/,
  ),
  row('an exit code', { exec: { command: 'false' } }, { saysWhy: true }, /exit code 1/),
  row(
    'another version',
    { exec: { env: [{ name: 'VERSION', value: 'client.authentication.k8s.io/v1beta1' }] } },
    { authorization: undefined, saysWhy: true },
    /client\.authentication\.k8s\.io\/v1\b/,
  ),
  row('arguments', { exec: { args: ['x y'] } }, { values: 'x y b other\n' }),
];

function missing(): string | undefined {
  // Others have a program of the same name, with other options.
  const hasTerminals = spawnSync('script', ['--version']).status === 0;
  return kubectlMissing ?? (hasTerminals ? undefined : 'needs script of util-linux on the PATH');
}

describeWith(missing(), 'kubectl agrees about credential plugins', () => {
  test.each(CASES)('with %s', async (_what, given, expected, why) => {
    const theirs = await run(CLIENTS.kubectl, given, why);
    expect(theirs).toMatchObject(expected);
    expect(await run(CLIENTS.ours, given, why)).toEqual(theirs);
  });

  test('a plugin gets no terminal if the client must not use it', async () => {
    const given: Case = { exec: { interactiveMode: 'IfAvailable' }, hasTerminal: true };
    const { stdin, info } = await run(`${CLIENTS.ours} no-terminal`, given, NO_REASON);
    expect([stdin, info]).toEqual(['no terminal \n', expect.objectContaining({ spec: { interactive: false } })]);
  });
});
