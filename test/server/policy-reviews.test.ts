/** How often each policy covered a review. */
import { expect, test } from 'vitest';
import type { Covered } from '../../src/policy/plan.ts';
import { createPolicyReviews } from '../../src/server/policy-reviews.ts';

const covered = (...names: readonly string[]): readonly Covered[] =>
  names.map((name) => ({ policy: { name } }) as Covered);

test('counts shared and single lists by the name of the policy', () => {
  const reviews = createPolicyReviews();
  const shared = covered('a', 'b');
  for (let count = 0; count < 3; count += 1) reviews.count(shared);
  for (let count = 0; count < 600; count += 1) reviews.count(covered('b'));
  reviews.count([]);
  expect([...reviews.take()]).toEqual([
    ['a', 3],
    ['b', 603],
  ]);
  expect([...reviews.take()]).toEqual([]);
  reviews.count(shared);
  expect([...reviews.take()]).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});
