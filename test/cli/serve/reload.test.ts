/** Files that change under a running server: what loads replaces everything, what does not changes nothing. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { createAuthority } from '../../cluster/certificates.ts';
import { kubeconfigFor } from '../../support/api-client.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';

let server: BuiltServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const policy = (name: string, rules: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec:\n  rules: ${rules}\n`;
const DIGEST = policy('ours', '[{rule: image-digest}]');
const LATEST = policy('ours', '[{rule: image-tag, parameters: {deny: [latest]}}]');
/** Allowed by LATEST and denied by DIGEST. */
const POD = podOf('{containers: [{name: web, image: "nginx:1.27"}]}');

async function started(files: Readonly<Record<string, string>>, flags = ['-p', 'policies']): Promise<BuiltServer> {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) write(folder, name, text);
  server = await startBuiltServer(folder, flags);
  return server;
}

function write(folder: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

const isAllowed = async (running: BuiltServer, pod: unknown = POD): Promise<boolean> =>
  (await running.review(pod)).allowed;
const becomes = (running: BuiltServer, allowed: boolean, pod?: unknown): Promise<void> =>
  vi.waitFor(async () => expect(await isAllowed(running, pod)).toBe(allowed), { timeout: 8000, interval: 50 });
/** The last reload failed with this text, and the last good policies decide. */
async function keeps(running: BuiltServer, allowed: boolean, problem: RegExp): Promise<void> {
  const line = await running.logged(/^reload failed/);
  expect(line).toMatchObject({ level: 'error' });
  expect(String(line['msg'])).toMatch(problem);
  expect(await isAllowed(running)).toBe(allowed);
  expect(await running.ready()).toMatch(/^200 ok\nthe last reload failed; generation [0-9a-f]{12} stays in use/);
  expect(await running.metric('tidewaiter_reload_failed')).toBe('1');
  expect(Number(await running.metric('tidewaiter_reload_failures_total'))).toBeGreaterThan(0);
}

describe('policies', () => {
  test('that are valid replace the policies, and reviews name the generation of their policies', async () => {
    const running = await started({ 'policies/a.yaml': DIGEST });
    const before = await running.review(POD);
    expect(before).toMatchObject({ allowed: false, generation: await running.metric('tidewaiter_policy_generation') });
    write(running.folder, 'policies/a.yaml', LATEST);
    await becomes(running, true);
    const after = await running.review(POD);
    expect(after.generation).toMatch(/^[0-9a-f]{12}$/);
    expect(after.generation).not.toBe(before.generation);
    expect(await running.metric('tidewaiter_policy_generation')).toBe(after.generation);
    await vi.waitFor(() => expect(running.log.at(-1)).toMatchObject({ msg: 'review', generation: after.generation }));
    write(running.folder, 'policies/a.yaml', DIGEST);
    await becomes(running, false);
    expect((await running.review(POD)).generation).toBe(before.generation);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'has invalid YAML',
      (folder) => write(folder, 'policies/a.yaml', `${LATEST}  pin: [`),
      /: policies\/a\.yaml:6:8: unclosed "\["$/,
    ],
    [
      'has an unknown rule',
      (folder) => write(folder, 'policies/b.yaml', policy('b', '[{rule: x}]')),
      /policies\/b\.yaml:5:18: /,
    ],
    ['is half of itself', (folder) => write(folder, 'policies/a.yaml', LATEST.slice(0, 60)), /policies\/a\.yaml/],
    ['repeats a name', (folder) => write(folder, 'policies/b.yaml', LATEST), /duplicate policy "ours"/],
    ['is the last one and is removed', (folder) => unlinkSync(path.join(folder, 'policies/a.yaml')), /policies: no /],
    [
      'was in a directory that is removed',
      (folder) => rmSync(path.join(folder, 'policies'), { recursive: true }),
      /policies: no such file or directory/,
    ],
    [
      'refers to a list that does not exist',
      (folder) =>
        write(folder, 'policies/a.yaml', policy('ours', '[{rule: image-tag, parameters: {deny: [{list: none}]}}]')),
      /policies\/a\.yaml:5:\d+: .*none/,
    ],
  ])(
    'stay in use when a file %s, until it is mended',
    async (_what, spoil, problem) => {
      const running = await started({ 'policies/a.yaml': DIGEST });
      spoil(running.folder);
      await keeps(running, false, problem);
      rmSync(path.join(running.folder, 'policies'), { recursive: true, force: true });
      write(running.folder, 'policies/a.yaml', LATEST);
      await vi.waitFor(async () => expect(await running.ready()).toBe('200 ok\n'), { timeout: 15_000 });
      expect(await isAllowed(running)).toBe(true);
      expect(await running.metric('tidewaiter_reload_failed')).toBe('0');
      expect(running.log.filter(({ msg }) => String(msg).startsWith('reload failed')).length).toBeLessThanOrEqual(2);
    },
    40_000,
  );

  test('are added and removed with their files', async () => {
    const running = await started({ 'policies/a.yaml': LATEST });
    write(running.folder, 'policies/sub/b.yaml', policy('b', '[{rule: image-digest}]'));
    await becomes(running, false);
    rmSync(path.join(running.folder, 'policies/sub'), { recursive: true });
    await becomes(running, true);
    expect(await running.metric('tidewaiter_reload_failures_total')).toBe('0');
  });

  test('are those of a mounted ConfigMap after the kubelet has swapped its link', async () => {
    const folder = newFolder();
    const mount = path.join(folder, 'policies');
    write(folder, 'policies/..1/a.yaml', DIGEST);
    symlinkSync('..1', path.join(mount, '..data'));
    symlinkSync('..data/a.yaml', path.join(mount, 'a.yaml'));
    const running = (server = await startBuiltServer(folder, ['-p', 'policies']));
    for (const [version, text] of [LATEST, DIGEST, LATEST].entries()) {
      const next = `..${version + 2}`;
      write(folder, `policies/${next}/a.yaml`, text);
      symlinkSync(next, path.join(mount, '..data_tmp'));
      renameSync(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
      rmSync(path.join(mount, `..${version + 1}`), { recursive: true });
      await becomes(running, text === LATEST);
    }
    expect(await running.metric('tidewaiter_reload_failures_total')).toBe('0');
  });

  test('of a single file follow an editor that replaces it, and a link that points elsewhere', async () => {
    const running = await started({ 'a.yaml': DIGEST, 'elsewhere/b.yaml': DIGEST }, ['-p', 'a.yaml']);
    write(running.folder, '.a.yaml.swp', LATEST);
    renameSync(path.join(running.folder, '.a.yaml.swp'), path.join(running.folder, 'a.yaml'));
    await becomes(running, true);
    unlinkSync(path.join(running.folder, 'a.yaml'));
    symlinkSync('elsewhere/b.yaml', path.join(running.folder, 'a.yaml'));
    await becomes(running, false);
    write(running.folder, 'elsewhere/b.yaml', LATEST);
    await becomes(running, true);
    expect(await running.ready()).toBe('200 ok\n');
  });

  test('change with a list alone, and with an exception that has expired', async () => {
    const list = (items: string): string =>
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImageNameList\nmetadata: {name: tags}\nspec: {items: ${items}}\n`;
    const exception = (expires: string): string =>
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyException\nmetadata: {name: legacy}\nspec:\n  policy: ours\n  rules: [image-tag]\n  match: {kinds: [Pod]}\n  owner: team\n  reason: moves soon\n  expires: ${expires}\n`;
    const running = await started({
      'policies/a.yaml': policy('ours', '[{rule: image-tag, parameters: {deny: [{list: tags}]}}]'),
      'policies/list.yaml': list('[latest]'),
    });
    expect(await isAllowed(running)).toBe(true);
    write(running.folder, 'policies/list.yaml', list('[latest, "1.27"]'));
    await becomes(running, false);
    write(running.folder, 'policies/exception.yaml', exception('2099-12-31'));
    await becomes(running, true);
    expect(await running.metric('tidewaiter_exception_expiry_timestamp_seconds')).toBe('legacy');
    write(running.folder, 'policies/exception.yaml', exception('2020-01-01'));
    await becomes(running, false);
    expect((await running.review(POD)).message).toContain('exception legacy (owner team) expired on 2020-01-01');
  });

  test('are loaded at once on SIGHUP, and a named pipe is an error that blocks nothing', async () => {
    const running = await started({ 'a.yaml': DIGEST }, ['-p', 'a.yaml']);
    const success = async (): Promise<number> =>
      Number(await running.metric('tidewaiter_reload_last_success_timestamp_seconds'));
    const before = await success();
    running.process.kill('SIGHUP');
    await vi.waitFor(async () => expect(await success()).toBeGreaterThan(before));
    unlinkSync(path.join(running.folder, 'a.yaml'));
    execFileSync('mkfifo', [path.join(running.folder, 'a.yaml')]);
    await keeps(running, false, /a\.yaml: neither a file nor a directory$/);
  });
});

describe('the log without clientCa', () => {
  const OPEN = /every client that reaches the port/;
  const warnings = ({ log }: BuiltServer): readonly unknown[] =>
    log.flatMap(({ level, msg }) => (level === 'warn' && OPEN.test(String(msg)) ? [msg] : []));
  const KUBECONFIG = kubeconfigFor('http://127.0.0.1:9');

  test('warns when the first policies use pull secrets of the cluster, and once', async () => {
    const flags = ['-p', 'policies', '--kubeconfig', 'config'];
    const running = await started({ config: KUBECONFIG, 'policies/a.yaml': DIGEST }, flags);
    expect(warnings(running)).toEqual([]);
    write(running.folder, 'policies/b.yaml', policy('b', '[{rule: pull-secret-usable}]'));
    await running.logged(OPEN);
    write(running.folder, 'policies/a.yaml', LATEST);
    await becomes(running, true);
    expect(warnings(running)).toEqual([
      'every client that reaches the port can find out which pull secrets a namespace has, and use them for lookups, because clientCa is not set; set clientCa and clientNames, or use a NetworkPolicy to allow only API servers (SECURITY.md)',
    ]);
  });

  test('warns for node credentials at the start, and does not warn with clientCa', async () => {
    const settings = 'nodeCredentials: {}\n';
    const running = await started({ 'tidewaiter.yaml': settings, 'policies/a.yaml': DIGEST });
    expect(warnings(running)).toHaveLength(1);
    await running.stop();
    const { cert } = await createAuthority();
    const clients = 'clientCa: ca.crt\nclientNames: [kube-apiserver]\n';
    const guarded = { 'tidewaiter.yaml': settings + clients, 'ca.crt': cert, config: KUBECONFIG };
    const policies = { 'policies/b.yaml': policy('b', '[{rule: pull-secret-usable}]') };
    expect(warnings(await started({ ...guarded, ...policies }, ['-p', 'policies', '--kubeconfig', 'config']))).toEqual(
      [],
    );
  });
});

describe('the configuration file', () => {
  const widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w' },
    spec: { image: 'nginx:1.27' },
  };

  test('names each key that needs a restart once, and no other key', async () => {
    const running = await started({ 'tidewaiter.yaml': 'policies: [policies]\n', 'policies/a.yaml': DIGEST }, []);
    const changed = {
      logLevel: 'warn',
      certsDir: 'elsewhere',
      cluster: '"off"',
      registries: '[{host: registry.example.com}]',
      registryAccess: 'listed',
      registryCache: '{tagTtl: 1s}',
      nodeCredentials: '{}',
      ignore: '[drafts]',
      kinds: '[]',
      pluginTimeoutMs: '50',
    };
    const lines = Object.entries(changed).map(([key, value]) => `${key}: ${value}\n`);
    const warnings = (): readonly string[] =>
      running.log.flatMap(({ msg }) => (/has changed/.test(String(msg)) ? [String(msg)] : []));
    const expected = Object.keys(changed)
      .slice(0, 7)
      .map((key, index) => `${key} has changed (tidewaiter.yaml:${index + 2}); restart tidewaiter to apply it`);
    for (const policies of ['policies: [policies]\n', 'policies: [policies/a.yaml]\n']) {
      write(running.folder, 'tidewaiter.yaml', `${policies}${lines.join('')}`);
      await vi.waitFor(() => expect(warnings().toSorted()).toEqual(expected.toSorted()), { timeout: 10_000 });
    }
    write(running.folder, 'policies/a.yaml', LATEST);
    await becomes(running, true);
    expect(warnings()).toHaveLength(expected.length);
  });

  test('gives kinds and other policies, and says which keys need a restart', async () => {
    const config = (kinds: string, more = ''): string => `policies: [policies]\nkinds: ${kinds}\n${more}`;
    const running = await started(
      { 'tidewaiter.yaml': config('[]'), 'policies/a.yaml': DIGEST, 'other.yaml': LATEST },
      [],
    );
    expect(await isAllowed(running, widget)).toBe(true);
    write(running.folder, 'tidewaiter.yaml', config('[{group: example.com, kind: Widget, images: [/spec/image]}]'));
    await becomes(running, false, widget);
    write(running.folder, 'tidewaiter.yaml', `policies: [other.yaml]\nlogLevel: warn\n`);
    await becomes(running, true);
    expect(await running.logged(/^logLevel has changed/)).toMatchObject({
      msg: 'logLevel has changed (tidewaiter.yaml:2); restart tidewaiter to apply it',
    });
    write(running.folder, 'tidewaiter.yaml', `policies: [other.yaml]\nlogLevle: warn\n`);
    await keeps(running, true, /tidewaiter\.yaml:2:1: .*logLevle/);
  });
});
