import { describe, expect, test } from 'vitest';
import { type Tristate, and, type LabelSelector, selects } from '../../src/policy/selector.ts';

describe('and', () => {
  test.each<[Tristate, Tristate, Tristate]>([
    ['yes', 'yes', 'yes'],
    ['yes', 'no', 'no'],
    ['yes', 'unknown', 'unknown'],
    ['no', 'no', 'no'],
    ['no', 'unknown', 'no'],
    ['unknown', 'unknown', 'unknown'],
  ])('%s and %s is %s, in any order', (left, right, answer) => {
    expect([and(left, right), and(right, left)]).toEqual([answer, answer]);
  });
});

describe('selects', () => {
  const labels = { env: 'prod', tier: '', 'example.com/gate': 'on' };
  const one = (
    key: string,
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
    values?: readonly string[],
  ): LabelSelector => ({
    matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }],
  });

  // [selector, when all labels are known, when only those are known]
  test.each<[string, LabelSelector, Tristate, Tristate]>([
    ['nothing', {}, 'yes', 'yes'],
    ['a label', { matchLabels: { env: 'prod' } }, 'yes', 'yes'],
    ['another value', { matchLabels: { env: 'dev' } }, 'no', 'no'],
    ['an empty value', { matchLabels: { tier: '' } }, 'yes', 'yes'],
    ['a label that is not there', { matchLabels: { team: 'a' } }, 'no', 'unknown'],
    ['one that fits and one that is not there', { matchLabels: { env: 'prod', team: 'a' } }, 'no', 'unknown'],
    ['one that does not fit and one that is not there', { matchLabels: { env: 'dev', team: 'a' } }, 'no', 'no'],
    ['a name of every object', { matchLabels: { constructor: 'a' } }, 'no', 'unknown'],
    ['In', one('env', 'In', ['dev', 'prod']), 'yes', 'yes'],
    ['In, other values', one('env', 'In', ['dev']), 'no', 'no'],
    ['In, not there', one('team', 'In', ['a']), 'no', 'unknown'],
    ['NotIn', one('env', 'NotIn', ['dev']), 'yes', 'yes'],
    ['NotIn, this value', one('env', 'NotIn', ['prod']), 'no', 'no'],
    ['NotIn, not there, as in Kubernetes', one('team', 'NotIn', ['a']), 'yes', 'unknown'],
    ['Exists', one('env', 'Exists'), 'yes', 'yes'],
    ['Exists, not there', one('team', 'Exists'), 'no', 'unknown'],
    ['DoesNotExist', one('env', 'DoesNotExist'), 'no', 'no'],
    ['DoesNotExist, not there', one('team', 'DoesNotExist'), 'yes', 'unknown'],
    ['labels and expressions', { matchLabels: { env: 'prod' }, ...one('tier', 'Exists') }, 'yes', 'yes'],
    [
      'labels, and expressions that do not fit',
      { matchLabels: { env: 'prod' }, ...one('tier', 'DoesNotExist') },
      'no',
      'no',
    ],
  ])('%s', (_what, selector, complete, partial) => {
    expect([selects(selector, labels, true), selects(selector, labels, false)]).toEqual([complete, partial]);
  });
});
