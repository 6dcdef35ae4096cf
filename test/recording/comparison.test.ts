/** What differs between two outcomes of one review. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionReview } from '../../src/admission/review.ts';
import type { Decision } from '../../src/admission/validate.ts';
import type { Finding } from '../../src/policy/finding.ts';
import { compareOutcomes, type ComparisonOptions, type ReplayChange } from '../../src/recording/comparison.ts';
import {
  isSameResponse,
  type Outcome,
  outcomeOfAnswer,
  outcomeOfResponse,
  type OutcomeFinding,
} from '../../src/recording/outcome.ts';
import { recordedResponse } from '../../src/recording/response.ts';
import { readReview } from '../../src/admission/review.ts';
import { createReview } from '../support/review.ts';
import { pod } from '../policy/fixtures.ts';
import { POD } from './lines.ts';

const finding = (rest: Partial<OutcomeFinding> = {}): OutcomeFinding => ({
  policy: 'p',
  rule: 'r',
  action: 'deny',
  outcome: 'violation',
  message: 'm',
  container: null,
  image: null,
  registry: null,
  pointer: null,
  remedy: null,
  ...rest,
});

const outcome = (findings: readonly OutcomeFinding[] = [], rest: Partial<Outcome> = {}): Outcome => {
  const allowed = findings.every(({ action }) => action !== 'deny');
  return { allowed, message: allowed ? null : 'denied', warnings: [], patch: [], findings, ...rest };
};

const KNOWN: ComparisonOptions = { missing: { before: false, after: false }, pins: false };
const MISSING = { ...KNOWN, missing: { before: false, after: true } };
const MISSING_BEFORE = { ...KNOWN, missing: { before: true, after: false } };
const ONLY_R: ComparisonOptions = { ...KNOWN, isSelected: (_policy, rule) => rule === 'r' };
const WARN = finding({ action: 'warn' });
const UNKNOWN = finding({ action: 'warn', outcome: 'unknown' });
const PATCH = { patch: [{ op: 'remove', path: '/a' }] };

type Row = [string, Outcome, Outcome, ReplayChange, ComparisonOptions?];

const CHANGES: Row[] = [
  ['nothing', outcome([finding()]), outcome([finding()]), 'same'],
  [
    'nothing, in another order',
    outcome([WARN, finding({ rule: 's' })]),
    outcome([finding({ rule: 's' }), WARN]),
    'same',
  ],
  ['another name of the policy', outcome([finding()]), outcome([finding({ policy: 'q' })]), 'same'],
  ['newly denied', outcome(), outcome([finding()]), 'newly-denied'],
  ['a warning that denies', outcome([WARN]), outcome([finding()]), 'newly-denied'],
  ['newly allowed', outcome([finding()]), outcome([WARN]), 'newly-allowed'],
  ['a patch', outcome([], PATCH), outcome(), 'patch'],
  ['a finding', outcome(), outcome([WARN]), 'message'],
  ['a finding less', outcome([WARN]), outcome(), 'message'],
  ['one of two equal findings', outcome([WARN, WARN]), outcome([WARN]), 'message'],
  ['a text', outcome([], { warnings: ['a'] }), outcome([], { warnings: ['b'] }), 'message'],
  ['what is unknown now', outcome(), outcome([UNKNOWN]), 'unknown', MISSING],
  ['what is unknown now, with the recorded facts', outcome(), outcome([UNKNOWN]), 'unknown'],
  ['what was unknown as well', outcome([UNKNOWN]), outcome([UNKNOWN]), 'same'],
  ['what was unknown and would deny', outcome([UNKNOWN]), outcome([{ ...UNKNOWN, action: 'deny' }]), 'newly-denied'],
  ['what is known now', outcome([UNKNOWN]), outcome(), 'message'],
  ['what is known now, but was missing', outcome([UNKNOWN]), outcome(), 'unknown', MISSING_BEFORE],
  ['a denial because of something unknown', outcome(), outcome([{ ...UNKNOWN, action: 'deny' }]), 'unknown', MISSING],
  ['a denial that is certain', outcome(), outcome([finding(), UNKNOWN]), 'newly-denied', MISSING],
  ['a missing fact of an image to pin', outcome(), outcome(), 'unknown', { ...MISSING, pins: true }],
  ['a missing fact that makes no difference', outcome(), outcome(), 'same', MISSING],
  ['a denial by another rule', outcome(), outcome([finding({ rule: 's' })]), 'same', ONLY_R],
  ['a denial by the rule', outcome(), outcome([finding()]), 'newly-denied', ONLY_R],
  [
    'a finding of the rule in a denial by another',
    outcome(),
    outcome([finding({ rule: 's' }), WARN]),
    'message',
    ONLY_R,
  ],
  ['a patch, which is no finding of the rule', outcome([], PATCH), outcome(), 'same', ONLY_R],
];

describe('a comparison', () => {
  test.each<Row>(CHANGES)('of %s', (_what, before, after, change, options = KNOWN) => {
    expect(compareOutcomes(before, after, options).change).toBe(change);
  });

  test('lists the findings with the actions of both sides', () => {
    const { findings } = compareOutcomes(
      outcome([WARN, finding({ message: 'gone' })]),
      outcome([finding(), finding({ message: 'new' })]),
      KNOWN,
    );
    expect(findings.map(({ message, before, after }) => [message, before, after])).toEqual([
      ['m', 'warn', 'deny'],
      ['new', null, 'deny'],
      ['gone', 'deny', null],
    ]);
  });

  test('is linear in the number of findings', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => finding({ message: `m${index % 100}` }));
    expect(compareOutcomes(outcome(many), outcome(many.toReversed()), KNOWN).change).toBe('same');
  });

  test('of an outcome with itself is the same', () => {
    const findings = fc.array(
      fc.record({
        rule: fc.constantFrom('r', 's'),
        action: fc.constantFrom('deny', 'warn', 'audit', 'excused'),
        outcome: fc.constantFrom('violation', 'unknown'),
        message: fc.string(),
      }),
    );
    fc.assert(
      fc.property(findings, (list) => {
        const one = outcome(list.map(finding));
        expect(compareOutcomes(one, structuredClone(one), KNOWN)).toEqual({ change: 'same', findings: [] });
      }),
    );
  });
});

describe('a response', () => {
  const workload = pod('{containers: [{name: a, image: x.example/a}]}');
  const [container] = workload.containers;
  const read = readReview(createReview(POD));
  const base: Finding = {
    policy: 'p',
    rule: 'r',
    action: 'warn',
    outcome: 'violation',
    existing: false,
    container,
    pointer: '/spec/containers/0/image',
    message: 'm',
    remedy: undefined,
  };
  const exception = { name: 'e', owner: 'o', reason: 'x', expires: '2027-01-31' };
  const FINDINGS: readonly (readonly [string, Partial<Finding>])[] = [
    ['a warning', {}],
    ['a denial', { action: 'deny' }],
    ['an unknown result', { outcome: 'unknown' }],
    ['an error', { outcome: 'error', failure: { reason: 'threw' } as Finding['failure'] }],
    ['an existing finding', { existing: true }],
    [
      'an excused finding',
      { action: 'excused', excuse: { exception, insteadOf: 'deny' } as unknown as Finding['excuse'] },
    ],
    ['a finding without a container', { container: undefined }],
    ['brackets in the message', { message: '[a/b] c' }],
  ];

  test.each(FINDINGS)('has the findings of its decision: %s', (_what, rest) => {
    if (!read.ok) throw new Error(read.problem);
    const findings = [{ ...base, ...rest }];
    const allowed = findings.every(({ action }) => action !== 'deny');
    const decision: Decision = { outcome: 'evaluated', covered: [], allowed, findings, workload };
    const answer = decisionReview(read.review, decision, 'generation');
    const recorded = recordedResponse(JSON.parse(JSON.stringify(answer)));
    const before = outcomeOfResponse(recorded);
    const after = outcomeOfAnswer(answer.response, findings, []);
    expect(compareOutcomes(before, after, KNOWN)).toEqual({ change: 'same', findings: [] });
    expect(before.findings.map(({ action, outcome: result }) => [action, result])).toEqual(
      after.findings.map(({ action, outcome: result }) => [action, result]),
    );
    expect(isSameResponse(recorded, answer.response, [])).toBe(true);
    expect(isSameResponse({ ...recorded, allowed: !allowed }, answer.response, [])).toBe(false);
    expect(isSameResponse(recorded, answer.response, [{}])).toBe(false);
  });
});
