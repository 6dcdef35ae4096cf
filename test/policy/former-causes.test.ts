/** Former names of causes: where they are replaced, what is reported, and where they are left alone. */
import { describe, expect, test } from 'vitest';
import { currentCauses } from '../../src/policy/former-causes.ts';
import { REGISTRY_CAUSES } from '../../src/policy/registry-fact.ts';
import { SUITE_SCHEMA } from '../../src/policy/suite-schema.ts';
import { read } from './fixtures.ts';

const renamed = (from: string, to: string): string =>
  `cause ${from} was renamed to ${to}; use the new name, because the next version rejects ${from}`;

describe('a policy with former names of causes', () => {
  test('loads as with the current ones, and names each at its place', () => {
    const rule = '{rule: image-exists, parameters: {onCause: {denied: violation}}}';
    const result = read(`{rules: [${rule}], pin: {onFailure: {refused: deny, denied: allow}}}`);
    if (!result.ok) throw new Error(JSON.stringify(result.faults));
    const { pin } = result.policy;
    expect([pin?.onFailure('blocked'), pin?.onFailure('forbidden'), pin?.onFailure('dns')]).toEqual([
      'deny',
      'allow',
      'warn',
    ]);
    expect(result.deadClauses).toEqual([
      { pointer: '/spec/pin/onFailure/refused', problem: renamed('refused', 'blocked'), at: 'key' },
      { pointer: '/spec/pin/onFailure/denied', problem: renamed('denied', 'forbidden'), at: 'key' },
      { pointer: '/spec/rules/0/parameters/onCause/denied', problem: renamed('denied', 'forbidden'), at: 'key' },
    ]);
  });

  test('does not load with both names in one map', () => {
    const result = read('{pin: {onFailure: {refused: deny, blocked: allow}}}');
    expect(result.ok ? [] : result.faults.map(({ pointer }) => pointer)).toEqual(['/spec/pin/onFailure/refused']);
  });

  test('is not copied without them, and other keys and values stay', () => {
    const value = { denied: 1, cause: 'denied', list: ['refused'] };
    expect(currentCauses(value, { properties: { cause: { enum: ['denied', 'other'] } } })).toEqual({
      value,
      renamed: [],
    });
    expect(currentCauses(value, { properties: { cause: { enum: REGISTRY_CAUSES } } })).toEqual({
      value: { ...value, cause: 'forbidden' },
      renamed: [{ pointer: '/cause', problem: renamed('denied', 'forbidden') }],
    });
  });
});

test('a test suite has current causes in its answers, of the suite and of its cases', () => {
  const responses = (cause: string): object => ({ 'reg.io/a:1': { cause } });
  const suite = (one: string, other: string): object => ({
    kind: 'ImagePolicyTest',
    spec: { registry: responses(one), cases: [{ registry: responses(other) }] },
  });
  expect(currentCauses(suite('denied', 'refused'), SUITE_SCHEMA)).toEqual({
    value: suite('forbidden', 'blocked'),
    renamed: [
      { pointer: '/spec/registry/reg.io~1a:1/cause', problem: renamed('denied', 'forbidden') },
      { pointer: '/spec/cases/0/registry/reg.io~1a:1/cause', problem: renamed('refused', 'blocked') },
    ],
  });
});
