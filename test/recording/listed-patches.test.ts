import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listedPatches } from '../../src/recording/listed-patches.ts';

const operation = (index: number, size = 20): object => ({ op: 'add', path: `/${index}`, value: 'v'.repeat(size) });
const operations = (count: number, size?: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => operation(index, size));

/** Whether one of the lists has a value that the other does not have. */
function differ(one: readonly unknown[], other: readonly unknown[]): boolean {
  const [left, right] = [one, other].map((list) => new Set(list.map((value) => JSON.stringify(value))));
  return (
    [...(left ?? [])].some((text) => right?.has(text) !== true) ||
    [...(right ?? [])].some((text) => left?.has(text) !== true)
  );
}

describe('the operations of two patches that are listed', () => {
  test('are all of short patches, in their order', () => {
    const sides = { before: operations(3), after: [operation(2), operation(0)] };
    expect(listedPatches(sides)).toEqual(sides);
  });

  test('are those of long patches that differ', () => {
    const before = operations(1000, 100);
    const after = before.with(500, operation(-1));
    expect(listedPatches({ before, after })).toEqual({ before: [before[500]], after: [operation(-1)] });
  });

  test('are as many as there is space for, and the number of the others', () => {
    const { before, after } = listedPatches({ before: operations(3000, 1000), after: [] });
    expect(after).toEqual([]);
    expect(before.at(-1)).toBe(`… and ${3000 - (before.length - 1)} more operations`);
    expect(before.slice(0, -1)).toEqual(operations(before.length - 1, 1000));
    expect(before.length).toBeGreaterThan(20);
  });

  test('have the start of one that is too long', () => {
    const { before } = listedPatches({ before: [operation(1, 100_000)], after: [] });
    expect(before).toEqual([expect.stringMatching(/^\{"op":"add","path":"\/1","value":"v{4000,4096}…$/)]);
  });

  test('are bounded, and differ if and only if the patches do', () => {
    const patch = fc.array(fc.record({ path: fc.nat(50), value: fc.constantFrom('x', 'y'.repeat(5000)) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(patch, patch, (before, after) => {
        const listed = listedPatches({ before, after });
        for (const side of [listed.before, listed.after]) expect(JSON.stringify(side).length).toBeLessThan(36_000);
        expect(differ(listed.before, listed.after)).toBe(differ(before, after));
      }),
    );
  });
});
