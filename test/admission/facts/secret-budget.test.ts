/** One object can name 100 Secrets of 1 MiB; reading them all would delay other reviews. */
import { describe, expect, test } from 'vitest';
import { Outage, type SecretSource } from '../../../src/admission/context.ts';
import { createLookups } from '../../../src/admission/facts/lookups.ts';
import { pullSecret } from '../../../src/credential/pull-secret.ts';
import type { Fact } from '../../../src/policy/fact.ts';
import { kinds, policyOf } from '../../policy/fixtures.ts';
import { ask, contextOf, podOf, requestOf } from '../decide.ts';

const MIB = 1024 * 1024;
const secretOf = (name: string, bytes: number, type = 'Opaque'): Fact<ReturnType<typeof pullSecret>> => ({
  state: 'yes',
  value: pullSecret({ name, type, data: new Map(), bytes }),
});
const TOO_LARGE = {
  state: 'unknown',
  reason: 'the pull secrets of the object need more than 8 MiB of memory',
  causedBy: 'author',
};

async function lookUpAll(count: number, secrets: SecretSource): Promise<readonly unknown[]> {
  const { signal } = new AbortController();
  const lookups = createLookups('shop', { kinds, policies: [], world: { secrets } }, signal);
  return Promise.all(Array.from({ length: count }, async (_, index) => lookups.secret(`s${index}`)));
}

describe('the Secrets of one object', () => {
  test.each<[string, SecretSource['secret']]>([
    ['known', (_namespace, name) => secretOf(name, MIB)],
    ['looked up', async (_namespace, name) => secretOf(name, MIB)],
  ])('can take 8 MiB of memory if they are %s, and more is unknown because of the author', async (_how, secret) => {
    const facts = await lookUpAll(6, { secret });
    expect(facts.slice(0, 4)).toMatchObject(Array.from({ length: 4 }, () => ({ state: 'yes' })));
    expect(facts.slice(4)).toEqual([TOO_LARGE, TOO_LARGE]);
  });

  test('are not waited for when the others have too many bytes', async () => {
    const waiting = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const facts = await lookUpAll(100, {
      secret: (_namespace, name, signal) => (name < 's2' ? waiting(signal) : Promise.resolve(secretOf(name, 3 * MIB))),
    });
    expect(facts[0]).toEqual(TOO_LARGE);
    expect(facts.filter((fact) => (fact as Fact<unknown>).state === 'yes')).toHaveLength(1);
  });

  test('of 2.5 MiB are read again for a new decision', async () => {
    const secret: SecretSource['secret'] = (_namespace, name) => secretOf(name, 2.5 * MIB);
    expect(await lookUpAll(1, { secret })).toMatchObject([{ state: 'yes' }]);
    expect(await lookUpAll(1, { secret })).toMatchObject([{ state: 'yes' }]);
  });

  test('are unknown because of the environment in an outage', async () => {
    const secret: SecretSource['secret'] = () => Promise.reject(new Outage('away'));
    expect(await lookUpAll(1, { secret })).toEqual([{ state: 'unknown', reason: 'away' }]);
  });

  test('that are too large deny the object', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `{name: s${index}}`);
    const pod = podOf(`{imagePullSecrets: [${names.join(', ')}], containers: [{name: web, image: "reg.io/web:1"}]}`);
    const world = { secrets: { secret: async (_: string, name: string) => secretOf(name, MIB, 'kubernetes.io/tls') } };
    const policy = policyOf('{rules: [{rule: pull-secret-coverage, action: deny}]}');
    expect(await ask(requestOf(pod), contextOf([policy], world))).toMatchObject({
      findings: [{ outcome: 'unknown', action: 'deny' }],
    });
  });
});
