// The whole line with nothing made up: a real API server and its controllers, the server of this project, Debian's registry.
import { afterAll, expect, test, vi } from 'vitest';
import type { Context } from '../../src/admission/context.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { makeImage, makeIndex, pushIndex } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import { dockerRegistryMissing, type RunningRegistry, startRegistry } from '../support/registry-process.ts';
import { loopback } from '../support/registry-settings.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { type KubernetesObject, workload } from './objects.ts';

const NAMESPACE = 'shop';
const REPLICA_SETS = `/apis/apps/v1/namespaces/${NAMESPACE}/replicasets`;

vi.setConfig({ testTimeout: 60_000 });

interface Template {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

const imageIn = (object: unknown): string | undefined => (object as Template).spec.template.spec.containers[0]?.image;

describeWith(assetsMissing ?? dockerRegistryMissing, 'a tag of a real registry, in a real cluster', () => {
  let registry: RunningRegistry;
  let client: HttpRegistryClient;
  let digest: string;
  const image = (tag: string): string => `${registry.host}/shop/web:${tag}`;
  const deployment = (name: string, tag: string): KubernetesObject => workload('Deployment', name, image(tag));

  async function context(): Promise<Context> {
    registry = await startRegistry('docker-registry', { kind: 'open' });
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
    const index = makeIndex(platforms.map((platform) => makeImage(platform, '2026-01-02T03:04:05Z')));
    await pushIndex({ origin: registry.origin, repository: 'shop/web' }, index, '1.0');
    ({ digest } = index.manifest);
    client = createRegistryClient(loopback(registry.host), { env: {} });
    const settings = { tagTtlMs: 1, digestTtlMs: 1, staleMaxMs: 3_600_000, maxImages: 1000 };
    const policies = [policyOf('{pin: {onFailure: {notFound: deny, other: warn}}, rules: [{rule: image-exists}]}')];
    return { kinds, policies, world: createRegistrySources({ client, settings, now: Date.now }) };
  }
  const cluster = gateClusterWith({ namespaces: [NAMESPACE], context, probe: () => deployment('probe', '1.0') });
  const create = (name: string, tag: string): Promise<Reply> => cluster().create(NAMESPACE, deployment(name, tag));

  afterAll(async () => {
    await client?.close();
    await registry?.stop();
  });

  test('is the digest of the index when the Deployment is stored, and in its ReplicaSet', async () => {
    const { status, body } = await create('web', '1.0');
    expect([status, imageIn(body)]).toEqual([201, `${image('1.0')}@${digest}`]);
    await vi.waitFor(
      async () => {
        const { body: list } = await cluster().plane.request('GET', `${REPLICA_SETS}?labelSelector=app%3Dweb`);
        expect((list as { readonly items: readonly unknown[] }).items.map(imageIn)).toEqual([
          `${image('1.0')}@${digest}`,
        ]);
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  test('that is not there is refused where the policy says so, by name and cause', async () => {
    const { status, body } = await create('lost', 'none');
    const { message } = body as { readonly message: string };
    expect(status).toBe(403);
    expect(message).toContain(
      `image "${image('none')}" cannot be pinned: ${registry.host} does not have "shop/web:none"`,
    );
  });

  // The last one: nothing answers after it.
  test('stays a tag, with a warning that says why, when the registry is away', async () => {
    await registry.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { status, body, warnings } = await create('later', '1.0');
    expect([status, imageIn(body)]).toEqual([201, image('1.0')]);
    expect(warnings.join('\n')).toMatch(/cannot be pinned: 127\.0\.0\.1:\d+ refused the connection \(ECONNREFUSED\)/);
  });
});
