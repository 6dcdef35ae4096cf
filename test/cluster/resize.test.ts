// `pods/resize` with a real API server: manifests/webhooks registered, and a policy that limits container resources.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createNamespace, type KubernetesObject, pod, podOf } from './objects.ts';
import { byUrl, committedConfigurations, register, untilEffective } from './registration.ts';

const pods = '/api/v1/namespaces/shop/pods';

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

describeWith(assetsMissing, 'a resize, with a real API server', () => {
  let plane: ControlPlane;
  let server: TestServer;

  const create = (object: KubernetesObject, query = ''): Promise<Reply> =>
    plane.request('POST', `${pods}${query}`, object);
  const sized = (name: string, memory: string): KubernetesObject =>
    pod(name, { containers: [{ name: 'main', image: 'nginx:1', resources: { limits: { memory } } }] });
  const resize = (name: string, memory: string): Promise<Reply> =>
    plane.request(
      'PATCH',
      `${pods}/${name}/resize`,
      { spec: { containers: [{ name: 'main', resources: { limits: { memory }, requests: { memory } } }] } },
      'application/strategic-merge-patch+json',
    );

  beforeAll(async () => {
    const bounds = policyOf(
      '{rules: [{rule: container-resources, parameters: {max: {memory: 1Gi}}}, {rule: image-digest}]}',
    );
    server = await startAdmissionServer({ kinds, policies: [bounds] });
    plane = await startControlPlane();
    await createNamespace(plane, 'shop');
    // Stored before the webhook was registered.
    await create(sized('large', '8Gi'));
    await create(sized('small', '512Mi'));
    const target = { url: server.url, caBundle: Buffer.from(server.certificate.ca ?? '').toString('base64') };
    for (const configuration of committedConfigurations()) await register(plane, byUrl(configuration, target));
    await untilEffective(
      'the webhook',
      () => create(podOf('probe', 'nginx:1'), '?dryRun=All'),
      ({ status }) => status === 403,
    );
  }, 120_000);

  // Runs even if the start failed.
  afterAll(async () => {
    await plane?.stop();
    await server?.stop();
  });

  test.each<[what: string, name: string, memory: string, status: number, message: RegExp]>([
    ['beyond the bound is denied', 'small', '2Gi', 403, /memory limit "2Gi" is more than the maximum "1Gi"/],
    ['within it is taken, whatever else is wrong with the Pod', 'small', '256Mi', 200, /^undefined$/],
    ['that lowers what is still too much is taken', 'large', '4Gi', 200, /^undefined$/],
    [
      'that raises what was too much is denied',
      'large',
      '16Gi',
      403,
      /memory limit "16Gi" is more than the maximum "1Gi"/,
    ],
    ['of the same amount is taken', 'large', '4Gi', 200, /^undefined$/],
    ['to within the bound is taken', 'large', '1Gi', 200, /^undefined$/],
    ['back beyond it is denied', 'large', '4Gi', 403, /memory limit "4Gi" is more than the maximum "1Gi"/],
  ])('%s', async (_what, name, memory, status, message) => {
    const reply = await resize(name, memory);
    expect({ status: reply.status, message: String((reply.body as { message?: string }).message) }).toEqual({
      status,
      message: expect.stringMatching(message),
    });
  });
});
