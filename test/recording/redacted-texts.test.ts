import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/recording/outcome.ts';
import { isSameText } from '../../src/recording/redacted-texts.ts';
import { withRemovedValues } from '../../src/recording/removed-values.ts';

const TEXTS: readonly (readonly [string | undefined, string | undefined, boolean])[] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', undefined, false],
  [undefined, undefined, true],
  ['a [redacted] c', 'a b c', true],
  ['a [redacted] c', 'a b d', false],
  ['a [redacted] c [redacted] e', 'a b c d e', true],
  ['a [redacted] c [redacted] e', 'a b d e', false],
  ['[redacted]', 'anything', true],
  ['ab[redacted]bc', 'abc', false],
  ['a b', 'a [redacted]', false],
  ['a (user user-81a8db921ad3) b c… [p/r]', 'a (user user-81a8db921ad3)… [p/r]', true],
  ['a (user user-81a8db921ad3)… [p/r]', 'a (user user-81a8db921ad3) b c… [p/r]', true],
  ['a (user user-81a8db921ad3) b… [p/r]', 'a (user user-81a8db921ad3) b c [p/r]', true],
  ['a (user user-81a8db921ad3) b c [p/r]', 'a (user user-81a8db921ad3) b… [p/r]', true],
  ['a (user user-81a8db921ad3) b… [p/r]', 'a (user user-81a8db921ad3) c… [p/r]', false],
  ['a (user user-81a8db921ad3) b… [p/r]', 'a (user user-81a8db921ad3) b… [p/s]', false],
  ['a (user user-81a8db921ad3) b', 'a (user user-81a8db921ad3) b c', false],
  ['a (user user-81a8db921ad3) b [p/r]', 'a (user user-81a8db921ad3) b c… [p/r]', false],
  ['a… [p/r]', 'a b… [p/r]', false],
  ['a "[redacted]" b…', 'a "[redacted]" b c', true],
];

describe('a recorded text', () => {
  test.each(TEXTS)('%j is the same as %j: %j', (recorded, text, isSame) => {
    expect(isSameText(recorded, text)).toBe(isSame);
  });

  test('is the same as before, whatever was removed from it', () => {
    const parts = fc.array(fc.tuple(fc.string(), fc.string({ minLength: 1 })));
    fc.assert(
      fc.property(parts, fc.string(), (list, end) => {
        const text = list.map(([kept, removed]) => kept + removed).join('') + end;
        expect(isSameText(list.map(([kept]) => `${kept}[redacted]`).join('') + end, text)).toBe(true);
      }),
    );
  });

  test('gets back what was removed, if another outcome has it', () => {
    const finding = { policy: 'p', rule: 'r', action: 'deny', outcome: 'violation', message: 'value "x"' } as const;
    const rest = { container: null, image: null, registry: null, pointer: null, remedy: null };
    const now: Outcome = {
      allowed: false,
      message: 'm x',
      warnings: ['w x'],
      patch: [],
      findings: [{ ...finding, ...rest }],
    };
    const recorded: Outcome = {
      ...now,
      message: 'm [redacted]',
      warnings: ['w [redacted]', 'other [redacted]'],
      findings: [{ ...finding, ...rest, message: 'value "[redacted]"' }],
    };
    expect(withRemovedValues(recorded, now)).toEqual({ ...now, warnings: ['w x', 'other [redacted]'] });
  });
});
