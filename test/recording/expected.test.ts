import { expect, test } from 'vitest';
import { readExpected } from '../../src/recording/expected.ts';

const all = {
  policy: 'p',
  rule: 'r',
  action: 'deny',
  outcome: 'violation',
  container: 'c',
  pointer: '/spec',
  message: 'm',
};

test.each([
  { allowed: true },
  { findings: [] },
  { findings: [{}, all] },
  { patch: [{ op: 'replace' }] },
  { allowed: false, findings: [all], patch: [] },
])('%j can be expected', (expected) => {
  expect(readExpected(expected)).toEqual({ ok: true, expected });
});

test.each<[unknown, readonly string[]]>([
  [null, ['/: expected an object, found null']],
  ['allowed', ['/: expected an object, found a string']],
  [{}, ['/: set at least one of allowed, findings, or patch']],
  [{ alowed: true }, ['/alowed: unknown key "alowed"; did you mean "allowed"? (expected allowed, findings, or patch)']],
  [{ allowed: 'yes' }, ['/allowed: expected true or false, found a string']],
  [{ findings: {} }, ['/findings: expected a list, found an object']],
  [{ findings: ['image-tag'] }, ['/findings/0: expected an object, found a string']],
  [
    { findings: [{ rle: 'image-tag' }] },
    [
      '/findings/0/rle: unknown key "rle"; did you mean "rule"? (expected policy, rule, action, outcome, container, pointer, or message)',
    ],
  ],
  [
    { findings: [{ rule: 1, container: null }] },
    ['/findings/0/rule: expected a string, found a number', '/findings/0/container: expected a string, found null'],
  ],
  [{ patch: 'x' }, ['/patch: expected a list, found a string']],
])('%j is refused', (value, faults) => {
  const read = readExpected(value);
  expect(read.ok ? [] : read.faults.map(({ pointer, problem }) => `${pointer || '/'}: ${problem}`)).toEqual(faults);
});
