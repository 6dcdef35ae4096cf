import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPool, type Lease } from '../../src/server/pool.ts';

const SIZE = 1000;
const step = fc.record({
  holder: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '::1'),
  amount: fc.integer({ min: 1, max: 400 }),
  gives: fc.boolean(),
});

test('a pool never gives more than it has, always leaves something, and gets everything back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pool = createPool(SIZE);
      const leases: { readonly lease: Lease; readonly amount: number }[] = [];
      for (const { holder, amount, gives } of steps) {
        const lease = pool.lease(holder, amount);
        if (lease !== undefined) leases.push({ lease, amount });
        if (gives) leases.shift()?.lease();
        expect(pool.used).toBe(leases.reduce((sum, one) => sum + one.amount, 0));
        expect(pool.used).toBeLessThanOrEqual(SIZE);
      }
      for (const { lease } of [...leases, ...leases]) lease();
      expect(pool.used).toBe(0);
    }),
  );
});

/** Returns what the last of several holders gets if each earlier holder takes all it can. */
function leftAfter(greedy: number): number {
  const pool = createPool(SIZE);
  const takeAll = (holder: string): number => {
    let taken = 0;
    while (pool.lease(holder, 1) !== undefined) taken += 1;
    return taken;
  };
  for (let holder = 0; holder < greedy; holder += 1) takeAll(`10.0.0.${holder}`);
  return takeAll('10.9.9.9');
}

test.each([
  [0, 500],
  [1, 250],
  [2, 125],
  [3, 63],
  [6, 8],
])('after %i who take all that they can get, one by one, the next one gets %i of a thousand', (greedy, left) => {
  expect(leftAfter(greedy)).toBe(left);
});
