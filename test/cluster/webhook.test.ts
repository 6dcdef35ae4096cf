// The built server, registered with a real API server as the manifests say: what users and controllers get to see.
import { describe, expect, test, vi } from 'vitest';

import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { auditAnnotations } from './audit.ts';
import type { Reply } from './connection.ts';
import { decisionsOf } from './webhook-and-check.ts';
import { decisionCases } from './decision-cases.ts';
import { webhookClusterWith, type WebhookCluster } from './webhook-cluster.ts';
import { buildMissing } from './server-processes.ts';
import { kubectlCases } from './kubectl-cases.ts';
import { pinned, pod, podOf, workload, type KubernetesObject } from './objects.ts';
import { withOtherWebhook } from './other-webhook.ts';
import { byUrl, defaultConfigurations, register, untilEffective } from './registration.ts';
import { existingWarnings, noDigestWarning, noTag, noTagDenial } from './wording.ts';

const namespace = 'shop';
const pods = `/api/v1/namespaces/${namespace}/pods`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;

vi.setConfig({ testTimeout: 30_000 }); // an API server on a busy machine takes its time

describeWith(assetsMissing ?? buildMissing, 'the webhook, registered with a real API server', () => {
  const cluster = webhookClusterWith([namespace], async (started) => {
    await createBadObjects(started);
    await registerAsCommitted(started);
  });
  const create = (object: KubernetesObject, query?: string): Promise<Reply> =>
    cluster().create(namespace, object, query);
  const send = (method: string, path: string, body?: object, type?: string): Promise<Reply> =>
    cluster().plane.request(method, path, body, type);

  describe('when something is created', () => {
    test('denies with 403, and names each cause with its field', async () => {
      const reply = await create(podOf('web', 'nginx'));
      expect(reply).toMatchObject({ status: 403, warnings: [noDigestWarning('nginx')] });
      expect(reply.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: noTagDenial('Pod shop/web', 'nginx'),
        reason: 'Forbidden',
        details: {
          name: 'web',
          kind: 'Pod',
          causes: [{ reason: 'FieldValueForbidden', message: noTag('nginx'), field: 'spec.containers[0].image' }],
        },
        code: 403,
      });
      expect(await send('GET', `${pods}/web`)).toMatchObject({ status: 404 });
      expect(await auditAnnotations(cluster().plane, reply)).toMatchObject({
        'validate.tidewaiter.dev/decision': 'deny',
        'validate.tidewaiter.dev/findings': [
          `deny [baseline/image-tag] ${noTag('nginx')}`,
          'warn [baseline/image-digest] container "main": image "nginx" has no digest, so its content can change',
        ].join('\n'),
      });
    });

    test('evaluates a dry run like any request, and logs that it is a dry run', async () => {
      const { status, body } = await create(podOf('rehearsal', 'nginx'), '?dryRun=All');
      expect({ status, body }).toMatchObject({
        status: 403,
        body: { message: noTagDenial('Pod shop/rehearsal', 'nginx') },
      });
      await vi.waitFor(() => {
        const lines = cluster().server.log.filter(({ name }) => name === 'rehearsal');
        expect(lines).toMatchObject([
          { endpoint: 'mutate', allowed: true, dryRun: true },
          { endpoint: 'validate', allowed: false, dryRun: true, user: 'admin', images: ['nginx'] },
        ]);
      });
    });

    test('keeps a long denial and many warnings within what the API server passes on', async () => {
      const containers = Array.from({ length: 60 }, (_, index) => ({ name: `c${index}`, image: 'nginx' }));
      const { status, body, warnings } = await create(pod('many', { containers }));
      expect({ status, body }).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/\n {2}and 10 more$/) },
      });
      expect(warnings.slice(0, -1)).toEqual(
        containers.slice(0, warnings.length - 1).map(({ name }) => noDigestWarning('nginx', `container "${name}"`)),
      );
      const left = containers.length - warnings.length + 1;
      expect(warnings.at(-1)).toBe(
        `and ${left} more warnings; run "tidewaiter check" on the manifest to list all of them`,
      );
    });

    test('denies a review that is too large to be read, even with failurePolicy: Ignore', async () => {
      const ports = Array.from({ length: 50_001 }, (_, index) => ({ containerPort: (index % 65_535) + 1 }));
      const { status, body } = await create(pod('ports', { containers: [{ name: 'main', image: 'nginx', ports }] }));
      expect({ status, body }).toMatchObject({
        status: 403,
        body: {
          message: expect.stringContaining(
            '/spec/containers/0/ports/49999: expected at most 50000 containers, images, and ports, found more',
          ),
        },
      });
    });

    test('evaluates a server-side apply, a PATCH that creates', async () => {
      const apply = (image: string): Promise<Reply> =>
        send('PATCH', `${pods}/applied?fieldManager=test`, podOf('applied', image), 'application/apply-patch+yaml');
      expect(await apply('nginx')).toMatchObject({
        status: 403,
        body: { message: noTagDenial('Pod shop/applied', 'nginx') },
      });
      expect(await apply('nginx:1.27')).toMatchObject({ status: 201, warnings: [noDigestWarning('nginx:1.27')] });
    });

    test('names a Pod with generateName by the name that it would have got', async () => {
      const { status, body } = await create({ ...podOf('', 'nginx'), metadata: { generateName: 'batch-' } });
      expect({ status, body }).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/ denied the request: Pod shop\/batch-[a-z0-9]{5}: 1 problem\n/) },
      });
    });

    test('lets a good Deployment through all its controllers', async () => {
      expect(await create(workload('Deployment', 'good', pinned))).toMatchObject({ status: 201, warnings: [] });
      await vi.waitFor(
        async () => {
          const { body } = await send('GET', `${pods}?labelSelector=app%3Dgood`);
          expect(body).toMatchObject({ items: [{ metadata: { name: expect.stringMatching(/^good-/) } }] });
        },
        { timeout: 15_000, interval: 100 },
      );
      await vi.waitFor(() => {
        const judged = cluster().server.log.filter(
          ({ endpoint, name }) => endpoint === 'validate' && String(name).startsWith('good'),
        );
        expect(new Set(judged.map(({ kind }) => kind))).toEqual(new Set(['Deployment', 'ReplicaSet', 'Pod']));
      });
    });
  });

  describe('when something is updated that was bad before the webhook was registered', () => {
    test.each([
      { what: 'labelled', patch: { metadata: { labels: { team: 'checkout' } } } },
      { what: 'annotated', patch: { metadata: { annotations: { note: 'old' } } } },
      { what: 'freed of a finalizer', patch: { metadata: { finalizers: ['example.com/keep'] } } },
      { what: 'paused', patch: { spec: { paused: true } } },
      { what: 'scaled by an edit', patch: { spec: { replicas: 2 } } },
    ])('a Deployment can be $what, with a warning', async ({ patch }) => {
      const reply = await send('PATCH', `${deployments}/old`, patch);
      expect(reply).toMatchObject({ status: 200, warnings: existingWarnings('nginx') });
    });

    test('a Deployment can be scaled through the subresource, without a warning', async () => {
      const scaled = await send('PATCH', `${deployments}/old/scale`, { spec: { replicas: 0 } });
      expect(scaled).toMatchObject({ status: 200, warnings: [] });
    });

    test('a Deployment takes no other bad image, and any good one', async () => {
      const path = '/spec/template/spec/containers/0/image';
      const set = (value: string): Promise<Reply> =>
        send('PATCH', `${deployments}/old?dryRun=All`, [{ op: 'replace', path, value }]);
      expect(await set('httpd')).toMatchObject({
        status: 403,
        body: { message: noTagDenial('Deployment shop/old', 'httpd') },
      });
      expect(await set('httpd:2.4')).toMatchObject({ status: 200, warnings: [noDigestWarning('httpd:2.4')] });
    });

    test('a Pod takes ephemeral containers by their own images', async () => {
      const add = (image: string): Promise<Reply> =>
        send('PATCH', `${pods}/old/ephemeralcontainers`, {
          spec: { ephemeralContainers: [{ name: 'debugger', image }] },
        });
      const container = 'ephemeral container "debugger"';
      expect(await add('busybox')).toMatchObject({
        status: 403,
        body: {
          message: noTagDenial('Pod shop/old', 'busybox', container),
          details: { causes: [{ field: 'spec.ephemeralContainers[0].image' }] },
        },
      });
      expect(await add('busybox:1.36')).toMatchObject({
        status: 200,
        warnings: [noDigestWarning('busybox:1.36', container)],
      });
    });

    test('it can be deleted, and its finalizers come off', async () => {
      for (const path of [`${deployments}/old`, `${pods}/old`]) {
        expect(await send('DELETE', path)).toMatchObject({ status: 200, warnings: [] });
        // An update is tried on the API server's cached object first, with its warnings: wait until that one is current.
        await vi.waitFor(async () => {
          const cached = await send('GET', `${path}?resourceVersion=0`);
          expect(cached).toMatchObject({ body: { metadata: { deletionTimestamp: expect.any(String) } } });
        });
        const released = await send('PATCH', path, { metadata: { finalizers: null } });
        expect(released).toMatchObject({ status: 200, warnings: [] });
        expect(await send('GET', path)).toMatchObject({ status: 404 });
      }
    });
  });

  describe('when a subresource carries no image', () => {
    const cases = [
      // The Pod runs nowhere, so this fails, but only after admission.
      {
        what: 'exec',
        path: '/exec?command=ls&stdout=true',
        status: 400,
        answer: { message: 'pod passing does not have a host assigned' },
      },
      { what: 'status', path: '/status', method: 'PATCH', body: { status: { message: 'waiting' } }, status: 200 },
      {
        what: 'binding',
        path: '/binding',
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: 'passing' },
          target: { kind: 'Node', name: 'node-1' },
        },
        status: 201,
      },
      {
        what: 'eviction',
        path: '/eviction',
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'passing' } },
        status: 201,
      },
    ];

    test.each(cases)('$what passes without a word', async ({ path, method = 'POST', body, status, answer = {} }) => {
      await create(podOf('passing', 'nginx:1.27')); // 409 when it is there
      const reply = await send(method, `${pods}/passing${path}`, body);
      expect(reply).toMatchObject({ status, warnings: [], body: answer });
    });
  });

  describe('as a mutating webhook', () => {
    test('is called, and changes nothing', async () => {
      const reply = await create(podOf('unchanged', pinned));
      const annotations = await auditAnnotations(cluster().plane, reply);
      expect(JSON.parse(annotations['mutation.webhook.admission.k8s.io/round_0_index_0'] ?? '')).toMatchObject({
        webhook: 'mutate.tidewaiter.dev',
        mutated: false,
      });
      expect(reply.body).toMatchObject({ spec: { containers: [{ image: pinned }] } });
    });

    test('is called again after another webhook has changed the object, and breaks nothing', async () => {
      const { plane } = cluster();
      const probe = (): Promise<Reply> => create(podOf('labelled', 'nginx:1.27'), '?dryRun=All');
      await withOtherWebhook(plane, { namespace, mark: 'was-here', probe }, async (reply) => {
        expect(reply).toMatchObject({
          status: 201,
          warnings: [noDigestWarning('nginx:1.27')],
          body: { metadata: { labels: { other: 'was-here' } }, spec: { containers: [{ image: 'nginx:1.27' }] } },
        });
        const calls = Object.entries(await auditAnnotations(plane, reply)).flatMap(([key, value]) =>
          key.startsWith('mutation.webhook.') ? [`${key.split('/')[1]}: ${JSON.parse(value).webhook}`] : [],
        );
        expect(calls.toSorted()).toEqual([
          'round_0_index_0: mutate.tidewaiter.dev',
          'round_0_index_1: label.other.example.com',
          'round_1_index_0: mutate.tidewaiter.dev',
        ]);
      });
    });
  });

  describe('and the offline check', () => {
    test.each(decisionCases)('report the same decision on $what', async ({ object, allowed }) => {
      const { webhook, check } = await decisionsOf(cluster(), namespace, object);
      expect([webhook.status, check.code]).toEqual(allowed ? [201, 0] : [403, 1]);
      expect(webhook.reported).toEqual(check.reported);
    });
  });

  describeWith(kubectlMissing, 'through kubectl', () => {
    test.each(kubectlCases)('$what', async ({ args, object, code = 0, stdout = '', stderr }) => {
      const stdin = object === undefined ? '' : JSON.stringify(object);
      const result = await cluster().plane.kubectl(['--namespace', namespace, ...args], stdin);
      const end = stderr === '' ? result.stderr : result.stderr.slice(-stderr.length);
      expect({ ...result, stderr: end }).toEqual({ code, stdout, stderr });
    });
  });
});

async function createBadObjects({ create }: WebhookCluster): Promise<void> {
  const kept = { finalizers: ['example.com/keep', 'example.com/once'] };
  const bad = [
    workload('Deployment', 'old', 'nginx', kept),
    workload('Deployment', 'older', 'nginx'),
    pod('old', { containers: [{ name: 'main', image: 'nginx' }] }, kept),
    podOf('older', 'nginx'),
  ];
  for (const object of bad) expect(await create(namespace, object)).toMatchObject({ status: 201 });
}

async function registerAsCommitted({ plane, server, target, create }: WebhookCluster): Promise<void> {
  for (const configuration of defaultConfigurations()) await register(plane, byUrl(configuration, target));
  const ask = (): Promise<Reply> => create(namespace, podOf('probe', 'nginx'), '?dryRun=All');
  await untilEffective('the validating webhook', ask, ({ status }) => status === 403);
  await untilEffective('the mutating webhook', ask, () => server.log.some(({ endpoint }) => endpoint === 'mutate'));
}
