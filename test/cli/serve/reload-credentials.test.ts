/** The files of `nodeCredentials` that change under a running server: a file that is not valid keeps the last valid one. */
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { type FaultServer, startFaultServer } from '../../support/fault-registry.ts';

/** Accepts one user at a time. */
let registry: FaultServer;
let user = 'first';
let tags = 0;
beforeAll(async () => {
  registry = await startFaultServer();
  registry.reactWith(({ headers }) => {
    const [, encoded = ''] = (headers.authorization ?? '').split(' ');
    if (Buffer.from(encoded, 'base64').toString() === `${user}:pw`) return { headers: MANIFEST, body: '{}' };
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
  });
});
afterAll(() => registry.close());

const MANIFEST = {
  'content-type': 'application/vnd.oci.image.manifest.v1+json',
  'docker-content-digest': 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
};
const POLICY =
  'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ours}\nspec:\n  rules: [{rule: image-exists, onUnknown: deny}]\n';

let server: BuiltServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
  user = 'first';
});

const write = (folder: string, name: string, text: string): void => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
const dockerConfig = (name: string): string =>
  JSON.stringify({ auths: { [`127.0.0.1:${registry.port}`]: { username: name, password: 'pw' } } });
const providers = (args: string): string =>
  `{apiVersion: kubelet.config.k8s.io/v1, kind: CredentialProviderConfig, providers: [{name: provider, args: [${args}],
    matchImages: ["127.0.0.1:${registry.port}"], defaultCacheDuration: 0s, apiVersion: credentialprovider.kubelet.k8s.io/v1}]}`;
const provider = (): string => `#!/bin/sh
printf '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Registry","auth":{"127.0.0.1:${registry.port}":{"username":"%s","password":"pw"}}}' "$1"
`;

/** The two files, and what makes them valid for a user. */
const FILES = {
  dockerConfig: { file: 'node/config.json', key: 'dockerConfig: node/config.json', textFor: dockerConfig },
  providers: {
    file: 'node/providers.yaml',
    key: 'providers: {config: node/providers.yaml, binDir: bin}',
    textFor: providers,
  },
};
type Which = keyof typeof FILES;

function newServerFolder(which: Which): string {
  const folder = newFolder();
  const host = `127.0.0.1:${registry.port}`;
  const registries = `registries: [{host: "${host}", insecure: true, allowPrivate: true}]\n`;
  write(folder, 'tidewaiter.yaml', `policies: [p.yaml]\n${registries}nodeCredentials: {${FILES[which].key}}\n`);
  write(folder, 'p.yaml', POLICY);
  write(folder, 'bin/provider', provider());
  chmodSync(path.join(folder, 'bin/provider'), 0o755);
  return folder;
}

/** Another tag each time, because results are cached. */
async function isAllowed(running: BuiltServer): Promise<boolean> {
  const image = `127.0.0.1:${registry.port}/web:${(tags += 1)}`;
  return (await running.review(podOf(`{containers: [{name: web, image: "${image}"}]}`))).allowed;
}

const becomes = (running: BuiltServer, allowed: boolean): Promise<void> =>
  vi.waitFor(async () => expect(await isAllowed(running)).toBe(allowed), { timeout: 10_000, interval: 50 });

/** Each makes the file invalid; with the reason that is reported. */
const FAULTS: readonly (readonly [string, (at: string, text: string) => void, Readonly<Record<Which, RegExp>>])[] = [
  [
    'is removed',
    (at) => unlinkSync(at),
    {
      dockerConfig:
        /cannot read docker config ".*" \(set by nodeCredentials\.dockerConfig\): no such file or directory/,
      providers: /cannot read the credential provider configuration ".*": no such file or directory/,
    },
  ],
  [
    'is half written',
    (at, text) => writeFileSync(at, text.slice(0, text.length / 2)),
    { dockerConfig: /docker config ".*" is invalid: not JSON/, providers: /node\/providers\.yaml:\d+:\d+: / },
  ],
  [
    'is empty',
    (at) => writeFileSync(at, ''),
    { dockerConfig: /docker config ".*" is invalid: /, providers: /node\/providers\.yaml: expected one document/ },
  ],
  [
    'has another shape',
    (at) => writeFileSync(at, '[]'),
    { dockerConfig: /docker config ".*" is invalid: /, providers: /node\/providers\.yaml:1:1: / },
  ],
  [
    'becomes a directory',
    (at) => {
      unlinkSync(at);
      mkdirSync(at);
    },
    { dockerConfig: /expected a file, found a directory/, providers: /expected a file, found a directory/ },
  ],
  [
    'becomes a link to itself',
    (at) => {
      unlinkSync(at);
      symlinkSync(path.basename(at), at);
    },
    { dockerConfig: /a symbolic link that points to itself/, providers: /a symbolic link that points to itself/ },
  ],
  // The superuser can read every file.
  ...(process.getuid?.() === 0
    ? []
    : [
        [
          'cannot be read',
          (at: string) => chmodSync(at, 0),
          { dockerConfig: /permission denied/, providers: /permission denied/ },
        ] as const,
      ]),
];

const ROWS = (['dockerConfig', 'providers'] as const).flatMap((which) =>
  // All files of `nodeCredentials.providers` are read in the same way.
  FAULTS.slice(0, which === 'providers' ? 2 : undefined).map(([fault, spoil, problems]) => ({
    which,
    fault,
    spoil,
    problem: problems[which],
  })),
);

test.each(ROWS)(
  'a file of nodeCredentials.$which that $fault keeps the last valid one, until it is valid again',
  async ({ which, spoil, problem }) => {
    const { file, textFor } = FILES[which];
    const folder = newServerFolder(which);
    const at = path.join(folder, file);
    write(folder, file, textFor('first'));
    const running = (server = await startBuiltServer(folder, []));
    expect(await isAllowed(running)).toBe(true);
    spoil(at, textFor('first'));
    expect(String((await running.logged(/^reload failed, the last good files stay in use/))['msg'])).toMatch(problem);
    expect(await isAllowed(running)).toBe(true);
    expect(await running.ready()).toMatch(/^200 ok\nthe last reload failed; generation [0-9a-f]{12} stays in use/);
    expect(await running.metric('tidewaiter_reload_failed')).toBe('1');
    user = 'second';
    await becomes(running, false);
    rmSync(at, { recursive: true, force: true });
    write(folder, file, textFor('second'));
    await becomes(running, true);
    expect(await running.ready()).toBe('200 ok\n');
    expect(await running.metric('tidewaiter_reload_failed')).toBe('0');
    expect(JSON.stringify(running.log)).not.toContain('pw');
  },
  40_000,
);

test.each(ROWS)('a file of nodeCredentials.$which that $fault stops the start', async ({ which, spoil, problem }) => {
  const { file, textFor } = FILES[which];
  const folder = newServerFolder(which);
  const at = path.join(folder, file);
  write(folder, file, textFor('first'));
  spoil(at, textFor('first'));
  await expect(startBuiltServer(folder, [])).rejects.toThrow(problem);
  rmSync(folder, { recursive: true });
});

test.each(['dockerConfig', 'providers'] as const)(
  'a mounted Secret with the file of nodeCredentials.%s is used after the kubelet has swapped its link',
  async (which) => {
    const { file, textFor } = FILES[which];
    const folder = newServerFolder(which);
    const mount = path.join(folder, 'node');
    write(folder, `node/..1/${path.basename(file)}`, textFor('first'));
    symlinkSync('..1', path.join(mount, '..data'));
    symlinkSync(`..data/${path.basename(file)}`, path.join(folder, file));
    const running = (server = await startBuiltServer(folder, []));
    expect(await isAllowed(running)).toBe(true);
    user = 'second';
    expect(await isAllowed(running)).toBe(false);
    write(folder, `node/..2/${path.basename(file)}`, textFor('second'));
    symlinkSync('..2', path.join(mount, '..data_tmp'));
    renameSync(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
    rmSync(path.join(mount, '..1'), { recursive: true });
    await becomes(running, true);
    expect(await running.metric('tidewaiter_reload_failures_total')).toBe('0');
  },
  20_000,
);
