// `serve` outside of a real cluster, with the token of a ServiceAccount: pull secrets, ServiceAccounts, and labels of namespaces.
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { kubeconfigFor } from '../support/api-client.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { createNamespace, pathOf, pinned, pod, podOf, type KubernetesObject } from './objects.ts';
import { byUrl, defaultConfigurations, register, untilEffective } from './registration.ts';
import { secretPolicies } from './secret-policies.ts';
import { buildMissing, prepareServers, type ServerProcess, type ServerProcesses } from './server-processes.ts';

vi.setConfig({ testTimeout: 60_000 });

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const USER = { kind: 'ServiceAccount', name: 'tidewaiter', namespace: 'tidewaiter' };

describeWith(assetsMissing ?? buildMissing, 'serve with the objects of a real cluster', () => {
  let plane: ControlPlane;
  let servers: ServerProcesses;
  let server: ServerProcess;

  async function send(method: string, path: string, body?: object): Promise<Reply> {
    const reply = await plane.request(method, path, body);
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply;
  }

  const grant = (path: string, kind: string, rules: readonly object[]): Promise<unknown> =>
    Promise.all([
      send('POST', `${RBAC}/${path}${kind.toLowerCase()}s`, { kind, metadata: { name: 'tidewaiter' }, rules }),
      send('POST', `${RBAC}/${path}${kind.toLowerCase()}bindings`, {
        kind: `${kind}Binding`,
        metadata: { name: 'tidewaiter' },
        subjects: [USER],
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'tidewaiter' },
      }),
    ]);

  /** A namespace in which a Role lets tidewaiter read Secrets and ServiceAccounts. */
  async function namespace(name: string): Promise<string> {
    await createNamespace(plane, name);
    const rules = [{ apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] }];
    await grant(`namespaces/${name}/`, 'Role', rules);
    return name;
  }

  function secret(name: string, registry: string, type = 'kubernetes.io/dockerconfigjson'): KubernetesObject {
    const config = JSON.stringify({ auths: { [registry]: { username: 'ci', password: 'hush-hush' } } });
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      type,
      stringData: { '.dockerconfigjson': config },
    };
  }

  const putSecret = (where: string, object: KubernetesObject): Promise<unknown> =>
    send('POST', `/api/v1/namespaces/${where}/secrets`, object);

  /** A Deployment whose template has this spec beside its container. */
  function deployment(name: string, spec: object, image = 'registry.example.com/shop/web:1'): KubernetesObject {
    const labels = { app: name };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { ...spec, containers: [{ name: 'main', image }] } },
      },
    };
  }

  /** `201`, or the message of the denial; then the warnings. */
  async function create(where: string, object: KubernetesObject): Promise<readonly string[]> {
    const { status, body, warnings } = await plane.request('POST', pathOf(object, where), object);
    return [status === 201 ? '201' : (body as { readonly message: string }).message, ...warnings];
  }

  const PULL = { imagePullSecrets: [{ name: 'pull' }] };

  async function ready(): Promise<string> {
    return new Promise((resolve, reject) => {
      get(`${server.url}/readyz`, { rejectUnauthorized: false }, (response) => {
        text(response).then((body) => resolve(`${response.statusCode} ${body.trim()}`), reject);
      }).once('error', reject);
    });
  }

  beforeAll(async () => {
    plane = await startControlPlane();
    await createNamespace(plane, 'tidewaiter');
    await send('POST', '/api/v1/namespaces/tidewaiter/serviceaccounts', { metadata: { name: 'tidewaiter' } });
    await grant('', 'ClusterRole', [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] }]);
    const { body } = await send('POST', '/api/v1/namespaces/tidewaiter/serviceaccounts/tidewaiter/token', { spec: {} });
    const { token } = (body as { readonly status: { readonly token: string } }).status;
    servers = prepareServers();
    const [kubeconfig, policies] = [join(servers.folder, 'kubeconfig'), join(servers.folder, 'policies.yaml')];
    writeFileSync(kubeconfig, kubeconfigFor(plane.url, { token }, plane.ca));
    writeFileSync(policies, secretPolicies("{namespaces: ['secret-*']}"));
    server = await servers.start(0, ['--kubeconfig', kubeconfig, '--policy', policies]);
    for (let answer = ''; answer !== '200 ok'; answer = await ready());
    const target = { url: server.url, caBundle: servers.caBundle() };
    for (const configuration of defaultConfigurations()) await register(plane, byUrl(configuration, target));
    await createNamespace(plane, 'probe');
    await untilEffective(
      'the webhook',
      () => plane.request('POST', '/api/v1/namespaces/probe/pods?dryRun=All', podOf('probe', pinned)),
      () => server.log.some(({ endpoint }) => endpoint === 'validate'),
    );
  }, 120_000);

  afterAll(async () => {
    await plane?.stop();
    await servers?.close();
  });

  describe('a Deployment with a pull secret', () => {
    test('is denied until the Secret exists, and allowed a moment later', async () => {
      const where = await namespace('secret-missing');
      const [denied] = await create(where, deployment('a', PULL));
      expect(denied).toContain('pull secret "pull" does not exist in namespace "secret-missing"');
      await putSecret(where, secret('pull', 'registry.example.com'));
      expect(await create(where, deployment('a', PULL))).toEqual(['201']);
    });

    test('is allowed when one kubectl apply creates the Secret, too', async () => {
      const where = await namespace('secret-apply');
      const [denied] = await create(where, deployment('a', PULL));
      expect(denied).toContain('does not exist');
      for (let index = 0; index < 3; index++) {
        const name = `pull-${index}`;
        const objects = [
          secret(name, 'registry.example.com'),
          deployment(`a-${index}`, { imagePullSecrets: [{ name }] }),
        ];
        const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
        const { code, stderr } = await plane.kubectl(['apply', '-n', where, '-f', '-'], list);
        expect([code, stderr]).toEqual([0, '']);
      }
    });

    test('is denied if the Secret has another type, and allowed when it is replaced', async () => {
      const where = await namespace('secret-type');
      await putSecret(where, secret('pull', 'registry.example.com', 'Opaque'));
      const [denied] = await create(where, deployment('a', PULL));
      expect(denied).toContain('pull secret "pull" has type "Opaque", which the kubelet ignores');
      await send('DELETE', `/api/v1/namespaces/${where}/secrets/pull`);
      await putSecret(where, secret('pull', 'registry.example.com'));
      expect(await create(where, deployment('a', PULL))).toEqual(['201']);
    });

    test('does not use a Secret of another namespace', async () => {
      const [where, other] = [await namespace('secret-own'), await namespace('secret-other')];
      await putSecret(other, secret('pull', 'registry.example.com'));
      expect(await create(other, deployment('a', PULL))).toEqual(['201']);
      const [denied] = await create(where, deployment('a', PULL));
      expect(denied).toContain('pull secret "pull" does not exist in namespace "secret-own"');
    });

    test('uses a Secret that was rotated a moment before', async () => {
      const where = await namespace('secret-rotated');
      await putSecret(where, secret('pull', 'registry.example.com'));
      expect(await create(where, deployment('a', PULL))).toEqual(['201']);
      const { stringData } = secret('pull', 'new.example.com');
      await send('PATCH', `/api/v1/namespaces/${where}/secrets/pull`, { stringData });
      expect(await create(where, deployment('b', PULL, 'new.example.com/web:1'))).toEqual(['201']);
      const [denied] = await create(where, deployment('c', PULL));
      expect(denied).toContain('registry.example.com');
    });

    test('is unknown, with the missing rule, in a namespace without the Role', async () => {
      await createNamespace(plane, 'secret-forbidden');
      await putSecret('secret-forbidden', secret('pull', 'registry.example.com'));
      const [status, ...warnings] = await create('secret-forbidden', deployment('a', PULL));
      expect(status).toBe('201');
      expect(warnings.join('\n')).toContain(
        'tidewaiter cannot get secrets in namespace "secret-forbidden" (HTTP 403): grant get on secrets with a Role',
      );
      expect(warnings.join('\n')).not.toContain('hush');
    });
  });

  describe('the pull secrets of a ServiceAccount', () => {
    const ACCOUNT = { serviceAccountName: 'builder' };
    const account = (names: readonly string[]): object => ({ imagePullSecrets: names.map((name) => ({ name })) });

    test('apply to Deployments and to Pods as the admission plugin adds them', async () => {
      const where = await namespace('secret-account');
      const accounts = `/api/v1/namespaces/${where}/serviceaccounts`;
      await putSecret(where, secret('pull', 'registry.example.com'));
      const [status, ...warnings] = await create(where, deployment('early', ACCOUNT));
      expect([status, warnings.join('\n')]).toEqual(['201', expect.stringContaining('ServiceAccount "builder"')]);
      await send('POST', accounts, { metadata: { name: 'builder' } });
      const [empty] = await create(where, deployment('a', ACCOUNT));
      expect(empty).toContain('registry.example.com');
      await send('PATCH', `${accounts}/builder`, account(['pull']));
      expect(await create(where, deployment('a', ACCOUNT))).toEqual(['201']);
      const containers = [{ name: 'main', image: 'registry.example.com/shop/web:1' }];
      expect(await create(where, pod('a', { ...ACCOUNT, containers }))).toEqual(['201']);
      const own = { ...ACCOUNT, imagePullSecrets: [{ name: 'other' }] };
      const [listed] = await create(where, deployment('b', own));
      expect(listed).toContain('pull secret "other" does not exist');
    });

    test('apply to the ServiceAccount default', async () => {
      const where = await namespace('secret-default');
      await putSecret(where, secret('pull', 'registry.example.com'));
      await send('PATCH', `/api/v1/namespaces/${where}/serviceaccounts/default`, account(['pull']));
      expect(await create(where, deployment('a', {}))).toEqual(['201']);
    });
  });

  describe('a policy with a namespaceSelector', () => {
    const tagged = (name: string): KubernetesObject => podOf(name, 'registry.example.com/shop/web:1');

    test('denies in one namespace and not in the next, and follows a changed label', async () => {
      await createNamespace(plane, 'label-dev');
      await createNamespace(plane, 'label-prod');
      await send('PATCH', '/api/v1/namespaces/label-prod', { metadata: { labels: { env: 'prod' } } });
      await vi.waitFor(async () => expect((await create('label-prod', tagged('a')))[0]).toContain('image-digest'), {
        timeout: 2000,
      });
      expect(await create('label-dev', tagged('a'))).toEqual(['201']);
      await send('PATCH', '/api/v1/namespaces/label-dev', { metadata: { labels: { env: 'prod' } } });
      await send('PATCH', '/api/v1/namespaces/label-prod', { metadata: { labels: { env: null } } });
      await vi.waitFor(async () => expect((await create('label-dev', tagged('b')))[0]).toContain('image-digest'), {
        timeout: 2000,
      });
      await vi.waitFor(async () => expect(await create('label-prod', tagged('b'))).toEqual(['201']), { timeout: 2000 });
    });

    test('denies in a namespace that was created a moment before', async () => {
      for (let index = 0; index < 5; index++) {
        const name = `label-new-${index}`;
        await send('POST', '/api/v1/namespaces', { metadata: { name, labels: { env: 'prod' } } });
        expect((await create(name, deployment('a', {})))[0]).toContain('image-digest');
      }
    });
  });
});
