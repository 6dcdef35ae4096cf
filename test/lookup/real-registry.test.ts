/** Image lookups with the real client, against a real registry that requires a password. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { makeImage, pushImage } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_USER,
  type RunningRegistry,
  startRegistry,
} from '../support/registry-process.ts';
import { loopback } from '../support/registry-settings.ts';
import { CACHE, clockAt, imageLookupOf, shown } from './fake-client.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';

const { username, password } = HTPASSWD_USER;
type Source = ReturnType<typeof createRegistrySources>;

describeWith(dockerRegistryMissing, 'images of a registry that requires a password', () => {
  let registry: RunningRegistry;
  let client: HttpRegistryClient;
  let digest: string;
  const clock = clockAt(Date.now());
  const lookUp = async (from: Source, image: string, logins: readonly string[] = [], staleMs = 0) =>
    from.images.lookUp(imageLookupOf(`${registry.host}/${image}`, logins, { staleMs }), AbortSignal.timeout(10_000));
  const source = () => createRegistrySources({ client, settings: CACHE, now: clock.now });
  const right = (): string => `${username}:${password}@${registry.host}`;
  const wrong = (): string => `eve:guess@${registry.host}/team`;
  const label = (index: number, user: string, path = ''): string =>
    `pull secret "s${index}", key "${registry.host}${path}" (user ${user})`;

  beforeAll(async () => {
    registry = await startRegistry('docker-registry', { kind: 'htpasswd' });
    client = createRegistryClient(loopback(registry.host), { env: {} });
    const image = makeImage({ os: 'linux', architecture: 'amd64' }, '2024-02-03T04:05:06Z', 'oci');
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    await pushImage({ origin: registry.origin, repository: 'team/app', authorization }, image, '1');
    ({ digest } = image.manifest);
  }, 30_000);
  afterAll(async () => {
    await client.close();
    await registry.stop();
  });

  test('are found with the second credential if the first one is wrong', async () => {
    const fact = await lookUp(source(), 'team/app:1', [right(), wrong()]);
    expect(fact).toMatchObject({ state: 'yes', value: { digest, credential: label(0, username) } });
  });

  test('are unknown if no credential is valid, and the message has each response', async () => {
    const fact = await lookUp(source(), 'team/app:1', [wrong()]);
    expect(shown(fact)).toBe(
      `unknown unauthenticated: ${registry.host} returned HTTP 401 for "team/app:1", requested with ${label(0, 'eve', '/team')}`,
    );
    expect(shown(await lookUp(source(), 'team/app:1'))).toBe(
      `unknown unauthenticated: ${registry.host} returned HTTP 401 for "team/app:1", requested without credentials (other credentials may exist: nodeCredentials is not configured)`,
    );
  });

  test('do not exist if a credential with full access gets "not found"', async () => {
    expect(shown(await lookUp(source(), 'team/app:none', [right()]))).toBe(
      `no notFound: ${registry.host} does not have "team/app:none"; tried with ${label(0, username)}`,
    );
  });

  // The last test, because the registry is stopped.
  test('come from the cache if the registry is stopped', async () => {
    const remembering = source();
    await lookUp(remembering, 'team/app:1', [right()]);
    await registry.stop();
    clock.ms += 3_600_000;
    const fact = await lookUp(remembering, 'team/app:1', [right()], 86_400_000);
    expect(fact).toMatchObject({ state: 'yes', value: { digest, stale: { ageMs: 3_600_000 } } });
    expect(shown(await lookUp(remembering, 'team/app:1', [right()]))).toMatch(/^unknown unreachable: /);
  });
});
