// The built server, registered with a real API server in less happy ways: for Pods only, stopped, distrusted, restarted.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

import { afterAll, describe, expect, test, vi } from 'vitest';

import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { auditAnnotations } from './audit.ts';
import { startBalancer, type Balancer } from './balancer.ts';
import { createAuthority } from './certificates.ts';
import type { Reply } from './connection.ts';
import { webhookClusterWith, type WebhookCluster } from './webhook-cluster.ts';
import { buildMissing, type ServerProcess } from './server-processes.ts';
import { job, pinned, podOf, workload } from './objects.ts';
import {
  byUrl,
  defaultConfigurations,
  register,
  untilEffective,
  within,
  type Target,
  type Webhook,
} from './registration.ts';
import { noDigestWarning, noTagDenial } from './wording.ts';

/** Each namespace has its own registration. */
const namespaces = ['pods-only', 'fail', 'ignore', 'distrusted', 'old-review', 'busy'] as const;

/** Requests one after the other on each connection, until the server that is stopped after some of them has ended. */
const burst = { atLeast: 200, atMost: 5000, connections: 8, stopAfter: 60 };

vi.setConfig({ testTimeout: 30_000 }); // an API server on a busy machine takes its time

describeWith(assetsMissing ?? buildMissing, 'the webhook during outages and with other webhooks', () => {
  let spare: ServerProcess;
  let pair: readonly [ServerProcess, ServerProcess];
  let balancer: Balancer | undefined;

  const cluster = webhookClusterWith(namespaces, async (started) => {
    const { servers, target } = started;
    spare = await servers.start();
    pair = [await servers.start(), await servers.start()];
    balancer = await startBalancer(pair.map(({ port }) => port));
    const stranger = Buffer.from((await createAuthority()).cert).toString('base64');
    const at = ({ url }: { readonly url: string }): Target => ({ ...target, url });

    await Promise.all([
      registered(started, 'pods-only', target, ({ rules }) => ({
        rules: rules.flatMap((rule) => (rule.resources.includes('pods') ? [{ ...rule, resources: ['pods'] }] : [])),
      })),
      registered(started, 'fail', at(spare), () => ({ failurePolicy: 'Fail' })),
      registered(started, 'ignore', at(spare), () => ({ failurePolicy: 'Ignore' })),
      registered(started, 'distrusted', { ...target, caBundle: stranger }, () => ({ failurePolicy: 'Fail' })),
      registered(started, 'old-review', target, () => ({ admissionReviewVersions: ['v1beta1'] })),
      registered(started, 'busy', at(balancer), () => ({ failurePolicy: 'Fail' })),
    ]);
  });
  afterAll(() => balancer?.stop());

  const rehearse = (namespace: string, image: string): Promise<Reply> =>
    cluster().create(namespace, podOf('web', image), '?dryRun=All');

  describe('registered for Pods only', () => {
    /** The end of a message; the Pod has a generated name. */
    const denial = (name: string): RegExp => {
      const escaped = noTagDenial('Pod pods-only/NAME', 'nginx').replaceAll(/[[\].]/g, '\\$&');
      return new RegExp(`${escaped.replace('NAME', `${name}-[a-z0-9-]+`)}$`);
    };

    test('denies the Pods of a Deployment, whose condition says why', async () => {
      const created = await cluster().create('pods-only', workload('Deployment', 'web', 'nginx'));
      expect(created).toMatchObject({ status: 201, warnings: [] });
      await vi.waitFor(
        async () => {
          const path = '/apis/apps/v1/namespaces/pods-only/deployments/web';
          const { body } = await cluster().plane.request('GET', path);
          expect(body).toMatchObject({
            status: {
              conditions: expect.arrayContaining([
                expect.objectContaining({
                  type: 'ReplicaFailure',
                  reason: 'FailedCreate',
                  message: expect.stringMatching(denial('web')),
                }),
              ]),
            },
          });
        },
        { timeout: 15_000, interval: 100 },
      );
    });

    test.each([
      { kind: 'ReplicaSet', name: 'web' },
      { kind: 'Job', name: 'report' },
    ])('denies the Pods of a $kind, whose event says why', async ({ kind, name }) => {
      await cluster().create('pods-only', job('report', 'nginx'));
      await vi.waitFor(
        async () => {
          const { body } = await cluster().plane.request('GET', '/api/v1/namespaces/pods-only/events');
          expect(body).toMatchObject({
            items: expect.arrayContaining([
              expect.objectContaining({
                type: 'Warning',
                reason: 'FailedCreate',
                involvedObject: expect.objectContaining({ kind }),
                message: expect.stringMatching(denial(name)),
              }),
            ]),
          });
        },
        { timeout: 15_000, interval: 100 },
      );
    });
  });

  test('responds to a v1beta1 review in v1beta1', async () => {
    expect(await rehearse('old-review', 'nginx')).toMatchObject({
      status: 403,
      warnings: [noDigestWarning('nginx')],
      body: { message: noTagDenial('Pod old-review/web', 'nginx') },
    });
    const { server, servers } = cluster();
    const recording = join(import.meta.dirname, '..', 'recordings', 'pod-latest-v1beta1.json');
    const ca = Buffer.from(servers.caBundle(), 'base64');
    const answer = await post(`${server.url}/validate?timeout=5s`, ca, readFileSync(recording));
    expect(JSON.parse(answer)).toMatchObject({ apiVersion: 'admission.k8s.io/v1beta1', response: { allowed: false } });
  });

  test('is not called if the API server does not trust it', async () => {
    expect(await rehearse('distrusted', pinned)).toMatchObject({
      status: 500,
      body: {
        reason: 'InternalError',
        message: expect.stringMatching(
          /failed calling webhook "validate\.tidewaiter\.dev": .*x509: certificate signed by unknown authority/,
        ),
      },
    });
  });

  describe('stopped', () => {
    test('exits with 0; then Fail denies everything and Ignore allows everything, until the restart', async () => {
      const { plane, servers } = cluster();
      for (const namespace of ['fail', 'ignore']) {
        expect(await rehearse(namespace, 'nginx')).toMatchObject({ status: 403 });
      }

      expect(await spare.stop()).toBe(0);
      expect(await rehearse('fail', pinned)).toMatchObject({
        status: 500,
        body: {
          reason: 'InternalError',
          message: expect.stringMatching(/failed calling webhook "validate\.tidewaiter\.dev": .*connection refused$/),
        },
      });
      const missed = await rehearse('ignore', 'nginx');
      expect(missed).toMatchObject({ status: 201, warnings: [] });
      expect(await auditAnnotations(plane, missed)).toMatchObject({
        'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'validate.tidewaiter.dev',
      });

      await servers.start(spare.port);
      for (const namespace of ['fail', 'ignore']) {
        expect(await rehearse(namespace, 'nginx')).toMatchObject({ status: 403 });
        expect(await rehearse(namespace, pinned)).toMatchObject({ status: 201 });
      }
    });

    test('loses no request under load, next to another server', async () => {
      const [stopped, staying] = pair;
      const replies: Reply[] = [];
      const ended: (number | null)[] = [];
      const isOver = (): boolean =>
        replies.length >= burst.atMost || (replies.length >= burst.atLeast && ended.length > 0);
      const send = async (): Promise<void> => {
        while (!isOver()) {
          replies.push(await rehearse('busy', pinned));
          if (replies.length !== burst.stopAfter) continue;
          balancer?.leaveOut(stopped.port);
          void stopped.stop().then((code) => ended.push(code));
        }
      };
      await Promise.all(Array.from({ length: burst.connections }, send));

      expect(replies.filter(({ status }) => status !== 201).map(({ body }) => body)).toEqual([]);
      expect(ended).toEqual([0]);
      await vi.waitFor(() => {
        const counts = [stopped, staying].map(({ log }) => judgedIn(log, 'busy'));
        expect(Math.min(...counts)).toBeGreaterThan(0);
        expect(counts.reduce((sum, count) => sum + count)).toBe(replies.length);
      });
    });
  });
});

/** The validating configuration of the manifests for one namespace only, changed; resolves when it is heeded. */
async function registered(
  { plane, create }: WebhookCluster,
  namespace: string,
  target: Target,
  change: (webhook: Webhook) => Partial<Webhook>,
): Promise<void> {
  for (const configuration of defaultConfigurations()) {
    if (configuration.kind !== 'ValidatingWebhookConfiguration') continue;
    await register(plane, within(namespace, byUrl(configuration, target), change));
  }
  const ask = (): Promise<Reply> => create(namespace, podOf('probe', 'nginx'), '?dryRun=All');
  await untilEffective(`the webhook of ${namespace}`, ask, ({ status }) => status !== 201);
}

function judgedIn(log: ServerProcess['log'], namespace: string): number {
  return log.filter((line) => line['namespace'] === namespace && line['name'] === 'web').length;
}

function post(url: string, ca: Buffer, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', ca, headers }, (response) => {
      text(response).then(resolve, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
