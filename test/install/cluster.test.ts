/**
 * Each way to install, on a real API server, and each way to remove it: afterward, a Pod can be created even in a namespace whose
 * reviews fail closed. There is no kubelet, so the test runs the server of the Deployment, and no network, so it registers its URL.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { helmMissing, pathOf as programOf, type Program } from '../chart/assets.ts';
import { assetsMissing } from '../cluster/assets.ts';
import { createAuthority, type Authority } from '../cluster/certificates.ts';
import type { Reply } from '../cluster/connection.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { createNamespace, podOf } from '../cluster/objects.ts';
import {
  createDefinitions,
  CUSTOM_KINDS,
  CUSTOM_REVIEWS,
  customFiles,
  customObject,
  definition,
  FLEETS,
  WIDGETS,
} from './custom-resources.ts';
import { byUrl, type Configuration, configurationsIn, untilEffective, type Webhook } from '../cluster/registration.ts';
import { buildMissing, prepareServers, type ServerProcess, type ServerProcesses } from '../cluster/server-processes.ts';
import { ROOT } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

vi.setConfig({ testTimeout: 120_000 });

const INSTALL = join(ROOT, 'manifests/install');
const FORMER = join(import.meta.dirname, 'former-manifests');
const CHART = join(ROOT, 'manifests/chart');
const CONFIGURATIONS = ['validating', 'mutating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/tidewaiter`,
);

/** As cert-manager's, without its schemas and its controllers. */
const CERT_MANAGER = ['Issuer', 'Certificate'].map((kind) => definition('cert-manager.io', kind));

describeWith(assetsMissing ?? kubectlMissing ?? helmMissing ?? buildMissing, 'on a real API server', () => {
  let plane: ControlPlane;
  let servers: ServerProcesses;
  let authority: Authority;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewaiter-install-'));
    servers = prepareServers();
    authority = await createAuthority();
    plane = await startControlPlane();
    await createNamespace(plane, 'shop');
    await createNamespace(plane, 'pay');
    const closed = { metadata: { labels: { 'tidewaiter.dev/fail': 'closed' } } };
    await plane.request('PATCH', '/api/v1/namespaces/pay', closed);
    await createDefinitions(plane, CERT_MANAGER);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Also after a test that failed. */
  afterEach(async () => {
    await tidewaiter('uninstall');
    await plane.kubectl(['delete', 'namespace', 'tidewaiter', '--ignore-not-found']);
  }, 120_000);

  async function kubectl(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await plane.kubectl(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }

  async function helm(program: Program, ...args: readonly string[]): Promise<string> {
    const home = join(folder, program);
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      KUBECONFIG: plane.kubeconfig,
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
    };
    const { stdout } = await promisify(execFile)(programOf(program), args, { env });
    return stdout;
  }

  const createPod = async (namespace: string, name: string, image = 'nginx'): Promise<Reply> =>
    plane.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, podOf(name, image));

  /** The kubeconfig of the ServiceAccount of the Deployment. */
  async function serviceAccount(): Promise<string> {
    const { status, body } = await plane.request(
      'POST',
      '/api/v1/namespaces/tidewaiter/serviceaccounts/tidewaiter/token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    );
    expect(status).toBe(201);
    const { token } = (body as { readonly status: { readonly token: string } }).status;
    return writeKubeconfig(mkdtempSync(join(folder, 'account-')), plane, token);
  }

  /** Runs the server as the Deployment would: with its ConfigMaps, its ServiceAccount, and a certificate as files. */
  async function runDeployed(): Promise<ServerProcess> {
    const get = async (path: string): Promise<Record<string, unknown>> =>
      (await plane.request('GET', path)).body as Record<string, unknown>;
    const { spec } = (await get('/apis/apps/v1/namespaces/tidewaiter/deployments/tidewaiter')) as unknown as Deployment;
    const { containers, volumes } = spec.template.spec;
    const root = mkdtempSync(join(folder, 'pod-'));
    const { cert, key } = await authority.serverCertificate(['127.0.0.1', 'tidewaiter.tidewaiter.svc']);
    for (const { name, mountPath } of containers[0].volumeMounts) {
      const directory = join(root, mountPath);
      mkdirSync(directory, { recursive: true });
      const { configMap } = volumes.find((volume) => volume.name === name) ?? {};
      const path = `/api/v1/namespaces/tidewaiter/configmaps/${configMap?.name}`;
      const files =
        configMap === undefined
          ? { 'tls.crt': cert, 'tls.key': key }
          : ((await get(path))['data'] as Record<string, string>);
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), onThisMachine(text, root));
    }
    const [command, ...flags] = containers[0].args;
    expect(command).toBe('serve');
    const isAutomounted = spec.template.spec.automountServiceAccountToken;
    const cluster = isAutomounted ? ['--kubeconfig', await serviceAccount()] : [];
    return servers.startWith([...flags.map((flag) => onThisMachine(flag, root)), ...cluster]);
  }

  /** The first CA in caBundle of each webhook. */
  async function trusted(): Promise<readonly string[]> {
    const { body } = await plane.request('GET', CONFIGURATIONS[0] ?? '');
    const { webhooks = [] } = body as Partial<Configuration>;
    return webhooks.length === 0 ? [''] : webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '');
  }

  const onThisMachine = (text: string, root: string): string =>
    text
      .replaceAll('/etc/', `${root}/etc/`)
      .replace('0.0.0.0:8443', '127.0.0.1:0')
      .replace('operationsPort: 8080', 'operationsPort: 0');

  const caBundle = (): string => Buffer.from(authority.cert).toString('base64');

  /** As the network and cert-manager would; a server that manages its certificate has already set the CA. */
  async function connect({ url }: ServerProcess): Promise<void> {
    await eachWebhook(({ service, caBundle: own = caBundle() }) => ({ url: `${url}${service?.path}`, caBundle: own }));
  }

  /** As the chart and cert-manager would have it. */
  async function disconnect(): Promise<void> {
    const service = { namespace: 'tidewaiter', name: 'tidewaiter', port: 443 };
    await eachWebhook(({ url = '', ...own }) => ({ ...own, service: { ...service, path: new URL(url).pathname } }));
  }

  async function eachWebhook(change: (before: Webhook['clientConfig']) => Webhook['clientConfig']): Promise<void> {
    for (const path of CONFIGURATIONS) {
      const { status, body } = await plane.request('GET', path);
      if (status === 404) continue;
      const { webhooks = [] } = body as Partial<Configuration>;
      const patch = webhooks.map(({ clientConfig }, index) => ({
        op: 'replace',
        path: `/webhooks/${index}/clientConfig`,
        value: change(clientConfig),
      }));
      expect(await plane.request('PATCH', path, patch)).toMatchObject({ status: 200 });
    }
  }

  /** The server has set its CA in the configurations, and it stays when they are applied again. */
  async function keepsTrust(again: () => Promise<unknown>): Promise<void> {
    await vi.waitFor(async () => expect((await trusted()).filter((bundle) => bundle === '')).toEqual([]), {
      timeout: 20_000,
      interval: 100,
    });
    const before = await trusted();
    await again();
    expect(await trusted()).toEqual(before);
  }

  /** The server reviews Pods; without it, each namespace fails as it chose. */
  async function reviewsAndFails(again: () => Promise<unknown> = async () => undefined): Promise<void> {
    const server = await runDeployed();
    await again();
    await connect(server);
    for (const namespace of ['shop', 'pay']) {
      await untilEffective(
        `the webhook in ${namespace}`,
        async () => createPod(namespace, 'web'),
        ({ status }) => status === 403,
      );
      expect(await createPod(namespace, 'web', 'nginx:1.27')).toMatchObject({ status: 201 });
    }
    await server.stop();
    expect(await createPod('shop', 'web')).toMatchObject({ status: 201 });
    const { status, body } = await createPod('pay', 'web');
    expect({ status, body }).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/failed calling webhook "closed\.(validate|mutate)\.tidewaiter\.dev"/) },
    });
    await controllersCreateServers();
    expect(await createPod('kube-system', 'web')).toMatchObject({ status: 201 });
  }

  /** The Deployment's controllers create Pods of the server itself while no server runs. */
  async function controllersCreateServers(): Promise<void> {
    const pods = '/api/v1/namespaces/tidewaiter/pods';
    await plane.request('DELETE', pods);
    await vi.waitFor(
      async () => {
        const { body } = await plane.request('GET', pods);
        const { items } = body as { items: readonly { readonly metadata: { readonly deletionTimestamp?: string } }[] };
        expect(items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length).toBeGreaterThan(0);
      },
      { timeout: 30_000, interval: 100 },
    );
  }

  /** Without a server, although rules for everything are added. */
  async function sparesWhatClustersNeed(): Promise<void> {
    const all = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'], scope: '*' };
    const patch = [0, 1].map((index) => ({ op: 'add', path: `/webhooks/${index}/rules/-`, value: all }));
    expect(await plane.request('PATCH', CONFIGURATIONS[0] ?? '', patch)).toMatchObject({ status: 200 });
    const dryRun = async (path: string): Promise<Reply> =>
      plane.request('POST', `${path}?dryRun=All`, { metadata: { name: 'any' } });
    await untilEffective(
      'the rule for everything',
      async () => dryRun('/api/v1/namespaces/shop/configmaps'),
      ({ status }) => status === 500,
    );
    const leases = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
    for (const path of [leases, '/api/v1/nodes', '/api/v1/namespaces/kube-system/configmaps']) {
      expect(await dryRun(path)).toMatchObject({ status: 201 });
    }
  }

  /** Nothing calls a server that is gone. */
  async function isGone(): Promise<void> {
    for (const path of CONFIGURATIONS) expect((await plane.request('GET', path)).status).toBe(404);
    await untilEffective(
      'the removal',
      async () => createPod('pay', 'web'),
      ({ status }) => status === 201,
    );
  }

  async function tidewaiter(...argv: readonly string[]): Promise<string> {
    const { code, out, note } = await runCommand([...argv, '--kubeconfig', plane.kubeconfig]);
    expect({ code, note: code === 0 ? '' : note }).toEqual({ code: 0, note: '' });
    return out;
  }

  async function applyManifests(...flags: readonly string[]): Promise<void> {
    const { out } = await runCommand(['manifests', ...flags]);
    const { code, stderr } = await plane.kubectl(['apply', '-f', '-'], out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }

  test('kubectl apply -k, then kubectl delete -k', async () => {
    await kubectl('apply', '-k', INSTALL);
    await reviewsAndFails(async () => keepsTrust(async () => kubectl('apply', '-k', INSTALL)));
    await kubectl('delete', '-k', INSTALL);
    await isGone();
    await vi.waitFor(
      async () => expect((await plane.request('GET', '/api/v1/namespaces/tidewaiter')).status).toBe(404),
      { timeout: 60_000, interval: 250 },
    );
  });

  test.each(['helm3', 'helm4'] as const)('%s install, upgrade, uninstall', async (program) => {
    const options = ['tidewaiter', CHART, '--namespace', 'tidewaiter'];
    const notes = await helm(program, 'install', ...options, '--create-namespace');
    expect(notes).toContain('kubectl label namespace NAME tidewaiter.dev/fail=closed');
    await reviewsAndFails(async () =>
      keepsTrust(async () => helm(program, 'upgrade', ...options, '--set', 'replicas=3')),
    );
    await disconnect();
    // With cert-manager instead, which writes caBundle itself.
    await helm(program, 'upgrade', ...options, '--set', 'tls.mode=cert-manager');
    await keepsTrust(async () => helm(program, 'upgrade', ...options, '--set', 'tls.mode=cert-manager,replicas=3'));
    await helm(program, 'uninstall', 'tidewaiter', '--namespace', 'tidewaiter');
    await isGone();
  });

  test('manifests, then uninstall, which leaves nothing but the namespace', async () => {
    const policies = join(ROOT, 'manifests/policies/examples/pin.yaml');
    await applyManifests('--tls', 'cert-manager', '-p', policies, '-p', join(ROOT, 'manifests/policies/baseline.yaml'));
    await reviewsAndFails();
    const planned = await tidewaiter('uninstall', '--dry-run');
    expect(planned.split('\n').slice(0, 2)).toEqual([
      'ValidatingWebhookConfiguration tidewaiter would be removed',
      'MutatingWebhookConfiguration tidewaiter would be removed',
    ]);
    expect(await tidewaiter('uninstall')).toBe(planned.replaceAll('would be removed', 'removed'));
    await isGone();
    const all = await plane.kubectl([
      'get',
      'clusterroles,clusterrolebindings,all,configmaps,secrets,networkpolicies,serviceaccounts,certificates,issuers',
      '--namespace=tidewaiter',
      '--selector=app.kubernetes.io/part-of=tidewaiter',
      '--ignore-not-found',
      '--output=name',
    ]);
    // Its Pods and ReplicaSets are removed with the Deployment, by the garbage collector.
    expect(all.stdout.split('\n').filter((line) => !/^(pod|replicaset)/.test(line))).toEqual(['']);
    expect(await tidewaiter('uninstall')).toBe('');
  });

  const namesIn = async (path: string): Promise<readonly string[]> => {
    const { webhooks = [] } = (await plane.request('GET', path)).body as Partial<Configuration>;
    return webhooks.map(({ name }) => name);
  };

  /** There is no network to the Service, so API servers cannot reach the server, as if it was gone. */
  const isLocked = async (): Promise<Reply> =>
    untilEffective(
      'the webhook',
      async () => createPod('shop', 'web'),
      ({ status }) => status === 500,
    );

  test('nothing is rejected before a server has registered itself, and everything if it is gone, with fail closed', async () => {
    await applyManifests('--fail', 'closed');
    for (const namespace of ['shop', 'pay', 'kube-system']) {
      expect(await createPod(namespace, 'web')).toMatchObject({ status: 201 });
    }
    expect(await namesIn(CONFIGURATIONS[0] ?? '')).toEqual([]);
    const server = await runDeployed();
    await isLocked();
    expect(await namesIn(CONFIGURATIONS[0] ?? '')).toEqual(['open.validate.tidewaiter.dev', 'validate.tidewaiter.dev']);
    await connect(server);
    await untilEffective(
      'the review',
      async () => createPod('shop', 'web'),
      ({ status }) => status === 403,
    );
    await server.stop();
    expect(await createPod('shop', 'web', 'nginx:1.27')).toMatchObject({ status: 500 });
    await controllersCreateServers();
  });

  test.each<readonly [what: string, flags: readonly string[]]>([
    ['that registers itself', []],
    ['with a generated certificate and webhooks in the manifests', ['--registration', 'external']],
    ['with your certificate', ['--tls', 'files']],
  ])('the namespace first: a server %s removes its webhook configurations', async (_what, flags) => {
    await applyManifests('--fail', 'closed', ...flags);
    const server = await runDeployed();
    await isLocked();
    await kubectl('delete', 'namespace', 'tidewaiter');
    await isGone();
    expect(server.log.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(
        ['Validating', 'Mutating'].map(
          (kind) => `deleted ${kind}WebhookConfiguration "tidewaiter", because namespace "tidewaiter" is being deleted`,
        ),
      ),
    );
    expect(await server.stop()).toBe(0);
  });

  test('the namespace first, while two servers stop', async () => {
    await applyManifests('--fail', 'closed');
    const running = await Promise.all([runDeployed(), runDeployed()]);
    await isLocked();
    await plane.request('DELETE', '/api/v1/namespaces/tidewaiter');
    expect(await Promise.all(running.map((server) => server.stop()))).toEqual([0, 0]);
    await isGone();
    const warnings = running.flatMap(({ log }) => log.filter(({ level }) => level === 'warn' || level === 'error'));
    expect(warnings.filter(({ msg }) => String(msg).includes('may remain'))).toEqual([]);
  });

  test('a rollout, a scale-down, an eviction, a deleted Pod, and a crash remove nothing', async () => {
    await applyManifests('--fail', 'closed');
    const running = await Promise.all([runDeployed(), runDeployed(), runDeployed()]);
    await isLocked();
    const [stopped, killed, left] = running;
    const pods = '/api/v1/namespaces/tidewaiter/pods';
    const { items } = (await plane.request('GET', pods)).body as {
      items: readonly { readonly metadata: { readonly name: string; readonly namespace: string } }[];
    };
    for (const { metadata } of items) {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
      await plane.request('POST', `${pods}/${metadata.name}/eviction`, eviction);
    }
    await kubectl('--namespace=tidewaiter', 'rollout', 'restart', 'deployment/tidewaiter');
    expect(await stopped?.stop()).toBe(0);
    await killed?.kill();
    await plane.request('DELETE', pods);
    await kubectl('--namespace=tidewaiter', 'scale', 'deployment/tidewaiter', '--replicas=0');
    await kubectl('--namespace=tidewaiter', 'delete', 'deployment,service,secret,configmap', '--all');
    expect(await left?.stop()).toBe(0);
    expect(await namesIn(CONFIGURATIONS[0] ?? '')).toHaveLength(2);
    expect((await plane.request('GET', CONFIGURATIONS[1] ?? '')).status).toBe(200);
    for (const { log } of running) expect(log.filter(({ msg }) => String(msg).includes('deleted'))).toEqual([]);
  });

  test('an installation that has moved to another namespace keeps its webhooks when the old namespace is deleted', async () => {
    await applyManifests('--registration', 'external');
    const old = await runDeployed();
    await applyManifests('--registration', 'external', '--namespace', 'gate');
    await kubectl('delete', 'namespace', 'tidewaiter');
    await old.stop();
    expect(await namesIn(CONFIGURATIONS[0] ?? '')).toHaveLength(2);
    // By default, from the namespace that the webhooks call.
    expect(await tidewaiter('uninstall')).toContain('Deployment gate/tidewaiter removed');
    // Nothing is left to find it by.
    expect(await tidewaiter('uninstall')).toBe('');
    await kubectl('delete', 'namespace', 'gate');
  });

  test('the namespace first while no server runs, then uninstall', async () => {
    await applyManifests('--tls', 'files', '--fail', 'closed');
    await isLocked();
    await sparesWhatClustersNeed();
    await kubectl('delete', 'namespace', 'tidewaiter');
    expect(await createPod('shop', 'web')).toMatchObject({ status: 500 });
    expect(await tidewaiter('uninstall')).toBe(
      [
        'ValidatingWebhookConfiguration tidewaiter removed',
        'MutatingWebhookConfiguration tidewaiter removed',
        'ClusterRoleBinding tidewaiter removed',
        'ClusterRole tidewaiter removed\n',
      ].join('\n'),
    );
    await isGone();
  });

  test('custom kinds and custom rules, with a server that runs from the ConfigMaps', async () => {
    const [config, policies, plugin] = customFiles(mkdtempSync(join(folder, 'custom-')));
    await createDefinitions(plane, CUSTOM_KINDS);
    await applyManifests('--tls', 'files', '-c', config, '-p', policies, '--plugin', plugin);
    const server = await runDeployed();
    await connect(server);
    const create = async (kind: string, name: string, image: string): Promise<Reply> =>
      plane.request('POST', kind === 'Fleet' ? FLEETS : WIDGETS, customObject(kind, name, image));
    await untilEffective(
      'the webhook',
      async () => create('Widget', 'probe', 'ghcr.io/shop/web:1'),
      ({ status }) => status === 403,
    );
    for (const [kind, name, image, expected] of CUSTOM_REVIEWS) {
      const { status, body } = await create(kind, name, image);
      const { message = '' } = body as { readonly message?: string };
      expect([status, message], `${kind} ${name} ${image}`).toEqual(
        expected === undefined ? [201, ''] : [403, expect.stringContaining(expected)],
      );
    }
    await server.stop();
    // The webhook for namespaces that fail closed does not review what has no namespace.
    expect(await create('Fleet', 'outage', 'ghcr.io/shop/web:1')).toMatchObject({ status: 201 });
  });

  test('an upgrade from separate server and webhook manifests fails no review', async () => {
    const { cert, key } = await authority.serverCertificate(['tidewaiter.tidewaiter.svc']);
    const data = { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') };
    await kubectl('apply', '-k', join(FORMER, 'base'));
    const secret = { metadata: { name: 'tidewaiter-tls' }, type: 'kubernetes.io/tls', data };
    await plane.request('POST', '/api/v1/namespaces/tidewaiter/secrets', secret);
    await kubectl('apply', '-k', join(FORMER, 'webhooks'));
    const before = await runDeployed();
    await connect(before);
    const fail = { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Fail' };
    for (const path of CONFIGURATIONS) await plane.request('PATCH', path, [fail]);
    await untilEffective(
      'the webhook',
      async () => createPod('shop', 'web'),
      ({ status }) => status === 403,
    );

    const load = startLoad(async () => createPod('shop', 'web', 'nginx:1.27'));
    const ca = join(folder, 'ca.crt');
    writeFileSync(ca, authority.cert);
    const { out } = await runCommand(['manifests', '--tls', 'files', '--ca', ca, '--fail', 'closed']);
    const [server, configurations] = [
      out.slice(0, out.indexOf('---\napiVersion: admissionregistration.k8s.io/v1')),
      configurationsIn(out).map((one) => ({ ...one, apiVersion: 'admissionregistration.k8s.io/v1' })),
    ];
    expect(await plane.kubectl(['apply', '-f', '-'], server)).toMatchObject({ code: 0, stderr: '' });
    const after = await runDeployed();
    for (const one of configurations) {
      const reachable = byUrl(one, { url: after.url, caBundle: caBundle() });
      expect(await plane.kubectl(['apply', '-f', '-'], JSON.stringify(reachable))).toMatchObject({
        code: 0,
        stderr: '',
      });
    }
    // As long as preStop waits.
    await delay(5000);
    await before.stop();
    await delay(500);
    const replies = await load.stop();
    expect(replies.length).toBeGreaterThan(50);
    expect(replies.filter(({ status }) => status !== 201).map(({ body }) => body)).toEqual([]);
    expect(await createPod('shop', 'web')).toMatchObject({ status: 403 });
    await after.stop();
  });
});

/** Sends one request after the other on some connections until it is stopped. */
function startLoad(send: () => Promise<Reply>): { readonly stop: () => Promise<readonly Reply[]> } {
  const replies: Reply[] = [];
  const end = new AbortController();
  const connections = [1, 2, 3, 4].map(async () => {
    while (!end.signal.aborted) replies.push(await send());
  });
  return {
    async stop() {
      end.abort();
      await Promise.all(connections);
      return replies;
    },
  };
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly args: readonly string[];
            readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
          },
        ];
        readonly automountServiceAccountToken: boolean;
        readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
  };
}
