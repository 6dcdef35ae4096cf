/** Rules read fields of their own, so they may be the first to meet one of another JSON type. */
import { expect, test } from 'vitest';
import { readNumber } from '../../src/pod/read.ts';
import { defineRule } from '../../src/policy/rule.ts';
import { policyOf } from '../policy/asking.ts';
import { ask, contextOf, podOf, requestOf, told } from './asking.ts';

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
  expect(told(await ask(requestOf(pod('high')), context))).toEqual([
    '/spec/priority: expected a number, found a string',
  ]);
});

test('such an old object had nothing that could be forgiven', async () => {
  const update = (oldObject: ReturnType<typeof pod>) => requestOf(pod('20'), { operation: 'UPDATE', oldObject });
  expect(told(await ask(update(pod('high')), context))).toEqual(['- reads-priority deny']);
  expect(told(await ask(update(pod('20')), context))).toEqual(['+- reads-priority warn']);
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
    const judged = async (extra: Parameters<typeof requestOf>[1]): Promise<string> => {
      const policies = specs.map((spec) => policyOf(`{${spec}}`, [readsPriority]));
      const verdict = await ask(requestOf(pod('high'), extra), contextOf(policies));
      const [finding] = verdict.findings;
      expect(verdict.allowed).toBe(finding?.action !== 'deny');
      return finding === undefined ? 'nothing' : `${finding.existing ? '+' : ''}${finding.action}`;
    };
    expect(await judged({})).toBe(created);
    expect(await judged({ operation: 'UPDATE', oldObject: { ...pod('high'), metadata: { name: 'p' } } })).toBe(updated);
  },
);
