// `pods/resize` with a real API server: the manifests registered, and a policy that limits container resources.
import { expect, test, vi } from 'vitest';

import { kinds, policyOf } from '../policy/fixtures.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { type KubernetesObject, pod } from './objects.ts';

const pods = '/api/v1/namespaces/shop/pods';

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

describeWith(assetsMissing, 'a resize, with a real API server', () => {
  const sized = (name: string, memory: string): KubernetesObject =>
    pod(name, { containers: [{ name: 'main', image: 'nginx:1', resources: { limits: { memory } } }] });
  const bounds = '{rules: [{rule: container-resources, parameters: {max: {memory: 1Gi}}}, {rule: image-digest}]}';
  const cluster = gateClusterWith({
    namespaces: ['shop'],
    context: () => ({ kinds, policies: [policyOf(bounds)] }),
    async prepare(plane) {
      for (const object of [sized('large', '8Gi'), sized('small', '512Mi')]) await plane.request('POST', pods, object);
    },
  });
  const resize = (name: string, memory: string): Promise<Reply> =>
    cluster().plane.request(
      'PATCH',
      `${pods}/${name}/resize`,
      { spec: { containers: [{ name: 'main', resources: { limits: { memory }, requests: { memory } } }] } },
      'application/strategic-merge-patch+json',
    );

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
