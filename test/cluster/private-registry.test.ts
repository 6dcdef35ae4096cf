// Pull secrets of a real cluster and a real registry that requires them: the built server reads them as its ServiceAccount, with
// the roles that its policies need. Each test has a namespace of its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { runCommand } from '../support/command.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { makeImage, pushImage } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_LATER,
  HTPASSWD_USER,
  type RunningRegistry,
  startRegistry,
} from '../support/registry-process.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts';
import { createNamespace, type KubernetesObject, pathOf, workload } from './objects.ts';
import { byUrl, defaultConfigurations, register, untilEffective } from './registration.ts';
import { buildMissing, prepareServers, type ServerProcess, type ServerProcesses } from './server-processes.ts';

const namespaces = ['shop', 'wrong', 'account', 'rotated', 'bank', 'thief', 'labelled'] as const;

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

interface User {
  readonly username: string;
  readonly password: string;
}

interface WithImages {
  readonly spec: {
    readonly template?: WithImages;
    readonly containers: readonly { readonly image: string }[];
  };
}

describeWith(assetsMissing ?? dockerRegistryMissing ?? buildMissing, 'a private registry, in a real cluster', () => {
  let plane: ControlPlane;
  let etcd: DelayProxy;
  let registry: RunningRegistry;
  let servers: ServerProcesses;
  let server: ServerProcess;
  const digests = new Map<string, string>();

  const image = (tag: string): string => `${registry.host}/team/web:${tag}`;
  const pinned = (tag: string): string => `${image(tag)}@${digests.get(tag)}`;
  const send = (method: string, path: string, body?: object): Promise<Reply> => plane.request(method, path, body);

  beforeAll(async () => {
    registry = await startRegistry('docker-registry', { kind: 'htpasswd' });
    const authorization = `Basic ${btoa(`${HTPASSWD_USER.username}:${HTPASSWD_USER.password}`)}`;
    for (const [tag, created] of [
      ['1', '2026-01-02T03:04:05Z'],
      ['2', '2026-02-03T04:05:06Z'],
    ] as const) {
      const made = makeImage({ os: 'linux', architecture: 'amd64' }, created);
      await pushImage({ origin: registry.origin, repository: 'team/web', authorization }, made, tag);
      digests.set(tag, made.manifest.digest);
    }
    plane = await startControlPlane({
      etcdProxy: async (port) => {
        etcd = await startDelayProxy(port);
        return etcd.port;
      },
    });
    for (const name of ['tidewaiter', ...namespaces]) await createNamespace(plane, name);
    servers = prepareServers();
    const policies = join(servers.folder, 'policies.yaml');
    writeFileSync(policies, policiesFor(registry.host));
    const kubeconfig = writeKubeconfig(servers.folder, plane, await identityFor(plane, policies));
    const config = join(servers.folder, 'config.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        registries: [{ host: registry.host, insecure: true, allowPrivate: true }],
        nodeCredentials: {},
      }),
    );
    server = await servers.start(0, ['--config', config, '--policy', policies, '--kubeconfig', kubeconfig]);
    const target = { url: server.url, caBundle: servers.caBundle() };
    for (const configuration of defaultConfigurations()) await register(plane, byUrl(configuration, target));
    const probe = (): Promise<Reply> => create('shop', deployment('probe', '1'), '?dryRun=All');
    await untilEffective('the webhook', probe, ({ status }) => status === 403);
  }, 120_000);

  // Runs even if the start failed.
  afterAll(async () => {
    await plane?.stop();
    await etcd?.stop();
    await servers?.close();
    await registry?.stop();
  });

  const create = (namespace: string, object: KubernetesObject, query = ''): Promise<Reply> =>
    send('POST', pathOf(object, namespace) + query, object);

  function deployment(name: string, tag: string, secrets: readonly string[] = []): KubernetesObject {
    const object = workload('Deployment', name, image(tag));
    const spec = object['spec'] as { readonly template: { readonly spec: object } };
    const imagePullSecrets = secrets.map((secret) => ({ name: secret }));
    const template = { ...spec.template, spec: { ...spec.template.spec, imagePullSecrets } };
    return { ...object, spec: { ...spec, template } };
  }

  function pullSecret(name: string, { username, password }: User, key = registry.host): KubernetesObject {
    const config = JSON.stringify({ auths: { [key]: { username, password } } });
    const type = 'kubernetes.io/dockerconfigjson';
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, data: { '.dockerconfigjson': btoa(config) } };
  }

  const store = async (namespace: string, secret: KubernetesObject): Promise<void> =>
    expect(await create(namespace, secret)).toMatchObject({ status: 201 });

  /** The images of the ReplicaSets and Pods of a Deployment, once there are Pods. */
  async function rolledOut(namespace: string, name: string): Promise<readonly string[]> {
    const list = async (path: string): Promise<readonly string[]> => {
      const { body } = await send('GET', `${path}?labelSelector=app%3D${name}`);
      return (body as { readonly items: readonly WithImages[] }).items.map(imageIn);
    };
    return vi.waitFor(
      async () => {
        const pods = await list(`/api/v1/namespaces/${namespace}/pods`);
        expect(pods).not.toEqual([]);
        return [...(await list(`/apis/apps/v1/namespaces/${namespace}/replicasets`)), ...pods];
      },
      { timeout: 20_000, interval: 100 },
    );
  }

  test('pins a Deployment with a pull secret that was created a moment before, down to its Pods', async () => {
    await store('shop', pullSecret('pull', HTPASSWD_USER));
    const reply = await create('shop', deployment('web', '1', ['pull']));
    expect([reply.status, imageIn(reply.body as WithImages), reply.warnings]).toEqual([201, pinned('1'), []]);
    expect(await rolledOut('shop', 'web')).toEqual([pinned('1'), pinned('1')]);
  });

  test('denies wrong pull secrets, in the order in which the kubelet tries them', async () => {
    await store('wrong', pullSecret('general', { username: 'eve', password: 'guess-1' }));
    await store('wrong', pullSecret('other', { username: 'mallory', password: 'guess-2' }, 'registry.example.com'));
    await store('wrong', pullSecret('specific', { username: 'trudy', password: 'guess-3' }, `${registry.host}/team`));
    const reply = await create('wrong', deployment('web', '1', ['general', 'other', 'missing', 'specific']));
    const { message } = reply.body as { readonly message: string };
    expect(reply.status).toBe(403);
    expect(message).toMatch(/pull secret "specific".*\(user trudy\).*pull secret "general".*\(user eve\)/s);
    expect(message).not.toMatch(/mallory|guess/);
    for (const name of ['specific', 'general']) {
      expect(message.split('\n').filter((line) => line.split(name).length > 2)).toEqual([]);
    }
  });

  test('reads the pull secrets of a ServiceAccount, also when they were added a moment before', async () => {
    const before = await create('account', deployment('early', '1'));
    expect(before.status).toBe(403);
    await store('account', pullSecret('pull', HTPASSWD_USER));
    const account = '/api/v1/namespaces/account/serviceaccounts/default';
    expect(await send('PATCH', account, { imagePullSecrets: [{ name: 'pull' }] })).toMatchObject({ status: 200 });
    const reply = await create('account', deployment('web', '1'));
    expect([reply.status, imageIn(reply.body as WithImages)]).toEqual([201, pinned('1')]);
    expect(await rolledOut('account', 'web')).toEqual([pinned('1'), pinned('1')]);
  });

  test('never uses a pull secret of another namespace, even for an image that it has just looked up', async () => {
    await store('bank', pullSecret('pull', HTPASSWD_USER));
    expect(imageIn((await create('bank', deployment('web', '2', ['pull']))).body as WithImages)).toBe(pinned('2'));
    const reply = await create('thief', deployment('web', '2', ['pull']));
    expect(reply).toMatchObject({ status: 403, body: { message: expect.stringContaining('pull') } });
    expect(JSON.stringify([reply.body, reply.warnings])).not.toMatch(/sha256:[0-9a-f]/);
  });

  test('does not know a pull secret that etcd returns too late, and does not call it missing', async () => {
    await store('shop', pullSecret('late', HTPASSWD_USER));
    etcd.delayBy(2500);
    const reply = await create('shop', deployment('slow', '2', ['late']), '?dryRun=All');
    etcd.delayBy(0);
    const { message } = reply.body as { readonly message: string };
    expect([reply.status, message]).toEqual([
      403,
      expect.stringMatching(
        /cannot determine .*: Secret "shop\/late": the API server did not return it .*unknown -> deny\]/,
      ),
    ]);
  });

  test('reads pull secrets and labels again after a restart of the API server', async () => {
    const ask = (): Promise<Reply> => create('labelled', deployment('web', '1'), '?dryRun=All');
    expect(await ask()).toMatchObject({ status: 201 });
    await plane.restartApiServer();
    await store('shop', pullSecret('next', HTPASSWD_USER));
    const { status, body } = await create('shop', deployment('next', '2', ['next']), '?dryRun=All');
    expect([status, imageIn(body as WithImages)]).toEqual([201, pinned('2')]);
    await send('PATCH', '/api/v1/namespaces/labelled', { metadata: { labels: { tier: 'prod' } } });
    await vi.waitFor(async () => expect(await ask()).toMatchObject({ status: 403 }), { timeout: 10_000, interval: 50 });
  });

  // The last test, because the registry has another password then.
  test('reads a pull secret again that was rotated between two rollouts', async () => {
    await store('rotated', pullSecret('pull', HTPASSWD_USER));
    expect(await create('rotated', deployment('web', '1', ['pull']))).toMatchObject({ status: 201 });
    expect(await rolledOut('rotated', 'web')).toEqual([pinned('1'), pinned('1')]);
    registry.setUsers(HTPASSWD_LATER.line);
    const path = '/api/v1/namespaces/rotated/secrets/pull';
    expect(await send('PUT', path, pullSecret('pull', HTPASSWD_LATER))).toMatchObject({ status: 200 });
    const reply = await send('PATCH', '/apis/apps/v1/namespaces/rotated/deployments/web', [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image('2') },
    ]);
    expect([reply.status, imageIn(reply.body as WithImages)]).toEqual([200, pinned('2')]);
    await vi.waitFor(async () => {
      const images = await rolledOut('rotated', 'web');
      expect(new Set(images)).toEqual(new Set([pinned('1'), pinned('2')]));
    }, 20_000);
  });
});

function imageIn({ spec }: WithImages): string {
  return spec.template === undefined ? (spec.containers[0]?.image ?? '') : imageIn(spec.template);
}

function policiesFor(host: string): string {
  const policy = (name: string, spec: object): object => ({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name },
    spec,
  });
  const namespaceSelector = { matchLabels: { tier: 'prod' } };
  const all = [
    policy('private', {
      exclude: { namespaces: ['labelled'] },
      rules: [
        {
          rule: 'pull-secret-coverage',
          parameters: { images: [`${host}/**`], nodeCredentials: [], prove: true },
          onUnknown: 'deny',
        },
      ],
      pin: {},
    }),
    policy('prod', { match: { namespaces: ['labelled'], namespaceSelector }, rules: [{ rule: 'image-digest' }] }),
  ];
  return all.map((object) => JSON.stringify(object)).join('\n---\n');
}

/** Creates the ServiceAccount of the server with the roles that its policies need, and returns a token. */
async function identityFor(plane: ControlPlane, policies: string): Promise<string> {
  const { out, note } = await runCommand(['manifests', 'rbac', '--policy', policies]);
  const roles = parseDocuments(out).flatMap((document) => (document.ok ? [document.value as KubernetesObject] : []));
  expect([...roles.map(({ kind }) => kind), note]).toEqual(['ClusterRole', 'ClusterRoleBinding', '']);
  for (const role of roles) {
    const list = `/apis/${role.apiVersion}/${role.kind.toLowerCase()}s`;
    expect(await plane.request('POST', list, role)).toMatchObject({ status: 201 });
  }
  const accounts = '/api/v1/namespaces/tidewaiter/serviceaccounts';
  await plane.request('POST', accounts, { metadata: { name: 'tidewaiter' } });
  const { body } = await plane.request('POST', `${accounts}/tidewaiter/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  return (body as { readonly status: { readonly token: string } }).status.token;
}
