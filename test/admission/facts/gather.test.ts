/** Facts from the world: looked up only if a rule in scope needs them, and unknown if a source does not respond. */
import { describe, expect, test } from 'vitest';
import { Outage, type World } from '../../../src/admission/context.ts';
import type { Decision } from '../../../src/admission/validate.ts';
import type { Fact, Facts, Need } from '../../../src/policy/fact.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { defineRule, type Rule } from '../../../src/policy/rule.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf } from '../decide.ts';

/** Says every fact that it was given. */
function tellRule<const N extends Need>(needs: readonly N[], tell: (facts: Pick<Facts, N>) => readonly string[]): Rule {
  return defineRule({
    name: 'tell',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs,
    prepare: () => ({ ok: true, value: undefined }),
    check: ({ facts }) =>
      tell(facts).map((message) => ({ state: 'violation', container: undefined, pointer: '', message })),
  });
}

const spelled = (fact: Fact<unknown>): string =>
  fact.state === 'yes' ? JSON.stringify(fact.value) : fact.state === 'no' ? 'no' : `unknown: ${fact.reason}`;

const labelsRule = tellRule(['namespaceLabels'], ({ namespaceLabels }) => [spelled(namespaceLabels)]);
const imagesRule = tellRule(['registryImages'], ({ registryImages }) =>
  [...registryImages].map(([at, fact]) => `${at}: ${fact.state === 'yes' ? fact.value.digest : fact.failure.message}`),
);
const secretsRule = tellRule(['pullSecrets'], ({ pullSecrets }) =>
  [...pullSecrets.values()].flatMap(({ secrets }) =>
    secrets.state === 'yes'
      ? secrets.value.map(({ name, secret }) => `${name}: ${spelled(secret)}`)
      : [spelled(secrets)],
  ),
);

const telling = (rule: Rule, scope = 'onUpdate: changed'): Policy =>
  policyOf(`{${scope}, rules: [{rule: tell, action: audit}]}`, [rule]);

const POD = podOf(
  '{serviceAccountName: shop, imagePullSecrets: [{name: a}, {name: b}], containers: [{name: x, image: "a:1"}, {name: w, image: "a:1"}, {name: z, image: "UPPER:"}], volumes: [{name: v, image: {reference: "m:3"}}]}',
);

const messages = (decision: Decision): readonly string[] =>
  decision.outcome === 'evaluated' ? decision.findings.map(({ message }) => message) : [decision.outcome];
const askPod = async (policy: Policy, ports: World, signal?: AbortSignal): Promise<readonly string[]> =>
  messages(await ask(requestOf(POD), contextOf([policy], ports), signal));

/** A port of each kind whose answer is `answer`, and what it was lookups. */
function portsThat(answer: () => Promise<Fact<never>>): { readonly ports: World; readonly lookups: string[] } {
  const lookups: string[] = [];
  const reply = (question: string): Promise<Fact<never>> => {
    lookups.push(question);
    return answer();
  };
  return {
    lookups,
    ports: {
      namespaces: { labelsOf: (namespace) => reply(namespace) },
      secrets: { secret: (namespace, name) => reply(`${namespace}/${name}`) },
      serviceAccounts: { pullSecretsOf: (namespace, name) => reply(`account ${namespace}/${name}`) },
    },
  };
}

const CASES: readonly (readonly [string, Policy, readonly string[], readonly string[]])[] = [
  ['namespace labels', telling(labelsRule), ['shop'], ['']],
  ['pull secrets', telling(secretsRule), ['shop/a', 'shop/b'], ['a: ', 'b: ']],
];

describe.each(CASES)('%s', (_what, policy, questions, places) => {
  test('are looked up once each, and passed to the rules', async () => {
    const { ports, lookups } = portsThat(() => Promise.resolve({ state: 'no' }));
    expect(await askPod(policy, ports)).toEqual(places.map((place) => `${place}no`));
    expect(lookups).toEqual(questions);
  });

  test('are unknown, with the reason, when the world does not answer', async () => {
    const { ports } = portsThat(() => Promise.reject(new Outage('registry.example.com answered 429')));
    expect(await askPod(policy, ports)).toEqual(
      places.map((place) => `${place}unknown: registry.example.com answered 429`),
    );
  });

  test('are unknown when the time is over before they are there', async () => {
    const controller = new AbortController();
    const { ports } = portsThat(() => new Promise(() => undefined));
    const answer = askPod(policy, ports, controller.signal);
    setTimeout(() => controller.abort(), 10);
    for (const message of await answer) expect(message).toMatch(/unknown: .+: no response before the deadline$/);
  });

  test('are unknown without a lookup after the deadline', async () => {
    const { ports, lookups } = portsThat(() => Promise.resolve({ state: 'no' }));
    const found = await askPod(policy, ports, AbortSignal.abort());
    expect(found).toHaveLength(places.length);
    for (const message of found) expect(message).toMatch(/unknown: .+: no response before the deadline$/);
    expect(lookups).toEqual([]);
  });

  test('are unknown when a port gives up because the time is over', async () => {
    const controller = new AbortController();
    const { ports } = portsThat(async () => {
      controller.abort();
      throw new DOMException('aborted', 'AbortError');
    });
    for (const message of await askPod(policy, ports, controller.signal))
      expect(message).toMatch(/unknown: .+: no response before the deadline$/);
  });

  test('that fail for any other reason are a bug, which is thrown', async () => {
    await expect(askPod(policy, portsThat(() => Promise.reject(new TypeError('a bug'))).ports)).rejects.toThrow(
      new TypeError('a bug'),
    );
    const throwing = portsThat(() => {
      throw new RangeError('at once');
    });
    await expect(askPod(policy, throwing.ports)).rejects.toThrow(new RangeError('at once'));
  });

  test('are not looked up if no rule in scope needs them', async () => {
    const { ports, lookups } = portsThat(() => Promise.resolve({ state: 'no' }));
    await ask(requestOf(POD), contextOf([policyOf('{rules: [{rule: image-digest}]}')], ports));
    await ask(requestOf(undefined, { operation: 'DELETE' }), contextOf([policy], ports));
    expect(lookups).toEqual([]);
  });
});

describe('without a port', () => {
  test('every fact is unknown, because there are no sources', async () => {
    expect(await askPod(telling(labelsRule), {})).toEqual([
      'unknown: the labels of namespace "shop" are not known here',
    ]);
    expect(await askPod(telling(imagesRule), {})).toEqual(
      ['containers/0/image', 'containers/1/image', 'volumes/0/image/reference'].map(
        (place) => `/spec/${place}: registry lookups are disabled`,
      ),
    );
    expect(await askPod(telling(secretsRule), {})).toEqual([
      'a: unknown: not connected to a cluster',
      'b: unknown: not connected to a cluster',
    ]);
  });

  test('a namespace is quoted when it is said', async () => {
    const request = requestOf(POD, { namespace: 'a\nb' });
    expect(messages(await ask(request, contextOf([telling(labelsRule)])))).toEqual([
      'unknown: the labels of namespace "a\\u000ab" are not known here',
    ]);
  });
});

test('digests and pull secrets are not looked up for a policy that does not apply', async () => {
  const { ports, lookups } = portsThat(() => Promise.resolve({ state: 'no' }));
  const elsewhere = 'match: {namespaces: [other]}';
  await ask(requestOf(POD), contextOf([telling(imagesRule, elsewhere), telling(secretsRule, elsewhere)], ports));
  expect(lookups).toEqual([]);
});

describe('the labels of a namespace', () => {
  const selecting = policyOf(
    '{match: {namespaceSelector: {matchLabels: {env: prod}}}, rules: [{rule: image-digest, onUnknown: deny}]}',
  );
  const withLabels = (fact: Fact<Readonly<Record<string, string>>>): World => ({
    namespaces: { labelsOf: () => Promise.resolve(fact) },
  });
  const outcomes = async (ports: World): Promise<readonly string[]> => {
    const decision = await ask(
      requestOf(podOf('{containers: [{name: x, image: "a:1"}]}')),
      contextOf([selecting], ports),
    );
    return decision.outcome === 'evaluated'
      ? decision.findings.map(({ outcome, action, message }) => `${outcome} ${action}: ${message}`)
      : [];
  };
  const MESSAGE = 'image "a:1" has no digest, so its content can change';

  test('decide whether a policy applies', async () => {
    expect(await outcomes(withLabels({ state: 'yes', value: { env: 'prod' } }))).toEqual([
      `violation deny: ${MESSAGE}`,
    ]);
    expect(await outcomes(withLabels({ state: 'yes', value: { env: 'dev' } }))).toEqual([]);
    expect(await outcomes(withLabels({ state: 'no' }))).toEqual([]);
  });

  test('leave a doubt when they are not known, and onUnknown decides', async () => {
    expect(await outcomes({})).toEqual([
      `unknown deny: ${MESSAGE} (cannot determine whether the policy applies: the labels of namespace "shop" are not known here)`,
    ]);
    const outage = { namespaces: { labelsOf: () => Promise.reject(new Outage('the API server is away')) } };
    expect(await outcomes(outage)).toEqual([
      `unknown deny: ${MESSAGE} (cannot determine whether the policy applies: the API server is away)`,
    ]);
  });

  test('are looked up once for a rule and a scope together, and never without a namespace', async () => {
    const { ports, lookups } = portsThat(() => Promise.resolve({ state: 'no' }));
    await ask(requestOf(POD), contextOf([selecting, telling(labelsRule), telling(labelsRule)], ports));
    expect(lookups).toEqual(['shop']);
    const set = objectOf(
      '{apiVersion: apps.kruise.io/v1alpha1, kind: SidecarSet, metadata: {name: s}, spec: {containers: [{name: log, image: "a:1"}]}}',
    );
    expect(messages(await ask(requestOf(set), contextOf([telling(labelsRule)], ports)))).toEqual(['no']);
    expect(
      messages(await ask(requestOf(POD, { namespace: undefined }), contextOf([telling(labelsRule)], ports))),
    ).toEqual(['no']);
    expect(lookups).toEqual(['shop']);
  });
});

test('pull secrets without a namespace are unknown', async () => {
  const { ports } = portsThat(() => Promise.resolve({ state: 'no' }));
  const found = await ask(requestOf(POD, { namespace: undefined }), contextOf([telling(secretsRule)], ports));
  expect(messages(found)).toEqual(['a: unknown: not connected to a cluster', 'b: unknown: not connected to a cluster']);
});

test('facts are looked up in parallel', async () => {
  const waiting: (() => void)[] = [];
  const { ports, lookups } = portsThat(
    () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ state: 'no' }));
        // No lookup resolves before all have started.
        if (waiting.length === 2) for (const answer of waiting) answer();
      }),
  );
  await ask(requestOf(POD), contextOf([telling(secretsRule)], ports));
  expect(lookups).toHaveLength(2);
});
