/** Properties for any input: the cache changes no result, and no text breaks a parser. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANONYMOUS_ATTEMPT } from '../../src/lookup/attempts.ts';
import { readDockerSettings } from '../../src/node/docker-settings.ts';
import { imageKey } from '../../src/lookup/image-key.ts';
import { readProviders } from '../../src/node/provider-config.ts';
import { sharedEntries } from '../../src/lookup/shared-entry.ts';
import { type FakeResponse, fakeClient, imageLookupOf, referenceOf, sceneOf, shown } from './fake-client.ts';

const USERS = ['', 'a', 'b', 'c'] as const;
const IMAGES = ['reg.io/one:1', 'reg.io/two:1', 'docker.io/library/three:1'] as const;

/** The registry's constant response for each image and user. */
const truth = fc.array(fc.constantFrom<FakeResponse>('found', 'notFound', 'forbidden', 'unauthenticated', 'protocol'), {
  minLength: USERS.length * IMAGES.length,
  maxLength: USERS.length * IMAGES.length,
});

const step = fc.record({
  image: fc.constantFrom(...IMAGES),
  users: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
  incompleteReason: fc.option(fc.constant('a reason'), { nil: undefined }),
  waitMs: fc.constantFrom(0, 1000, 15_000, 61_000),
});

describe('the response cache', () => {
  test('returns the same results as the registry', async () => {
    await fc.assert(
      fc.asyncProperty(truth, fc.array(step, { maxLength: 15 }), async (answers, steps) => {
        const client = () =>
          fakeClient(({ reference }, user) => {
            const row = IMAGES.findIndex((image) => image === reference.text);
            const column = USERS.findIndex((name) => name === (user.split(':')[0] ?? ''));
            return answers[row * USERS.length + column] ?? 'protocol';
          });
        const remembering = sceneOf(client());
        for (const { image, users, incompleteReason: doubt, waitMs } of steps) {
          remembering.clock.ms += waitMs;
          const host = image.startsWith('docker.io') ? 'docker.io' : 'reg.io';
          const lookup = imageLookupOf(
            image,
            users.map((user) => `${user}:p@${host}`),
            { incompleteReason: doubt },
          );
          expect(shown(await remembering.lookUp(lookup))).toBe(shown(await sceneOf(client()).lookUp(lookup)));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('for any text', () => {
  test('a docker config file is read or rejected', () => {
    const member = fc.constantFrom('auths', 'AUTHS', 'credsStore', 'credHelpers', 'auth', 'identitytoken', 'reg.io');
    const config = fc.dictionary(
      member,
      fc.dictionary(member, fc.oneof(fc.json(), fc.dictionary(member, fc.string()))),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          config.map((one) => JSON.stringify(one)),
        ),
        (text) => {
          expect(typeof readDockerSettings(text).ok).toBe('boolean');
        },
      ),
    );
  });

  test('a credential provider configuration is read or rejected', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (document, provider) => {
        const base = { apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig' };
        expect(typeof readProviders(document).ok).toBe('boolean');
        expect(typeof readProviders({ ...base, providers: [provider] }).ok).toBe('boolean');
      }),
    );
  });

  test('an entry of the shared cache without a valid seal is a miss', () => {
    const entries = sharedEntries({ key: new Uint8Array(32), maxAgeMs: 1000, now: () => 0 });
    const key = imageKey(referenceOf('reg.io/web:1'), 'image', 'https://reg.io');
    const name = entries.nameOf(key, ANONYMOUS_ATTEMPT);
    const body = fc.json().map((json) => `${'A'.repeat(43)}.${json}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), body), (text) => {
        expect(entries.open(name, key, text)).toBeUndefined();
      }),
    );
  });
});
