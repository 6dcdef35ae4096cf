import { describe, expect, test } from 'vitest';
import type { Outcome, OutcomeFinding } from '../../src/recording/outcome.ts';
import { compareToSaid } from '../../src/recording/said-comparison.ts';
import type { RecordedOrigin } from '../../src/recording/origin.ts';
import type { Said } from '../../src/recording/said.ts';

function finding(rule: string, rest: Partial<OutcomeFinding> = {}): OutcomeFinding {
  return {
    policy: 'p',
    rule,
    action: 'deny',
    outcome: 'violation',
    message: rule,
    container: null,
    image: null,
    registry: null,
    pointer: null,
    remedy: null,
    ...rest,
  };
}

function outcome(...findings: readonly OutcomeFinding[]): Outcome {
  const allowed = findings.every(({ action }) => action !== 'deny');
  return { allowed, message: null, warnings: [], patch: [], findings };
}

const FAIL: Said = { by: 'kyverno', policy: 'tags', rule: 'autogen-no-latest', result: 'fail', message: 'no' };
const PASS: Said = { by: 'kyverno', policy: 'tags', rule: 'no-latest', result: 'pass' };
const SKIP: Said = { by: 'kyverno', policy: 'tags', result: 'skip' };
const ERROR: Said = { by: 'gatekeeper', result: 'error' };
const audited = (admitted: boolean): RecordedOrigin => ({ source: 'audit-log', object: 'sent', admitted });
const WARN = finding('image-tag', { action: 'warn' });
const UNKNOWN = finding('image-exists', { outcome: 'unknown', action: 'warn' });

describe('the comparison with what other policies said', () => {
  const cases: readonly (readonly [
    string,
    readonly Said[] | undefined,
    RecordedOrigin | undefined,
    Outcome,
    string | null,
  ])[] = [
    ['both deny', [FAIL], undefined, outcome(finding('image-tag')), 'same'],
    ['both allow', [PASS], undefined, outcome(), 'same'],
    ['a warning denies nothing', [PASS], undefined, outcome(WARN), 'same'],
    ['only the other denies', [PASS, FAIL], undefined, outcome(WARN), 'newly-allowed'],
    ['only we deny', [PASS], undefined, outcome(finding('image-tag')), 'newly-denied'],
    [
      'a warning of the other denies nothing',
      [{ ...FAIL, result: 'warn' }],
      undefined,
      outcome(finding('a')),
      'newly-denied',
    ],
    ['nothing was said', undefined, undefined, outcome(finding('image-tag')), null],
    ['only skips and errors', [SKIP, ERROR], undefined, outcome(), null],
    ['the API server admitted it', undefined, audited(true), outcome(finding('image-tag')), 'newly-denied'],
    ['the API server denied it', [FAIL], audited(false), outcome(), 'newly-allowed'],
    ['our decision is unknown', [PASS], undefined, outcome(UNKNOWN), 'unknown'],
    ['we deny for a certain reason too', [PASS], undefined, outcome(UNKNOWN, finding('a')), 'newly-denied'],
    ['both are unknown', [SKIP], undefined, outcome(UNKNOWN), null],
  ];

  test.each(cases)('says who denies: %s', (_name, said, origin, ours, change) => {
    expect(compareToSaid({ said, origin }, ours).change).toBe(change);
  });

  test('names both sides, with the rule of Pods for those that Kyverno derives', () => {
    expect(compareToSaid({ said: [FAIL, FAIL] }, outcome(finding('image-tag'), WARN))).toEqual({
      change: 'same',
      findings: [],
      said: { known: true, peers: ['kyverno/tags/no-latest'], rules: ['p/image-tag'] },
    });
  });

  test('shows why one side denies', () => {
    expect(compareToSaid({ said: [FAIL] }, outcome()).findings).toMatchObject([
      { policy: 'kyverno/tags', rule: 'autogen-no-latest', before: 'deny', after: null, message: 'no' },
    ]);
    expect(compareToSaid({ said: [PASS] }, outcome(finding('image-tag'), WARN)).findings).toMatchObject([
      { policy: 'p', rule: 'image-tag', before: null, after: 'deny' },
    ]);
    expect(compareToSaid({ said: [PASS] }, outcome(UNKNOWN)).findings).toMatchObject([
      { rule: 'image-exists', outcome: 'unknown', before: null, after: 'warn' },
    ]);
  });

  test('counts only selected findings of ours', () => {
    const isSelected = (_policy: string, rule: string): boolean => rule === 'image-tag';
    const ours = outcome(finding('image-registry'));
    expect(compareToSaid({ said: [FAIL] }, ours, isSelected)).toMatchObject({
      change: 'newly-allowed',
      said: { rules: [] },
    });
    expect(compareToSaid({ said: [PASS] }, ours, isSelected).change).toBe('same');
  });
});
