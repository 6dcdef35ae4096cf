/** How findings come out of rules: actions, unknowns, what is told once, and rules that fail. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Container } from '../../src/pod/containers.ts';
import type { Fact, Facts, Labels } from '../../src/policy/fact.ts';
import { defineRule, type ParameterSchema, type Problem, type Rule, type Subject } from '../../src/policy/rule.ts';
import type { Guard } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from './fixtures.ts';

const NO_PARAMETERS: ParameterSchema = { type: 'object', additionalProperties: false, properties: {} };

function rule(name: string, check: (subject: Subject) => readonly Problem[]): Rule {
  return defineRule({
    name,
    description: 'For tests',
    parameters: NO_PARAMETERS,
    needs: [],
    prepare: () => ({ ok: true, value: undefined }),
    check,
  });
}

const broken = pod('{containers: [{name: a, image: "A:"}, {name: b, image: "B:"}, {name: c, image: c}]}');

describe('one image that no rule can read', () => {
  const ask = (rules: string): readonly string[] =>
    findingsOf([policyOf(`{match: {containers: [regular]}, rules: ${rules}}`)], requestFor(broken)).map(
      ({ container, rule: by, action }) => `${container?.name} ${by} ${action}`,
    );

  test.each<[string, readonly string[]]>([
    [
      '[{rule: image-reference}, {rule: image-digest}]',
      ['a image-reference deny', 'b image-reference deny', 'c image-digest deny'],
    ],
    [
      '[{rule: image-digest, action: warn}, {rule: image-reference}]',
      ['c image-digest warn', 'a image-reference deny', 'b image-reference deny'],
    ],
    [
      '[{rule: image-digest, action: audit}, {rule: image-pull-policy, action: warn}]',
      ['c image-digest audit', 'a image-pull-policy warn', 'b image-pull-policy warn'],
    ],
    [
      '[{rule: image-digest, action: warn}, {rule: image-reference, action: warn}]',
      ['a image-digest warn', 'b image-digest warn', 'c image-digest warn'],
    ],
  ])('is told once for each container, by the strictest of %s', (rules, findings) => {
    expect(ask(rules)).toEqual(findings);
  });

  test('is told by each policy, since they have different readers', () => {
    const policies = ['[{rule: image-reference}]', '[{rule: image-digest}]'].map((rules) =>
      policyOf(`{rules: ${rules}}`),
    );
    expect(findingsOf(policies, requestFor(broken)).filter(({ container }) => container?.name === 'a')).toHaveLength(2);
  });

  test('is reported for each image, also if one value contains two images', () => {
    const vmi = workload(
      `{apiVersion: kubevirt.io/v1, kind: VirtualMachineInstance, metadata: {name: v, annotations: {hooks.kubevirt.io/hookSidecars: '[{"image":"A:"},{"image":"B:"}]'}}}`,
    );
    const findings = findingsOf(
      [policyOf('{rules: [{rule: image-reference}, {rule: image-digest}]}')],
      requestFor(vmi),
    );
    expect(findings.map(({ rule: by, message }) => [by, message.slice(0, 10)])).toEqual([
      ['image-reference', 'image "A:"'],
      ['image-reference', 'image "B:"'],
    ]);
  });

  test('is told beside what is wrong with a readable image at no container', () => {
    const objectWide = rule('object-wide', () => [
      { state: 'violation', container: undefined, pointer: '/spec', message: 'the object', unreadable: true },
    ]);
    const policy = policyOf('{rules: [{rule: object-wide}, {rule: object-wide}, {rule: image-reference}]}', [
      ...RULES,
      objectWide,
    ]);
    expect(findingTexts(findingsOf([policy], requestFor(broken))).map((text) => text.slice(0, 13))).toEqual([
      '-: the object',
      'a: image "A:"',
      'b: image "B:"',
    ]);
  });
});

describe('a finding', () => {
  const one = (problem: Partial<Problem>, binding = 'message: Ask us.'): unknown =>
    findingsOf(
      [
        policyOf(`{rules: [{rule: one, ${binding}}]}`, [
          rule('one', () => [{ state: 'violation', container: undefined, pointer: '/spec', message: 'm', ...problem }]),
        ]),
      ],
      requestFor(broken),
    )[0];

  test('has the policy’s action for a violation, and onUnknown for an unknown', () => {
    expect(one({}, 'action: audit, onUnknown: deny')).toMatchObject({
      policy: 'test',
      rule: 'one',
      action: 'audit',
      outcome: 'violation',
      existing: false,
    });
    expect(one({ state: 'unknown' }, 'action: audit, onUnknown: deny')).toMatchObject({
      action: 'deny',
      outcome: 'unknown',
    });
    expect(one({ state: 'unknown', causedBy: 'world' }, 'action: deny')).toMatchObject({
      action: 'warn',
      outcome: 'unknown',
    });
  });

  test.each<[string | undefined, string, string, string | undefined]>([
    ['do this', 'action: deny', 'm', 'do this'],
    ['do this', 'message: Ask us.', 'm; Ask us.', 'do this'],
    [undefined, 'message: Ask us.', 'm; Ask us.', undefined],
    [undefined, 'action: deny', 'm', undefined],
    ['do\nthis', 'message: "Ask us.\\nOr them.\\n"', 'm; Ask us. Or them.', 'do this'],
  ])('with the remedy %j and %s says %j and %j', (remedy, binding, message, expected) => {
    expect(one(remedy === undefined ? {} : { remedy }, binding)).toMatchObject({ message, remedy: expected });
  });

  test('is one line, whatever a rule says', () => {
    expect(one({ message: 'two\r\nlines\tand\u0000a \u2028break\u009b' }, 'action: deny')).toMatchObject({
      message: 'two lines and a  break ',
    });
  });

  test('about the object as a whole is in doubt only where the whole object may be left out', () => {
    const objectWide = rule('object-wide', () => [
      { state: 'violation', container: undefined, pointer: '', message: 'm' },
    ]);
    const outcome = (scope: string): unknown =>
      findingsOf(
        [policyOf(`{${scope}, rules: [{rule: object-wide}]}`, [objectWide])],
        requestFor(broken, { user: undefined }),
      )[0]?.outcome;
    expect(outcome('exclude: {users: [jane]}')).toBe('unknown');
    expect(outcome('exclude: {users: [jane], containers: [init]}')).toBe('violation');
    expect(outcome('match: {users: [jane], containers: [init]}')).toBe('unknown');
  });
});

describe('a rule that fails', () => {
  const failing = (name: string, check: () => unknown): Rule => rule(name, check as () => readonly Problem[]);
  const remedy = 'report it to the author of the rule; the object is not at fault';

  test.each<[string, () => unknown, string]>([
    [
      'throws an error',
      () => {
        throw new RangeError('no "such"\nthing');
      },
      'the rule failed: "RangeError: no \\"such\\"\\u000athing"',
    ],
    [
      'throws something',
      () => {
        throw Object.create(null, { toString: { value: () => 'odd' } });
      },
      'the rule failed: "odd"',
    ],
    ['answers with nothing', () => undefined, 'the rule failed: "TypeError: a rule must return a list synchronously"'],
    [
      'answers later',
      () => Promise.resolve([]),
      'the rule failed: "TypeError: a rule must return a list synchronously"',
    ],
    [
      'rejects later',
      () => Promise.reject(new Error('late')),
      'the rule failed: "TypeError: a rule must return a list synchronously"',
    ],
  ])('because it %s is an error of that rule alone, and onUnknown decides', async (_what, check, message) => {
    const rules = [failing('failing', check), ...RULES];
    const policy = policyOf(
      '{rules: [{rule: failing, action: deny, onUnknown: audit}, {rule: image-reference}]}',
      rules,
    );
    const findings = findingsOf([policy], requestFor(broken));
    expect(findings[0]).toEqual({
      policy: 'test',
      rule: 'failing',
      action: 'audit',
      outcome: 'error',
      failure: {
        reason: 'threw',
        problem: message.slice('the rule failed: '.length),
        file: undefined,
      },
      existing: false,
      container: undefined,
      pointer: '',
      message,
      remedy,
    });
    expect(findings).toHaveLength(3);
    // An unhandled rejection would fail the whole run here.
    await new Promise((resolve) => void setImmediate(resolve));
  });
});

describe('a rule with a guard', () => {
  /** `check` must not be called but through the guard. */
  const guarded = (name: string, guard: Guard): Rule => ({
    ...rule(name, () => []),
    bind: () => ({
      ok: true,
      value: {
        needs: [],
        guard,
        run: () => {
          throw new Error('not asked through its guard');
        },
      },
    }),
  });
  const found: Problem = { state: 'violation', container: undefined, pointer: '/spec', message: 'found' };
  const failure = { reason: 'timeout', problem: 'it took too long', file: 'slow.ts' } as const;

  test('is asked once for an object, about every policy, in order', () => {
    const requested: string[][] = [];
    const guard: Guard = (questions) => {
      requested.push(questions.map(({ rule: name, subject }) => `${name} ${subject.containers.length}`));
      return questions.map(({ rule: name }) => ({ problems: [{ ...found, message: name }], failure: undefined }));
    };
    const rules = [...RULES, guarded('one', guard), guarded('two', guard)];
    const policies = [
      policyOf('{rules: [{rule: one}, {rule: image-reference}, {rule: two}]}', rules),
      policyOf('{match: {images: [c]}, rules: [{rule: two, action: warn}]}', rules),
    ];
    const findings = findingsOf(
      policies,
      requestFor(pod('{containers: [{name: b, image: "B:"}, {name: c, image: c}]}')),
    );
    expect(requested).toEqual([['one 2', 'two 2', 'two 2']]);
    expect(findings.map(({ rule: by, action, message }) => `${by} ${action} ${message.slice(0, 10)}`)).toEqual([
      'one deny one',
      'image-reference deny image "B:"',
      'two deny two',
      'two warn two',
    ]);
  });

  test('and what it found before it failed both count', () => {
    const rules = [guarded('half', () => [{ problems: [found], failure }])];
    const policy = policyOf('{rules: [{rule: half, action: deny, onUnknown: audit}]}', rules);
    expect(findingsOf([policy], requestFor(broken))).toMatchObject([
      { action: 'deny', outcome: 'violation', message: 'found' },
      {
        action: 'audit',
        outcome: 'error',
        failure,
        message: 'the rule failed: it took too long',
      },
    ]);
  });
});

describe('what a rule is given', () => {
  test('is the object, where it goes, and the containers that the scope leaves', () => {
    let seen: Subject | undefined;
    const looking = rule('looking', (subject) => {
      seen = subject;
      return [];
    });
    const request = requestFor(broken, { operation: 'UPDATE', namespace: undefined });
    findingsOf([policyOf('{match: {images: ["c"]}, rules: [{rule: looking}]}', [looking])], request);
    expect(seen).toMatchObject({
      operation: 'UPDATE',
      namespace: undefined,
      workload: request.workload,
      pods: request.workload.pods,
    });
    expect(seen?.containers.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('is by its type only what it has named in needs', () => {
    defineRule({
      name: 'labels',
      description: 'For tests',
      parameters: NO_PARAMETERS,
      needs: ['namespaceLabels'],
      prepare: () => ({ ok: true, value: 1 }),
      check(subject, prepared) {
        expectTypeOf(subject.facts).toEqualTypeOf<Pick<Facts, 'namespaceLabels'>>();
        expectTypeOf(subject.facts.namespaceLabels).toEqualTypeOf<Fact<Labels>>();
        expectTypeOf(subject.facts).not.toHaveProperty('registryImages');
        expectTypeOf(prepared).toEqualTypeOf<number>();
        expectTypeOf(subject.containers).toEqualTypeOf<readonly Container[]>();
        return [];
      },
    });
    rule('nothing', (subject) => {
      expectTypeOf(subject.facts).not.toHaveProperty('namespaceLabels');
      return [];
    });
    expectTypeOf<Subject<'registryTags'>['facts']>().toEqualTypeOf<Pick<Facts, 'registryTags'>>();
    expectTypeOf<keyof Subject['facts']>().toEqualTypeOf<never>();
  });
});
