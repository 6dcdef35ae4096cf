/** Rules read fields of their own, so they may be the first to meet one of another JSON type. */
import { describe, expect, test } from 'vitest';
import { readNumber } from '../../src/pod/read.ts';
import { defineRule } from '../../src/policy/rule.ts';
import { deniedImages } from '../../src/admission/facts/denied-images.ts';
import { readyRules } from '../../src/policy/document.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { planned } from '../../src/policy/plan.ts';
import { kinds, policyOf, requestFor } from '../policy/fixtures.ts';
import { readWorkload } from '../pod/fixtures.ts';
import { ask, contextOf, podOf, requestOf, decisionTexts } from './decide.ts';

await readyRules({ spec: { rules: [{ rule: 'cel' }] } }, { rules: RULES, kinds });

const readsPriority = defineRule({
  name: 'reads-priority',
  description: 'For tests',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  prepare: () => ({ ok: true, value: undefined }),
  check: ({ pods }) =>
    pods.flatMap(({ spec, pointer }) => {
      const priority = readNumber(spec, 'priority', pointer) ?? 0;
      return priority < 10 ? [] : [{ state: 'violation', container: undefined, pointer, message: 'too high' }];
    }),
});
const context = contextOf([policyOf('{rules: [{rule: reads-priority}]}', [readsPriority])]);
const pod = (priority: string) => podOf(`{priority: ${priority}, containers: [{name: web, image: nginx}]}`);

test('such an object is malformed, whatever the action of the rule', async () => {
  expect(decisionTexts(await ask(requestOf(pod('high')), context))).toEqual([
    '/spec/priority: expected a number, found a string',
  ]);
});

test('such an old object had nothing that could be forgiven', async () => {
  const update = (oldObject: ReturnType<typeof pod>) => requestOf(pod('20'), { operation: 'UPDATE', oldObject });
  expect(decisionTexts(await ask(update(pod('high')), context))).toEqual(['- reads-priority deny']);
  expect(decisionTexts(await ask(update(pod('20')), context))).toEqual(['+- reads-priority warn']);
});

const DENY = 'rules: [{rule: reads-priority}]';
const ALL = `onUpdate: all, ${DENY}`;
const WARN = 'rules: [{rule: reads-priority, action: warn}]';
const UNKNOWN = 'rules: [{rule: reads-priority, action: warn, onUnknown: deny}]';
const LENIENT = 'rules: [{rule: reads-priority, onUnknown: warn}]';

test.each<[specs: readonly string[], created: string, updated: string]>([
  [[DENY], 'deny', '+warn'],
  [[ALL], 'deny', 'deny'],
  [[DENY, ALL], 'deny', 'deny'],
  [[ALL, DENY], 'deny', 'deny'],
  [[WARN, ALL], 'deny', 'deny'],
  [[WARN, DENY], 'deny', '+warn'],
  [[WARN], 'warn', '+warn'],
  [[UNKNOWN], 'deny', '+warn'],
  [[WARN, UNKNOWN, ALL], 'deny', 'deny'],
  [[LENIENT], 'deny', '+warn'],
  [[], 'nothing', 'nothing'],
])(
  'an object that cannot be read, by %j: created %s, updated with another label %s',
  async (specs, created, updated) => {
    const outcomeWith = async (extra: Parameters<typeof requestOf>[1]): Promise<string> => {
      const policies = specs.map((spec) => policyOf(`{${spec}}`, [readsPriority]));
      const decision = await ask(requestOf(pod('high'), extra), contextOf(policies));
      const [finding] = decision.findings;
      expect(decision.allowed).toBe(finding?.action !== 'deny');
      return finding === undefined ? 'nothing' : `${finding.existing ? '+' : ''}${finding.action}`;
    };
    expect(await outcomeWith({})).toBe(created);
    expect(await outcomeWith({ operation: 'UPDATE', oldObject: { ...pod('high'), metadata: { name: 'p' } } })).toBe(
      updated,
    );
  },
);

/** Each finding costs memory, and an object can have 50,000 containers, with each of which every rule finds fault. */
describe('an object in which too much is found', () => {
  const TWICE = 'rules: [{rule: image-digest}, {rule: image-tag, parameters: {required: true}}]';
  const ONCE = 'rules: [{rule: image-digest}]';
  const MILD =
    'rules: [{rule: image-digest, action: warn}, {rule: image-tag, action: audit, parameters: {required: true}}]';
  const CEL = 'rules: [{rule: cel, parameters: {expression: \'container.name != "x"\'}}]';
  const ports = {
    name: 'c',
    image: 'x:1@sha256:'.padEnd(75, 'a'),
    ports: Array.from({ length: 10_002 }, () => ({ containerPort: 1 })),
  };
  const of = (containers: readonly object[], labels = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels },
    spec: { containers },
  });
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: `x${index}` }));
  const TOO_MANY = ': expected at most 10000 findings, found more';

  test.each<[what: string, specs: readonly string[], containers: readonly object[], is: string]>([
    ['as many as there may be', [TWICE], many(5000), '10000 findings, denied'],
    ['one more', [TWICE], many(5001), `${TOO_MANY}, denied`],
    ['of one rule', [ONCE], many(10_001), `${TOO_MANY}, denied`],
    ['of several policies', [ONCE, ONCE, ONCE], many(3334), `${TOO_MANY}, denied`],
    ['of one container', ['rules: [{rule: container-ports}]'], [ports], `${TOO_MANY}, denied`],
    ['where nothing denies', [MILD], many(5001), `${TOO_MANY}, allowed`],
    ['where only another rule denies', [MILD, 'rules: [{rule: container-name}]'], many(5001), `${TOO_MANY}, denied`],
    [
      'CEL with more containers than the limit',
      [CEL],
      many(10_001),
      ': expected at most 10000 containers, found more, denied',
    ],
    ['CEL with as many containers as the limit', [CEL], many(10_000), '0 findings, allowed'],
    ['that only pins', ['pin: {}'], many(10_001), '0 findings, allowed'],
  ])('%s', async (_what, specs, containers, is) => {
    const decision = await ask(requestOf(of(containers)), contextOf(specs.map((spec) => policyOf(`{${spec}}`))));
    const [found] = decisionTexts(decision);
    const count = decision.outcome === 'malformed' ? found : `${decision.findings.length} findings`;
    expect(`${count}, ${decision.allowed ? 'allowed' : 'denied'}`).toBe(is);
  });

  test('is forgiven as it is stored, and by nothing that it has in common', async () => {
    const policies = contextOf([policyOf(`{${TWICE}}`)]);
    const oldObject = of(many(5001));
    const update = (object: ReturnType<typeof of>) =>
      ask(requestOf(object, { operation: 'UPDATE', oldObject }), policies);
    expect((await update(of(many(5001), { more: 'yes' }))).allowed).toBe(true);
    expect((await update(of(many(5002)))).allowed).toBe(false);
    expect((await update(of(many(5000)))).allowed).toBe(false);
  });

  test('has none of its images looked up', () => {
    const request = requestFor(readWorkload(of(many(5001))));
    const denied = deniedImages(planned([policyOf(`{${TWICE}}`)], request), request);
    expect(request.workload.containers.filter((container) => denied(container) === undefined)).toEqual([]);
  });
});
