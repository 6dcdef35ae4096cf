/** What is different between a decision and what its recording expects. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/policy/finding.ts';
import { compareToExpected, type Decided } from '../../src/recording/compare.ts';
import type { Expected, ExpectedFinding } from '../../src/recording/expected.ts';
import { pod } from '../policy/fixtures.ts';

const workload = pod('{containers: [{name: a, image: a}, {name: b, image: b}]}');
const [a, b] = workload.containers;

const finding = (change: Partial<Finding> = {}): Finding => ({
  policy: 'p',
  rule: 'r',
  action: 'deny',
  outcome: 'violation',
  existing: false,
  container: a,
  pointer: '/spec/containers/0/image',
  message: 'm',
  remedy: undefined,
  ...change,
});

const decided = (findings: readonly Finding[], patch: Decided['mutation']['patch'] = []): Decided => ({
  decision: { allowed: findings.every(({ action }) => action !== 'deny'), findings },
  mutation: { patch },
});

const lines = (differences: readonly { readonly kind: string; readonly text: string }[]): readonly string[] =>
  differences.map(({ kind, text }) => `${kind}: ${text}`);

const REASON = 'container "a": m [p/r]';
const DENY = `deny ${REASON}`;

describe('compareToExpected', () => {
  const two = decided([
    finding(),
    finding({ container: b, pointer: '/spec/containers/1/image', rule: 's', action: 'warn' }),
  ]);
  const S = 'warn container "b": m [p/s]';

  test.each<[string, Expected, readonly string[]]>([
    ['only the decision', { allowed: false }, []],
    ['another decision', { allowed: true }, [`newly-denied: expected to be allowed, is denied: ${REASON}`]],
    ['all findings, by some of their keys', { findings: [{ rule: 's' }, { rule: 'r', action: 'deny' }] }, []],
    [
      'all findings, by all of their keys',
      {
        findings: [
          {
            policy: 'p',
            rule: 'r',
            action: 'deny',
            outcome: 'violation',
            container: 'a',
            pointer: '/spec/containers/0/image',
            message: 'm',
          },
          {
            policy: 'p',
            rule: 's',
            action: 'warn',
            outcome: 'violation',
            container: 'b',
            pointer: '/spec/containers/1/image',
            message: 'm',
          },
        ],
      },
      [],
    ],
    ['no findings', { findings: [] }, [`finding-added: ${DENY}`, `finding-added: ${S}`]],
    ['one finding too few', { findings: [{ rule: 'r' }] }, [`finding-added: ${S}`]],
    ['one finding too many', { findings: [{}, {}, {}] }, ['finding-removed: {}']],
    [
      'another message',
      { findings: [{ rule: 'r', message: 'x' }, { rule: 's' }] },
      ['finding-removed: {"rule":"r","message":"x"}', `finding-added: ${DENY}`],
    ],
    ['a general one before a special one', { findings: [{ policy: 'p' }, { container: 'a' }] }, []],
    ['no patch', { patch: [] }, []],
    ['a patch', { patch: [{ op: 'remove', path: '/a' }] }, ['patch: patch was [{"op":"remove","path":"/a"}], is []']],
    [
      'nothing of it',
      { allowed: true, findings: [], patch: [1] },
      [
        `newly-denied: expected to be allowed, is denied: ${REASON}`,
        `finding-added: ${DENY}`,
        `finding-added: ${S}`,
        'patch: patch was [1], is []',
      ],
    ],
  ])('with %s: %o', (_what, expected, differences) => {
    expect(lines(compareToExpected(expected, two))).toEqual(differences);
  });

  test('a finding about no container is expected by other keys', () => {
    const whole = decided([finding({ container: undefined, action: 'audit' })]);
    expect(compareToExpected({ findings: [{ rule: 'r' }] }, whole)).toEqual([]);
    expect(compareToExpected({ findings: [{ container: 'a' }] }, whole)).toHaveLength(2);
  });

  test('has no limit to what can be added', () => {
    const many = Array.from({ length: 300_000 }, () => finding());
    expect(compareToExpected({ findings: [] }, decided(many))).toHaveLength(300_000);
  });

  test('takes time for the expectations, not for the ways to pair them', () => {
    const many = Array.from({ length: 1000 }, (_, index) => finding({ message: `m${index}` }));
    const expected = [...many.map(() => ({ policy: 'p' })), { message: 'm0' }];
    expect(compareToExpected({ findings: expected }, decided(many))).toHaveLength(1);
  });

  test('expected to be denied, is allowed', () => {
    expect(lines(compareToExpected({ allowed: false }, decided([])))).toEqual([
      'newly-allowed: expected to be denied, is allowed',
    ]);
  });

  test('finds no difference whenever the findings can be paired at all, in whatever order', () => {
    const KEYS = ['policy', 'rule', 'message'] as const;
    const one = fc.record({
      policy: fc.constantFrom('p', 'q'),
      rule: fc.constantFrom('r', 's'),
      message: fc.constantFrom('m', 'n'),
    });
    const wanted = fc.tuple(one, fc.subarray([...KEYS]));
    fc.assert(
      fc.property(
        fc
          .array(wanted, { maxLength: 6 })
          .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const expected = shuffled.map(([keys, some]): ExpectedFinding =>
            Object.fromEntries(some.map((key) => [key, keys[key]])),
          );
          expect(compareToExpected({ findings: expected }, decided(list.map(([keys]) => finding(keys))))).toEqual([]);
        },
      ),
    );
  });
});
