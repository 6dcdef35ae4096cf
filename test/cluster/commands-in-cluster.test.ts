// `check`, `explain credentials`, and `explain image` with the objects of a real cluster, by the kubeconfig of a user.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { created, dockerSecret } from './live-pods.ts';
import { pod } from './objects.ts';
import { secretPolicies } from './secret-policies.ts';

vi.setConfig({ testTimeout: 60_000 });

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly generateName?: string } }[];
}

const IMAGE = 'registry.example.com/shop/web:1';
const HOST = 'registry.example.com';
const AUTH = { username: 'ci', password: 'hush-hush' };

describeWith(assetsMissing, 'commands with the objects of a real cluster', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-commands-'));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  let plane: ControlPlane;
  let kubeconfig: string;
  let policy: string;

  const api = (where: string, plural: string): string => `/api/v1/namespaces/${where}/${plural}`;

  async function namespace(name: string, labels: object, pullSecrets: readonly string[]): Promise<void> {
    await created(plane, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    const account = `${api(name, 'serviceaccounts')}/default`;
    await vi.waitFor(async () => expect((await plane.request('GET', account)).status).toBe(200), 20_000);
    await plane.request('PATCH', account, { imagePullSecrets: pullSecrets.map((each) => ({ name: each })) });
  }

  beforeAll(async () => {
    plane = await startControlPlane();
    await namespace('shop', { env: 'prod' }, ['regcred']);
    await created(plane, api('shop', 'secrets'), dockerSecret('regcred', HOST, AUTH));
    await created(plane, api('shop', 'secrets'), dockerSecret('other', 'other.example.com', AUTH));
    await namespace('bare', { env: 'test' }, []);
    // A user who can read ServiceAccounts, and no Secrets and Namespaces.
    await created(plane, api('bare', 'serviceaccounts'), { metadata: { name: 'reader' } });
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const rules = [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] }];
    await created(plane, `${rbac}/clusterroles`, { metadata: { name: 'reader' }, rules });
    await created(plane, `${rbac}/clusterrolebindings`, {
      metadata: { name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'bare' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    });
    const tokens = `${api('bare', 'serviceaccounts')}/reader/token`;
    const issued = (await created(plane, tokens, { spec: {} })) as unknown as { status: { token: string } };
    const { token } = issued.status;
    const config = JSON.parse(readFileSync(plane.kubeconfig, 'utf8')) as {
      contexts: object[];
      clusters: object[];
      users: object[];
    };
    config.contexts.push(
      { name: 'shop', context: { cluster: 'test', user: 'admin', namespace: 'shop' } },
      { name: 'reader', context: { cluster: 'test', user: 'reader', namespace: 'shop' } },
      { name: 'expired', context: { cluster: 'test', user: 'expired', namespace: 'shop' } },
      { name: 'down', context: { cluster: 'down', user: 'admin', namespace: 'shop' } },
    );
    config.users.push(
      { name: 'reader', user: { token } },
      { name: 'expired', user: { token: `${token.slice(0, -8)}AAAAAAAA` } },
    );
    config.clusters.push({ name: 'down', cluster: { server: 'https://127.0.0.1:1' } });
    kubeconfig = file('kubeconfig', JSON.stringify(config));
    policy = file('policy.yaml', secretPolicies());
  }, 120_000);

  afterAll(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (words: readonly string[], stdin = ''): Promise<CommandResult> =>
    runCommand([...words, '--kubeconfig', kubeconfig], stdin);

  const podText = (spec: object = {}, metadata: object = {}): string =>
    JSON.stringify(pod('web', { ...spec, containers: [{ name: 'web', image: IMAGE }] }, metadata));

  async function check(manifests: string, ...more: readonly string[]): Promise<CheckReport> {
    const { out, note } = await run(['check', '-', '-p', policy, '-o', 'json', ...more], manifests);
    expect(note).toBe('');
    return JSON.parse(out) as CheckReport;
  }

  const findings = ({ findings: all }: CheckReport): readonly string[] =>
    all.map(({ rule, action, outcome }) => `${rule} ${action} ${outcome}`);

  describe('check --cluster', () => {
    test('decides rules about pull secrets, and namespaceSelector', async () => {
      expect(findings(await check(podText(), '--context', 'shop'))).toEqual(['image-digest deny violation']);
      expect(findings(await check(podText(), '-n', 'bare'))).toEqual(['pull-secret-coverage deny violation']);
      const other = podText({ imagePullSecrets: [{ name: 'other' }, { name: 'absent' }] });
      expect(findings(await check(other, '--context', 'shop'))).toEqual([
        'pull-secret-usable deny violation',
        'pull-secret-coverage deny violation',
        'image-digest deny violation',
      ]);
    });

    test('counts the objects by their source; those of the input files come first', async () => {
      const without = {
        ...dockerSecret('regcred', 'elsewhere.example.com', AUTH),
        metadata: { name: 'regcred' },
      };
      const manifests = `${podText()}\n---\n${JSON.stringify(without)}`;
      const report = await check(manifests, '--context', 'shop');
      expect(findings(report)).toEqual(['pull-secret-coverage deny violation', 'image-digest deny violation']);
      expect(report.cluster).toEqual({
        server: plane.url,
        namespace: 'shop',
        fromCluster: { secrets: 0, serviceAccounts: 1, namespaces: 1 },
        fromInput: { secrets: 1, serviceAccounts: 0, namespaces: 0 },
        unknown: 0,
      });
      const { out } = await run(['check', '-', '-p', policy, '--context', 'shop'], manifests);
      expect(out).toContain(
        `cluster objects: 1 ServiceAccount, 1 Namespace from "${plane.url}"; 1 Secret from the input files\n`,
      );
    });

    test('is unknown without a permission, and names it', async () => {
      const { out, note } = await run(['check', '-', '-p', policy, '-o', 'json', '--context', 'reader'], podText());
      const report = JSON.parse(out) as CheckReport;
      expect(note).toBe('');
      expect(report.findings.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
      const messages = report.findings.map(({ message }) => message).join('\n');
      expect(messages).toContain('grant get on secrets with a Role in that namespace');
      expect(messages).toMatch(/grant get on namespaces with a ClusterRole/);
      expect(report.cluster).toMatchObject({ unknown: 2 });
    });

    test.each([
      ['shpo', /has no context "shpo"/],
      ['expired', /rejects the credentials of the kubeconfig \(HTTP 401\); log in again/],
      ['down', /https:\/\/127\.0\.0\.1:1/],
    ])('ends with 2 with the context %s', async (context, message) => {
      const { code, out, note } = await run(['check', '-', '-p', policy, '--context', context], podText());
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(note).toMatch(message);
    });
  });

  describe('explain credentials --cluster', () => {
    test('lists those of new Pods in a namespace', async () => {
      const { code, out, note } = await run(['explain', 'credentials', IMAGE, '--context', 'shop']);
      expect({ code, note }).toEqual({ code: 0, note: '' });
      expect(out).toBe(`"registry.example.com/shop/web:1"
  looked up as  registry.example.com/shop/web
  pull secrets  of ServiceAccount "shop/default": "regcred"
  the kubelet tries these credentials in order until a pull succeeds
    1. user "ci", from entry "registry.example.com" of pull secret "regcred"
    then the node's own credentials
`);
    });

    test('of a ServiceAccount without pull secrets, or one that does not exist', async () => {
      const bare = await run(['explain', 'credentials', IMAGE, '-n', 'bare', '--service-account', 'reader']);
      expect(bare).toMatchObject({
        code: 1,
        out: expect.stringContaining('ServiceAccount "bare/reader": no pull secrets'),
      });
      const absent = await run(['explain', 'credentials', IMAGE, '-n', 'bare', '--service-account', 'absent']);
      expect(absent).toEqual({ code: 2, out: '', note: `ServiceAccount "bare/absent" not found in "${plane.url}"\n` });
    });

    test('is unknown without a permission', async () => {
      const { code, out } = await run(['explain', 'credentials', IMAGE, '--context', 'reader']);
      expect(code).toBe(2);
      expect(out).toContain('cannot determine which credentials the kubelet has');
      expect(out).toContain('grant get on secrets');
    });

    test('and --pull-secret exclude each other', async () => {
      const { code, note } = await run(['explain', 'credentials', IMAGE, '--pull-secret', policy]);
      expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining('use either --pull-secret') });
    });
  });

  describe('init --cluster', () => {
    const before = process.cwd();
    let own = '';
    beforeEach(() => {
      own = mkdtempSync(path.join(folder, 'init-'));
      process.chdir(own);
    });
    afterEach(() => process.chdir(before));

    test('writes a policy that denies nothing that runs, and its tests pass', async () => {
      await created(plane, '/api/v1/namespaces', { metadata: { name: 'running' } });
      const spec = { containers: [{ name: 'web', image: IMAGE }] };
      const template = { metadata: { labels: { app: 'web' } }, spec };
      const deployments = '/apis/apps/v1/namespaces/running/deployments';
      const live = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } }, template } };
      await created(plane, deployments, live);
      const name = await vi.waitFor(async () => {
        const { items } = (await plane.request('GET', api('running', 'pods'))).body as PodList;
        return items.find(({ metadata }) => metadata.generateName?.startsWith('web-'))?.metadata.name ?? expect.fail();
      }, 20_000);
      // Only the Pod has this container, as with those that webhooks add.
      const debug = { ephemeralContainers: [{ name: 'debug', image: 'ghcr.io/acme/debug:1' }] };
      const patched = await plane.request('PATCH', `${api('running', 'pods')}/${name}/ephemeralcontainers`, {
        spec: debug,
      });
      expect(patched).toMatchObject({ status: 200 });
      expect(await run(['init', '--cluster'])).toMatchObject({ code: 0, note: '' });
      const written = readFileSync('policies/images.yaml', 'utf8');
      expect(written).toContain(
        "allow:\n          # 2 images\n          - 'registry.example.com/**'\n          # 1 image\n          - 'ghcr.io/acme/**'\n",
      );
      for (const list of [deployments, api('running', 'pods'), '/apis/apps/v1/namespaces/running/replicasets']) {
        const { body } = await plane.request('GET', list);
        const { out } = await runCommand(['check', '-', '-p', 'policies/', '-o', 'json'], JSON.stringify(body));
        expect((JSON.parse(out) as CheckReport).summary).toMatchObject({ denied: 0, errors: 0 });
      }
      expect(await runCommand(['test', 'policy-tests/'])).toMatchObject({ code: 0 });
    });

    test('names all missing permissions, and writes nothing', async () => {
      const { code, out, note } = await run(['init', '--context', 'reader', '--pre-commit']);
      expect({ code, out, files: readdirSync('.') }).toEqual({ code: 2, out: '', files: [] });
      expect(note).toMatch(
        /^you cannot list pods, podtemplates, .*, cronjobs\.batch \(HTTP 403\): grant list on pods, .* with a ClusterRole\n$/,
      );
    });
  });

  test('explain image --cluster tries the credential of the namespace', async () => {
    const config = file('config.yaml', 'registryAccess: listed\n');
    const { out } = await run(['explain', 'image', IMAGE, '--context', 'shop', '-c', config, '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject({
      valid: true,
      pull: { resolved: 'unknown', failure: { cause: 'blocked' } },
    });
  });

  test('explain pod FILE --cluster shows the credentials of the namespace', async () => {
    const { code, out } = await run(['explain', 'pod', '-', '--context', 'shop'], podText());
    expect(code).toBe(0);
    expect(out).toContain('secrets  regcred (from ServiceAccount default)');
    expect(out).toContain('regcred > registry.example.com (user ci)');
  });

  test.each([
    ['Pods of the namespace', ['explain', 'pod', '-n', 'bare', ''], ['reader-1', ':0']],
    ['Pods of the namespace of the context', ['explain', 'pod', '--context', 'shop', ''], [':0']],
    ['namespaces', ['check', '-n', 's'], ['shop', ':4']],
    ['ServiceAccounts', ['explain', 'credentials', '-n', 'bare', '--service-account', 'r'], ['reader', ':4']],
    ['nothing without a permission', ['explain', 'pod', '--context', 'reader', ''], [':0']],
    ['nothing with an expired login', ['explain', 'pod', '--context', 'expired', ''], [':0']],
    ['nothing if the server is down', ['explain', 'pod', '--context', 'down', ''], [':0']],
  ])('completion has %s', async (_what, words, expected) => {
    const spec = { containers: [{ name: 'web', image: IMAGE }], serviceAccountName: 'reader' };
    await plane.request('POST', api('bare', 'pods'), pod('reader-1', spec));
    const [command = '', ...rest] = words;
    const { code, out, note } = await runCommand(['complete', '--', command, ...subcommandFirst(rest)]);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(out.trimEnd().replaceAll('\t', '').split('\n')).toEqual(expected);
  });

  /** Options come after the name of a subcommand. */
  function subcommandFirst([first = '', ...rest]: readonly string[]): readonly string[] {
    const option = ['--kubeconfig', kubeconfig];
    return first.startsWith('-') ? [...option, first, ...rest] : [first, ...option, ...rest];
  }
});
