// The whole line with nothing made up: a real API server and its controllers, the server of this project, Debian's registry.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { makeImage, makeIndex, pushIndex } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import { dockerRegistryMissing, type RunningRegistry, startRegistry } from '../support/registry-process.ts';
import { loopback } from '../support/registry-settings.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createNamespace, pathOf, workload } from './objects.ts';
import { byUrl, committedConfigurations, register, untilEffective } from './registration.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';

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
  let plane: ControlPlane;
  let server: TestServer;
  let registry: RunningRegistry;
  let client: HttpRegistryClient;
  let digest: string;
  const image = (tag: string): string => `${registry.host}/shop/web:${tag}`;
  const create = (name: string, tag: string, query = ''): ReturnType<ControlPlane['request']> => {
    const object = workload('Deployment', name, image(tag));
    return plane.request('POST', pathOf(object, NAMESPACE) + query, object);
  };

  beforeAll(async () => {
    registry = await startRegistry('docker-registry', { kind: 'open' });
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
    const index = makeIndex(platforms.map((platform) => makeImage(platform, '2026-01-02T03:04:05Z')));
    await pushIndex({ origin: registry.origin, repository: 'shop/web' }, index, '1.0');
    ({ digest } = index.manifest);
    client = createRegistryClient(loopback(registry.host), { env: {} });
    const settings = { tagTtlMs: 1, digestTtlMs: 1, staleMaxMs: 3_600_000, maxImages: 1000 };
    const world = createRegistrySources({ client, settings, now: Date.now });
    const policies = [policyOf('{pin: {onFailure: {notFound: deny, other: warn}}, rules: [{rule: image-exists}]}')];
    server = await startAdmissionServer({ kinds, policies, world });
    plane = await startControlPlane();
    await createNamespace(plane, NAMESPACE);
    const target = { url: server.url, caBundle: Buffer.from(server.certificate.ca ?? '').toString('base64') };
    for (const configuration of committedConfigurations()) await register(plane, byUrl(configuration, target));
    await untilEffective(
      'both webhooks',
      () => create('probe', '1.0', '?dryRun=All'),
      () => new Set(server.reviews.map(({ endpoint }) => endpoint)).size === 2,
    );
  }, 120_000);

  afterAll(async () => {
    await plane?.stop();
    await server?.stop();
    await client?.close();
    await registry?.stop();
  });

  test('is the digest of the index when the Deployment is stored, and in its ReplicaSet', async () => {
    const { status, body } = await create('web', '1.0');
    expect([status, imageIn(body)]).toEqual([201, `${image('1.0')}@${digest}`]);
    await vi.waitFor(
      async () => {
        const { body: list } = await plane.request('GET', `${REPLICA_SETS}?labelSelector=app%3Dweb`);
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
