/** Which rules read values that a recording does not contain. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/admission/context.ts';
import { answerText, decisionReview, readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { createGuard } from '../../src/plugin/guard.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { defineRule, type Rule } from '../../src/policy/rule.ts';
import { cel } from '../../src/policy/rules/cel.ts';
import { observeReads, type ReadObserver } from '../../src/recording/lost-reads.ts';
import { redactReview } from '../../src/recording/redact/review.ts';
import { kindFixtures } from '../pod/fixtures.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { createReview } from '../support/review.ts';
import { fixturesOf, loadFixture } from '../support/rule-fixtures.ts';
import { planted } from './canaries.ts';

beforeAll(() => cel.ready?.());

async function decided(review: JsonObject, context: Context): Promise<string> {
  const read = readReview(review);
  if (!read.ok) throw new Error(read.problem);
  const decision = await validate(read.review.request, context, new AbortController().signal);
  return answerText(decisionReview(read.review, decision));
}

const celPolicy = (...expressions: readonly string[]): Policy =>
  policyOf(
    `{match: {}, rules: ${JSON.stringify(expressions.map((expression) => ({ rule: 'cel', parameters: { expression } })))}}`,
  );

interface PluginSubject {
  readonly containers: readonly { readonly fields: JsonObject; readonly image: { readonly text: string } }[];
  readonly workload: { readonly object: JsonObject };
}

/** A rule of a plugin that denies if `test` returns true. */
function pluginPolicy(isDenied: (subject: PluginSubject) => boolean): Policy {
  const rule = defineRule({
    name: 'own',
    description: 'own rule',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: (subject) =>
      isDenied(subject)
        ? [{ state: 'violation', container: subject.containers[0], pointer: '/spec', message: 'denied' }]
        : [],
  });
  const guard = createGuard(new Map([['own', 'own.ts']]), { timeoutMs: 10_000 });
  const guarded: Rule = {
    ...rule,
    bind(parameters) {
      const bound = rule.bind(parameters);
      return bound.ok ? { ok: true, value: { ...bound.value, guard } } : bound;
    },
  };
  return policyOf('{match: {}, rules: [{rule: own}]}', [guarded]);
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', annotations: { team: 'shop' }, managedFields: [{ manager: 'kubectl' }] },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'nginx:1.27',
        args: ['--password=hunter22', '--verbose'],
        env: [
          { name: 'MODE', value: 'fast' },
          { name: 'TOKEN', valueFrom: {} },
        ],
      },
    ],
  },
};

async function lostIn(policy: Policy, review: JsonObject): Promise<readonly string[]> {
  const { review: recorded, redacted } = redactReview(review);
  const observer = observeReads([policy]);
  observer.begin(redacted);
  await decided(recorded, { kinds, policies: observer.policies });
  return observer.lostReads().map(({ rule }) => rule);
}

describe('a CEL rule', () => {
  const cases: readonly (readonly [expression: string, isLost: boolean])[] = [
    ["object.metadata.annotations['team'] == 'shop'", true],
    ["object.metadata.annotations['other'] == 'shop'", false],
    ['has(object.metadata.annotations)', false],
    ['has(object.metadata.managedFields)', true],
    ['object.metadata.name == "web"', false],
    ['object.spec.containers.all(c, c.image != "a")', false],
    ['object.spec.containers.all(c, c.env.all(e, e.name != "X"))', false],
    ['object.spec.containers.all(c, c.env.all(e, e.?value.orValue("") != "X"))', true],
    ['object.spec.containers == [{}]', false],
    ['!has(container.env) || container.env.size() < 3', false],
    ['container.env[0].value == "fast"', true],
    ['container.env[1].name == "TOKEN"', false],
    ['!container.args.exists(a, a == "--x")', true],
    ['image.registry == "docker.io"', false],
    ['request.userInfo.username == "jane"', false],
  ];

  test.each(cases)('%s: %j', async (expression, isLost) => {
    expect(await lostIn(celPolicy(expression), createReview(POD))).toEqual(isLost ? ['cel'] : []);
  });

  test('about an update also reads what it compares with the stored object', async () => {
    const review = createReview(POD, { operation: 'UPDATE', oldObject: structuredClone(POD) });
    expect(await lostIn(celPolicy('object.spec.containers.size() > 1'), review)).toEqual(['cel']);
    expect(await lostIn(celPolicy('object.spec.containers.size() == 1'), review)).toEqual([]);
  });

  test('reads nothing that is lost in a review without such values', async () => {
    const observer = observeReads([celPolicy("object.metadata.annotations['team'] == 'shop'")]);
    observer.begin([]);
    await decided(createReview(POD), { kinds, policies: observer.policies });
    expect(observer.lostReads()).toEqual([]);
  });

  test('reads lost values if too many were lost to list them', async () => {
    const observer = observeReads([celPolicy('object.metadata.name == "web"')]);
    observer.begin(['/request/object']);
    await decided(createReview(POD), { kinds, policies: observer.policies });
    expect(observer.lostReads()).toEqual([{ policy: 'test', rule: 'cel' }]);
  });

  test('reads lost fields of the request', async () => {
    const observer = observeReads([celPolicy('request.userInfo.username == "jane"')]);
    observer.begin(['/request/userInfo/username']);
    await decided(createReview(POD), { kinds, policies: observer.policies });
    expect(observer.lostReads()).toEqual([{ policy: 'test', rule: 'cel' }]);
  });
});

test.each([
  ['object.spec.manifests.exists(m, m.kind == "Pod" && m.spec.containers[0].image == "nginx:1.27")', false],
  ['object.spec.manifests.exists(m, m.kind == "Secret" && m.metadata.name == "s" && m.type == "Opaque")', false],
  ['image.registry == "docker.io"', false],
  ['object.spec.manifests.exists(m, m.kind == "Secret" && m.data.size() == 1)', true],
  ['object.spec.manifests.exists(m, m.kind == "Secret" && has(m.metadata.labels))', true],
])('a Secret beside a Pod in one object, and %s', async (expression, isLost) => {
  const secret = { kind: 'Secret', metadata: { name: 's', labels: { a: 'b' } }, type: 'Opaque', data: { a: 'eA==' } };
  const object = {
    apiVersion: 'work.open-cluster-management.io/v1',
    kind: 'ManifestWork',
    metadata: { name: 'work', namespace: 'shop' },
    spec: { manifests: [secret, POD], workload: { manifests: [secret, POD] } },
  };
  expect(await lostIn(celPolicy(expression), createReview(object))).toEqual(isLost ? ['cel'] : []);
});

test.each([
  ['image.registry == "docker.io"', true],
  ['original.registry == "docker.io"', true],
  ['object.metadata.name == "web"', false],
])('an image that is lost, and %s', async (expression, isLost) => {
  const observer = observeReads([celPolicy(expression)]);
  observer.begin(['/request/object/spec/containers/*/image']);
  await decided(createReview(POD), { kinds, policies: observer.policies });
  expect(observer.lostReads()).toEqual(isLost ? [{ policy: 'test', rule: 'cel' }] : []);
});

describe('a rule of a plugin', () => {
  const cases: readonly (readonly [string, (subject: PluginSubject) => boolean, boolean])[] = [
    ['an image', ({ containers }) => containers[0]?.image.text === 'nginx:1.27', false],
    ['a name', ({ containers }) => containers.some(({ fields }) => fields['name'] === 'x'), false],
    ['the environment', ({ containers }) => JSON.stringify(containers[0]?.fields['env']).includes('fast'), true],
    ['an object', ({ workload }) => JSON.stringify(workload.object).length > 5, true],
    ['names of variables', ({ workload }) => Object.keys(workload.object).length === 1, false],
    ['a copy', ({ workload }) => structuredClone(workload.object)['kind'] === 'Pod', true],
  ];

  test.each(cases)('that reads %s', async (_name, isDenied, isLost) => {
    expect(await lostIn(pluginPolicy(isDenied), createReview(POD))).toEqual(isLost ? ['own'] : []);
  });

  test('has the same finding as without an observer', async () => {
    const policy = pluginPolicy(() => true);
    const observer: ReadObserver = observeReads([policy]);
    observer.begin(['/request/object/spec/containers/*/env/*/value']);
    const review = createReview(POD);
    expect(await decided(review, { kinds, policies: observer.policies })).toBe(
      await decided(review, { kinds, policies: [policy] }),
    );
  });
});

test.each(fixturesOf('cel'))('the fixture %s has the same answer when its reads are observed', async (file) => {
  const { review, context } = await loadFixture('cel', file);
  const observer = observeReads(context.policies);
  observer.begin(['/request/object/metadata/nothing']);
  expect(await decided(review, { ...context, policies: observer.policies })).toBe(await decided(review, context));
});

test('an answer that changes by redaction depends on rules that read lost values', async () => {
  const policy = celPolicy(
    'object.metadata.?annotations.orValue({}).all(k, object.metadata.annotations[k].size() < 12)',
    'container.?env.orValue([]).all(e, string(e).size() < 40)',
    'container.?args.orValue([]).all(a, a.size() < 20)',
    'object.?config.orValue("") == object.?config.orValue("")',
    'container.?livenessProbe.orValue({}) == {} || string(container.livenessProbe.httpGet) != ""',
    'oldObject == null || object.?status.orValue({}) == oldObject.?status.orValue({})',
    'image.name != ""',
  );
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(planted(kindFixtures().map(({ object }) => object)), async ({ review }) => {
      const { review: recorded, redacted } = redactReview(review);
      const observer = observeReads([policy]);
      observer.begin(redacted);
      const before = await decided(review, { kinds, policies: [policy] });
      const after = await decided(recorded, { kinds, policies: [policy] });
      if (before === after) return;
      expect(await decided(recorded, { kinds, policies: observer.policies })).toContain(
        'that the recording does not contain',
      );
      changed += 1;
      expect(observer.lostReads()).toEqual([{ policy: 'test', rule: 'cel' }]);
    }),
    { numRuns: 300 },
  );
  expect(changed).toBeGreaterThan(10);
});
