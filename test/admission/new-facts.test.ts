/** A decision that rests on remembered facts is repeated with new ones, unless it stays anyway. */
import { describe, expect, test } from 'vitest';
import { type Context, Outage, type World } from '../../src/admission/context.ts';
import { decideWithNewFacts } from '../../src/admission/new-facts.ts';
import { type Decision, validate } from '../../src/admission/validate.ts';
import type { PullSecret } from '../../src/credential/pull-secret.ts';
import type { Fact } from '../../src/policy/fact.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import { policyOf } from '../policy/fixtures.ts';
import { contextOf, podOf, requestOf } from './decide.ts';

const POLICY = policyOf('{rules: [{rule: pull-secret-coverage, action: deny, parameters: {nodeCredentials: []}}]}');
const OLD = secretFor('pull', 'other.example.com');
const NEW = secretFor('pull', 'registry.example.com');

interface Surroundings {
  readonly remembered?: PullSecret;
  readonly accounts?: World['serviceAccounts'];
  /** New facts cannot be read. */
  readonly isOutage?: boolean;
}

/** The decisions on a Pod, and the lookups; `!` marks those that want new facts. */
async function decide(
  { remembered, accounts, isOutage = false }: Surroundings,
  spec = 'imagePullSecrets: [{name: pull}],',
): Promise<readonly string[]> {
  const lookups: string[] = [];
  const secrets: World['secrets'] = {
    async secret(_namespace, name, _signal, refresh = false): Promise<Fact<PullSecret>> {
      lookups.push(`${name}${refresh ? '!' : ''}`);
      if (isOutage && refresh) throw new Outage('the API server did not return it');
      if (remembered === undefined || refresh) return { state: 'yes', value: NEW };
      return { state: 'yes', value: remembered, isRemembered: true };
    },
  };
  const context = contextOf([POLICY], { secrets, serviceAccounts: accounts });
  const pod = podOf(`{${spec} containers: [{name: a, image: "registry.example.com/a:1"}]}`);
  const request = requestOf(pod, { pluginsRan: accounts === undefined });
  const signal = new AbortController().signal;
  const attempt = (known: Context): Decision | Promise<Decision> => validate(request, known, signal);
  const decision = await decideWithNewFacts(context, attempt, (one) => one.allowed);
  const { allowed } = decision;
  const isUnknown = decision.findings.some(({ outcome }) => outcome === 'unknown');
  return [`${allowed ? 'allowed' : 'denied'}${isUnknown ? ', unknown' : ''}`, ...lookups];
}

describe('a decision', () => {
  test('is repeated when a remembered Secret denies: it was rotated', async () => {
    expect(await decide({ remembered: OLD })).toEqual(['allowed', 'pull', 'pull!']);
  });

  test('stays when it allows with a remembered Secret', async () => {
    expect(await decide({ remembered: NEW })).toEqual(['allowed', 'pull']);
  });

  test('is unknown when a remembered Secret denies in an outage', async () => {
    expect(await decide({ remembered: OLD, isOutage: true })).toEqual(['allowed, unknown', 'pull', 'pull!']);
  });

  test('stays when it allows with a remembered Secret in an outage', async () => {
    expect(await decide({ remembered: NEW, isOutage: true })).toEqual(['allowed', 'pull']);
  });

  test('stays when it rests on new facts', async () => {
    expect(await decide({})).toEqual(['allowed', 'pull']);
  });

  test('is repeated when the remembered list of a ServiceAccount denies', async () => {
    const accounts: World['serviceAccounts'] = {
      async pullSecretsOf(_namespace, _name, _signal, refresh) {
        return refresh === true ? { state: 'yes', value: ['pull'] } : { state: 'yes', value: [], isRemembered: true };
      },
    };
    expect(await decide({ accounts }, '')).toEqual(['allowed', 'pull!']);
  });

  test('is not a promise if no source is needed', () => {
    const context = contextOf([POLICY]);
    expect(
      decideWithNewFacts(
        context,
        () => 'decision',
        () => false,
      ),
    ).toBe('decision');
  });
});
