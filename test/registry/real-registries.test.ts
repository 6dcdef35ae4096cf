/** One suite for real registries: Debian's (distribution 2.8) and the current release of the distribution project. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import {
  digestOf,
  type Family,
  makeImage,
  makeIndex,
  pushImage,
  pushIndex,
  type PushTarget,
} from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_USER,
  type RegistryAuth,
  type RunningRegistry,
  startRegistry,
} from '../support/registry-process.ts';
import { basic, identityToken, loopback, registryToken, soon, target } from '../support/registry-settings.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';
import { distributionMissing, registryProgram } from './distribution/assets.ts';

const REGISTRIES = [
  { name: 'docker-registry of Debian', program: 'docker-registry', missing: dockerRegistryMissing },
  { name: 'registry of the distribution project', program: registryProgram, missing: distributionMissing },
];

const hasSkopeo = spawnSync('skopeo', ['--version'], { stdio: 'ignore' }).status === 0;

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const older = '2024-02-03T04:05:06.123456789Z';
const newer = '2025-06-07T08:09:10Z';
const USER = { username: 'ci', password: 'p:w', refreshToken: 'refresh-me', privatePrefix: 'private/' };

for (const { name, program, missing } of REGISTRIES) {
  describeWith(missing, name, () => {
    let registry: RunningRegistry;
    let client: HttpRegistryClient;
    let origin: PushTarget;

    const start = async (auth: RegistryAuth, more: readonly string[] = []): Promise<void> => {
      registry = await startRegistry(program, auth);
      client = createRegistryClient(loopback(registry.host, ...more), { env: {} });
    };
    const stop = async (): Promise<void> => {
      await client.close();
      await registry.stop();
    };

    describe('without authentication', () => {
      beforeAll(async () => {
        await start({ kind: 'open' });
        origin = { origin: registry.origin, repository: 'team/app' };
      }, 30_000);
      afterAll(stop);

      test.each<Family>(['oci', 'docker'])(
        'an index of type %s has its own digest, platforms, and age',
        async (family) => {
          const [amd64, arm64] = [makeImage(AMD64, older, family), makeImage(ARM64, newer, family)];
          const index = makeIndex([amd64, arm64], family);
          await pushIndex(origin, index, `index-${family}`);
          const image = `${registry.host}/team/app:index-${family}`;
          const found = { digest: index.manifest.digest, mediaType: index.manifest.mediaType };
          expect(await client.manifest(target(image), soon())).toEqual({ ...found, mirror: undefined });
          expect(await client.details(target(image), soon())).toEqual({
            ...found,
            platforms: [{ ...AMD64, variant: undefined }, ARM64],
            imageDigests: [amd64, arm64].map(({ manifest }) => manifest.digest),
            createdMs: Date.parse(newer),
            sizeBytes: amd64.sizeBytes,
          });
        },
      );

      test.each<Family>(['oci', 'docker'])(
        'a single image of type %s has its platform in its configuration',
        async (family) => {
          const image = makeImage(ARM64, older, family);
          await pushImage(origin, image, `single-${family}`);
          const text = `${registry.host}/team/app:single-${family}`;
          const found = { digest: image.manifest.digest, mediaType: image.manifest.mediaType };
          expect(await client.manifest(target(text), soon())).toEqual({ ...found, mirror: undefined });
          expect(await client.details(target(text), soon())).toEqual({
            ...found,
            platforms: [ARM64],
            createdMs: Date.parse(older),
            sizeBytes: image.sizeBytes,
          });
        },
      );

      test('a digest is looked up without its tag, and the tag only on request', async () => {
        const [first, second] = [makeImage(AMD64, older), makeImage(AMD64, newer)];
        await pushImage(origin, first);
        await pushImage(origin, second, 'moved');
        const text = `${registry.host}/team/app:moved@${first.manifest.digest}`;
        expect((await client.manifest(target(text), soon())).digest).toBe(first.manifest.digest);
        expect((await client.manifest(target(text, undefined, 'tag'), soon())).digest).toBe(second.manifest.digest);
      });

      test('no tag means "latest"', async () => {
        const image = makeImage(AMD64, older);
        await pushImage({ ...origin, repository: 'plain' }, image, 'latest');
        expect((await client.manifest(target(`${registry.host}/plain`), soon())).digest).toBe(image.manifest.digest);
      });

      test.each([
        ['tag', (host: string) => `${host}/team/app:none`],
        ['repository', (host: string) => `${host}/nobody/nothing:1`],
        ['digest', (host: string) => `${host}/team/app@${digestOf(Buffer.from('none'))}`],
      ])('a missing %s is not found', async (_what, image) => {
        const text = image(registry.host);
        const notFound = {
          failure: { cause: 'notFound', message: expect.stringContaining(`${registry.host} does not have "`) },
        };
        await expect(client.manifest(target(text), soon())).rejects.toMatchObject(notFound);
        await expect(client.details(target(text), soon())).rejects.toMatchObject(notFound);
      });

      test.runIf(hasSkopeo)('skopeo sees the same digest', async () => {
        const index = makeIndex([makeImage(AMD64, older), makeImage(ARM64, newer)]);
        await pushIndex(origin, index, 'both');
        const url = `docker://${registry.host}/team/app:both`;
        const skopeo = spawnSync('skopeo', ['inspect', '--raw', '--tls-verify=false', url], { encoding: 'buffer' });
        expect(skopeo.stderr.toString()).toBe('');
        const { digest } = await client.manifest(target(`${registry.host}/team/app:both`), soon());
        expect(digestOf(skopeo.stdout)).toBe(digest);
      });
    });

    describe('with htpasswd', () => {
      const { username, password } = HTPASSWD_USER;
      const image = makeImage(AMD64, older);
      beforeAll(async () => {
        await start({ kind: 'htpasswd' });
        const authorization = `Basic ${btoa(`${username}:${password}`)}`;
        await pushImage({ origin: registry.origin, repository: 'team/app', authorization }, image, '1');
      }, 30_000);
      afterAll(stop);

      test('accepts the right password repeatedly', async () => {
        for (let round = 0; round < 3; round += 1) {
          const found = await client.manifest(target(`${registry.host}/team/app:1`, basic(username, password)), soon());
          expect(found.digest).toBe(image.manifest.digest);
        }
      });

      test('responds the same to a wrong password and to none, but the message has the credential', async () => {
        const text = `${registry.host}/team/app:1`;
        await expect(client.manifest(target(text, basic(username, 'wrong-canary')), soon())).rejects.toMatchObject({
          failure: {
            cause: 'unauthenticated',
            message: `${registry.host} returned HTTP 401 for "team/app:1", requested with pull secret "regcred" (user ci)`,
            remedy:
              'check the user name and the password in pull secret "regcred" (user ci), and whether the account can pull "team/app"',
          },
        });
        await expect(client.manifest(target(text), soon())).rejects.toMatchObject({
          failure: {
            cause: 'unauthenticated',
            message: `${registry.host} returned HTTP 401 for "team/app:1", requested without credentials`,
            remedy: `add a pull secret for ${registry.host}, or check the name`,
          },
        });
      });

      test.each([identityToken('t'), registryToken('t')])('does not accept %j', async (credential) => {
        await expect(client.manifest(target(`${registry.host}/team/app:1`, credential), soon())).rejects.toMatchObject({
          failure: { cause: 'unauthenticated' },
        });
      });
    });

    describe('with a token server', () => {
      const image = makeImage(AMD64, older);
      let tokens: TokenServer;
      beforeAll(async () => {
        tokens = await startTokenServer(USER);
        const { realm, service, issuer, rootCert } = tokens;
        await start({ kind: 'token', realm, service, issuer, rootCert }, [new URL(realm).host]);
        for (const repository of ['public/app', 'private/app']) {
          const authorization = `Bearer ${tokens.tokenFor(repository, ['pull', 'push'])}`;
          await pushImage({ origin: registry.origin, repository, authorization }, image, '1');
        }
      }, 30_000);
      afterAll(async () => {
        await stop();
        await tokens.close();
      });

      test.each([
        ['an anonymous caller, for a public image', 'public/app', undefined],
        ['a user', 'private/app', basic(USER.username, USER.password)],
        ['an identity token', 'private/app', identityToken(USER.refreshToken)],
      ])('returns a token to %s, once for many lookups', async (_who, repository, credential) => {
        const before = tokens.requests.length;
        const text = `${registry.host}/${repository}:1`;
        const lookUp = async (): Promise<string> => (await client.manifest(target(text, credential), soon())).digest;
        const digests = await Promise.all([lookUp(), lookUp(), lookUp()]);
        digests.push(await lookUp(), (await client.details(target(text, credential), soon())).digest);
        expect(new Set(digests)).toEqual(new Set([image.manifest.digest]));
        expect(tokens.requests.slice(before)).toHaveLength(1);
        expect(tokens.requests.at(-1)).toContain(`repository:${repository}:pull`);
      });

      test('a registry token is sent as it is', async () => {
        const credential = registryToken(tokens.tokenFor('private/app', ['pull']));
        const before = tokens.requests.length;
        const found = await client.manifest(target(`${registry.host}/private/app:1`, credential), soon());
        expect(found.digest).toBe(image.manifest.digest);
        expect(tokens.requests.slice(before)).toEqual([]);
      });

      test.each([
        ['an anonymous caller', undefined, /returned HTTP 401 for "private\/app:1", requested without credentials/],
        [
          'a wrong password',
          basic(USER.username, 'wrong-canary'),
          /^the token server \S+ of \S+ returned HTTP 401 .*, requested with pull secret/,
        ],
        [
          'a wrong identity token',
          identityToken('wrong-canary'),
          /^the token server \S+ of \S+ returned HTTP 401 .*, requested with docker config/,
        ],
        [
          'a wrong registry token',
          registryToken('wrong-canary'),
          /returned HTTP 401 for .*, requested with docker config/,
        ],
      ])('a private image is not available to %s', async (_who, credential, message) => {
        await expect(
          client.manifest(target(`${registry.host}/private/app:1`, credential), soon()),
        ).rejects.toMatchObject({
          failure: { cause: 'unauthenticated', message: expect.stringMatching(message) },
        });
      });
    });
  });
}
