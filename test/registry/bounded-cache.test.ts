/** The cache is shared by tenant: endless names of one tenant displace no entries of another. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedCache } from '../../src/registry/bounded-cache.ts';
import { createTokenCache } from '../../src/registry/token-cache.ts';
import { clockAt, DETAILS, fakeClient, imageLookupOf, sceneOf } from '../lookup/fake-client.ts';

const FOREVER = Number.POSITIVE_INFINITY;

test.each([
  ['one other tenant', 1, 2000],
  ['a few other namespaces', 5, 2000],
  ['ninety other namespaces', 90, 2000],
])('the entries of a tenant stay during a flood by %s', (_who, tenants, names) => {
  const cache = boundedCache<string>(1000, () => 0);
  for (let at = 0; at < 10; at += 1) cache.set(`ours/${at}`, 'ours', FOREVER, 'team');
  for (let at = 0; at < names; at += 1) cache.set(`evil/${at}`, 'evil', FOREVER, `evil-${at % tenants}`);
  const kept = Array.from({ length: 10 }, (_, at) => cache.get(`ours/${at}`));
  expect([kept, cache.size]).toEqual([Array(10).fill('ours'), 1000]);
});

test('the least recently used entry of the largest tenant makes room', () => {
  const cache = boundedCache<number>(4, () => 0);
  for (const [at, key] of ['a', 'b', 'c'].entries()) cache.set(key, at, FOREVER, 'many');
  cache.set('d', 9, FOREVER, 'few');
  cache.get('a');
  cache.set('e', 5, FOREVER, 'few');
  expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
});

test('an entry counts for the last tenant that set it', () => {
  const cache = boundedCache<number>(2, () => 0);
  cache.set('a', 1, FOREVER, 'x');
  cache.set('a', 2, FOREVER, 'y');
  cache.set('b', 3, FOREVER, 'x');
  cache.set('c', 4, FOREVER, 'x');
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([2, undefined, 4]);
});

test('the size stays within the limit, and entries have their last value until they expire', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const tenant = fc.constantFrom('x', 'y', 'z');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, tenant, life: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), key }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = clockAt(0);
      const cache = boundedCache<number>(3, clock.now);
      const set = new Map<string, { readonly value: number; readonly untilMs: number }>();
      for (const [at, one] of steps.entries()) {
        if (one.kind === 'wait') clock.ms += one.ms;
        else if (one.kind === 'set') {
          cache.set(one.key, at, one.life, one.tenant);
          set.set(one.key, { value: at, untilMs: clock.ms + one.life });
          expect(cache.get(one.key)).toBe(at);
        } else if (one.kind === 'delete') {
          cache.delete(one.key);
          set.delete(one.key);
        } else {
          const known = set.get(one.key);
          const alive = known !== undefined && known.untilMs > clock.ms ? known.value : undefined;
          expect([undefined, alive]).toContain(cache.get(one.key));
        }
        expect(cache.size).toBeLessThanOrEqual(3);
      }
    }),
  );
});

describe('large entries leave less room', () => {
  test('for tokens of up to 64 KiB', () => {
    const cache = createTokenCache(() => 0);
    const keys = Array.from({ length: 2000 }, (_, at) => `${at}`);
    for (const key of keys) cache.set(key, { value: 'x'.repeat(64 * 1024), expiresInS: 60 }, 'evil');
    expect(keys.filter((key) => cache.get(key) !== undefined)).toHaveLength(62);
  });

  test('for indexes of hundreds of platforms', async () => {
    const platforms = Array.from({ length: 400 }, (_, at) => ({
      os: 'linux',
      architecture: `a${at}`,
      variant: undefined,
    }));
    const client = fakeClient();
    client.details = async ({ reference }) => {
      client.requests.push(reference.text);
      return { ...DETAILS, platforms };
    };
    const scene = sceneOf(client);
    const questions = Array.from({ length: 40 }, (_, at) => imageLookupOf(`reg.io/x${at}:1`));
    for (const question of questions) await scene.lookUpDetails(question);
    client.requests.length = 0;
    for (const question of questions.toReversed()) await scene.lookUpDetails(question);
    expect(client.requests).toHaveLength(20);
  });
});
