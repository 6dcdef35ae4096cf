/** A plan for a namespace must say what each policy says by itself, and ask what several policies share once. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/policy/document.ts';
import { type Finding } from '../../src/policy/finding.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { type Covering, coveredBy, needsLabels, planned } from '../../src/policy/plan.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type Check, defineRule, type Rule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import type { ScopeRequest } from '../../src/policy/scope-request.ts';
import { kinds, pod, requestFor, workload } from './fixtures.ts';
import { NO_FACTS } from '../../src/policy/fact.ts';

/** As a folder of policies is read: together. */
function policiesOf(specs: readonly object[], rules: readonly Rule[] = RULES): readonly Policy[] {
  const vocabulary = { rules, kinds, checks: new Map<string, Check>() };
  return specs.map((spec, index) => {
    const metadata = { name: `p${index}` };
    const read = readPolicy({ apiVersion: 'tidewaiter.dev/v1alpha1', kind: 'ImagePolicy', metadata, spec }, vocabulary);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    return read.policy;
  });
}

function findings(covering: Covering, request: ScopeRequest): readonly Finding[] {
  const facts = { namespaceLabels: request.namespaceLabels, ...NO_FACTS };
  return evaluate(covering, { request, facts, canChange: undefined });
}

const POD = pod(`{
  initContainers: [{name: i, image: "a/i:1"}], containers: [{name: r, image: "b/r:1"}, {name: broken, image: "UPPER"}],
  volumes: [{name: v, image: {reference: "b/v"}}]}`);
const FINE = pod(`{containers: [{name: r, image: "b/r:1@sha256:${'a'.repeat(64)}"}]}`);
const CLUSTER_SCOPED = workload(
  '{apiVersion: apps.kruise.io/v1alpha1, kind: SidecarSet, metadata: {name: s}, spec: {containers: [{name: web, image: "nginx"}]}}',
);

describe('a plan', () => {
  const globs = fc.subarray(['shop', 'sh*', 'other', '*', 'a', '*-b']);
  const clause = fc.record(
    {
      namespaces: globs,
      kinds: fc.subarray(['Pod', 'SidecarSet', '*']),
      operations: fc.subarray(['CREATE', 'UPDATE']),
      users: fc.subarray(['jane', 'joe']),
      containers: fc.subarray(['init', 'regular', 'volume']),
      images: fc.subarray(['**/b/**', 'docker.io/a/*']),
      namespaceSelector: fc.constantFrom({}, { matchLabels: { env: 'prod' } }),
    },
    { requiredKeys: [] },
  );
  const rule = fc.constantFrom(
    { rule: 'image-tag', parameters: { deny: ['latest'] } },
    { rule: 'image-digest' },
    { rule: 'image-digest', action: 'audit' },
    { rule: 'container-resources', parameters: { limits: ['memory'] } },
    { rule: 'image-reference', onUnknown: 'deny' },
  );
  const spec = fc.record(
    { match: clause, exclude: clause, rules: fc.array(rule, { minLength: 1, maxLength: 3 }) },
    { requiredKeys: ['rules'] },
  );
  const extras = fc.record({
    namespace: fc.constantFrom('shop', 'other', 'x-b', 'y'.repeat(70), undefined),
    operation: fc.constantFrom('CREATE' as const, 'UPDATE' as const),
    user: fc.constantFrom(undefined, { name: 'jane', groups: [] }),
    workload: fc.constantFrom(POD, FINE, CLUSTER_SCOPED),
  });

  test('says the same as asking each policy, the first time and the second', () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 5 }), fc.array(extras, { minLength: 1, maxLength: 4 }), (specs, all) => {
        const policies = policiesOf(specs);
        for (const extra of [...all, ...all]) {
          const request = requestFor(POD, extra);
          const plan = planned(policies, request);
          const plain = coveredBy(policies, request);
          expect(findings(plan, request)).toEqual(findings(plain, request));
          expect([...plan.needs].sort()).toEqual([...plain.needs].sort());
          expect(plan.policies.map(({ policy }) => policy.name)).toEqual(
            plain.policies.map(({ policy }) => policy.name),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is worked out once for a namespace, when only namespaces decide', () => {
    const policies = policiesOf([
      { match: { namespaces: ['shop'] }, rules: [{ rule: 'image-digest' }] },
      { exclude: { namespaces: ['kube-*'] }, rules: [{ rule: 'image-digest' }] },
    ]);
    const plan = planned(policies, requestFor(POD));
    expect(planned(policies, requestFor(FINE))).toBe(plan);
    expect(planned(policies, requestFor(POD, { namespace: 'other' }))).not.toBe(plan);
    expect(plan.shared?.all).toHaveLength(1);
  });

  test('does not keep namespaces without end', () => {
    const policies = policiesOf([{ rules: [{ rule: 'image-digest' }] }]);
    const first = planned(policies, requestFor(POD));
    for (let index = 0; index < 1000; index++) planned(policies, requestFor(POD, { namespace: `n${index}` }));
    expect(planned(policies, requestFor(POD))).not.toBe(first);
    const long = requestFor(POD, { namespace: 'n'.repeat(64) });
    expect(planned(policies, long)).not.toBe(planned(policies, long));
  });

  test('knows whether labels of namespaces are needed', () => {
    const rules = [{ rule: 'image-digest' }];
    expect(
      needsLabels(policiesOf([{ rules }, { match: { namespaceSelector: { matchLabels: { env: 'prod' } } }, rules }])),
    ).toBe(true);
    expect(needsLabels(policiesOf([{ rules }]))).toBe(false);
    expect(needsLabels([])).toBe(false);
  });
});

describe('an image that has passed', () => {
  const tagged = (tag: string): ReturnType<typeof pod> => pod(`{containers: [{name: c, image: "a:${tag}"}]}`);
  const policies = policiesOf([
    { rules: [{ rule: 'image-tag', parameters: { deny: ['latest'] } }, { rule: 'container-name' }] },
  ]);
  const messagesOf = (of: ReturnType<typeof pod>): readonly string[] => {
    const request = requestFor(of);
    return findings(planned(policies, request), request).map(({ message }) => message);
  };
  const { shared } = planned(policies, requestFor(POD));

  test('is not checked again by rules that read only images, but by all other rules', () => {
    expect(messagesOf(tagged('1'))).toEqual([]);
    expect(shared?.passed.size).toBe(1);
    expect(messagesOf(pod('{containers: [{name: C, image: "a:1"}]}'))).toEqual([
      'container name "C" is not a DNS label',
    ]);
    expect(messagesOf(tagged('1'))).toEqual([]);
  });

  test('says nothing of another, and one that has not is told each time', () => {
    const latest = ['image "a:latest" uses tag "latest", which is not allowed'];
    expect([messagesOf(tagged('latest')), messagesOf(tagged('latest'))]).toEqual([latest, latest]);
    expect(messagesOf(pod('{containers: [{name: a, image: "a:1"}, {name: b, image: "a:latest"}]}'))).toEqual(latest);
  });

  test('is not kept when it is long, nor without end', () => {
    expect(messagesOf(tagged('x'.repeat(128)))).toEqual([]);
    const before = shared?.passed.size ?? 0;
    expect(messagesOf(pod(`{containers: [{name: c, image: "${'a'.repeat(250)}.io/${'b'.repeat(60)}:1"}]}`))).toEqual(
      [],
    );
    expect(shared?.passed.size).toBe(before);
    for (let index = 0; index < 2100; index++) messagesOf(tagged(`v${index}`));
    expect(shared?.passed.size).toBeLessThanOrEqual(2000);
  });
});

test('rules that call themselves about images only say the same of an image in whatever container', async () => {
  for (const rule of RULES) await rule.ready?.();
  const images = RULES.filter((rule) => {
    const bound = rule.bind(rule.name === 'image-digest' ? {} : (rule.docs?.example.parameters ?? {}));
    return bound.ok && bound.value.imagesOnly;
  });
  expect(images.map(({ name }) => name)).toEqual([
    'image-digest',
    'image-qualified',
    'image-reference',
    'image-registry',
    'image-tag',
  ]);
  const list = '[{name: a, image: "nginx"}, {image: "nginx", imagePullPolicy: Never, ports: [{containerPort: 1}]}]';
  const everywhere = pod(
    `{initContainers: ${list}, containers: ${list}, ephemeralContainers: ${list}, volumes: [{name: v, image: {reference: nginx}}]}`,
  );
  for (const { name } of images) {
    const parameters =
      name === 'image-tag' ? { deny: ['latest'] } : name === 'image-registry' ? { deny: ['docker.io/**'] } : {};
    const [policy] = policiesOf([{ rules: [{ rule: name, parameters }] }]);
    if (policy === undefined) throw new Error('no policy');
    const request = requestFor(everywhere);
    const messagesOf = findings(coveredBy([policy], request), request).map(({ message }) => message);
    expect(new Set(messagesOf).size).toBe(name === 'image-reference' ? 0 : 1);
    expect([0, 7]).toContain(messagesOf.length);
  }
});

describe('a check that several policies share', () => {
  interface CallCount {
    bound: number;
    run: number;
  }

  function counting(seen: CallCount, answer: (mark: string) => readonly string[]): Rule {
    return defineRule({
      name: 'counting',
      description: 'Counts how often it is asked',
      parameters: { type: 'object', additionalProperties: false, properties: { mark: { type: 'string' } } },
      needs: [],
      prepare({ mark = '' }: { mark?: string }) {
        seen.bound += 1;
        return { ok: true, value: mark };
      },
      check(_subject, mark) {
        seen.run += 1;
        return answer(mark).map((message) => ({ state: 'violation', container: undefined, pointer: '', message }));
      },
    });
  }

  const use = (mark?: string): object => ({
    rule: 'counting',
    ...(mark === undefined ? {} : { parameters: { mark } }),
  });

  function messagesOf(rule: Rule, specs: readonly object[]): readonly string[] {
    const request = requestFor(POD);
    return findings(planned(policiesOf(specs, [rule]), request), request).map(
      ({ policy, message }) => `${policy}: ${message}`,
    );
  }

  test('is compiled and run once for all policies', () => {
    const seen = { bound: 0, run: 0 };
    const rule = counting(seen, (mark) => (mark === 'b' ? ['bad'] : []));
    const specs = [{ rules: [use('a'), use('b')] }, { rules: [use('b'), use()] }, { rules: [use('a'), use()] }];
    expect(messagesOf(rule, specs)).toEqual(['p0: bad', 'p1: bad']);
    expect(seen).toEqual({ bound: 3, run: 3 });
  });

  test('is asked again for other containers', () => {
    const seen = { bound: 0, run: 0 };
    const rule = counting(seen, () => ['bad']);
    expect(messagesOf(rule, [{ rules: [use()] }, { match: { containers: ['init'] }, rules: [use()] }])).toEqual([
      'p0: bad',
      'p1: bad',
    ]);
    expect(seen).toEqual({ bound: 1, run: 2 });
  });

  test('that fails is an error in every policy, and the others are still asked', () => {
    const seen = { bound: 0, run: 0 };
    const rule = counting(seen, (mark) => {
      if (mark === 'broken') throw new Error('oh');
      return mark === 'bad' ? ['bad'] : [];
    });
    const broken = 'the rule failed: "Error: oh"';
    expect(messagesOf(rule, [{ rules: [use('fine'), use('broken'), use('bad')] }, { rules: [use('broken')] }])).toEqual(
      [`p0: ${broken}`, 'p0: bad', `p1: ${broken}`],
    );
  });

  test('has its own action and words in each policy', () => {
    const policies = policiesOf([
      { rules: [{ rule: 'image-digest', action: 'warn' }] },
      { rules: [{ rule: 'image-digest', message: 'ask the platform team' }] },
    ]);
    const request = requestFor(pod('{containers: [{name: c, image: "a:1"}]}'));
    expect(findings(planned(policies, request), request).map(({ action, message }) => [action, message])).toEqual([
      ['warn', 'image "a:1" has no digest, so its content can change'],
      ['deny', 'image "a:1" has no digest, so its content can change; ask the platform team'],
    ]);
  });
});
