/** A review during which the stack has overflowed: whose fault it is. */
import { expect, test } from 'vitest';
import { tooDeepReview } from '../../src/server/parse-review.ts';
import { readReview, type Review } from '../../src/admission/review.ts';
import { createReview } from '../support/review.ts';

function overflow(): unknown {
  const deeper = (): number => 1 + deeper();
  try {
    return deeper();
  } catch (error) {
    return error;
  }
}

const nested = (levels: number, open: string, close: string): string =>
  `${open.repeat(levels)}1${close.repeat(levels)}`;
const reviewOf = (inside: string): Review => {
  const object = JSON.parse(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"x":${inside}}}`);
  const read = readReview(createReview(object));
  if (!read.ok) throw new Error(read.problem);
  return read.review;
};
const TOO_DEEP = 'values are nested more than 1000 levels deep';

test.each<[string, unknown, string, string | undefined]>([
  ['lists', overflow(), nested(2000, '[', ']'), TOO_DEEP],
  ['maps', overflow(), nested(2000, '{"a":', '}'), TOO_DEEP],
  ['both', overflow(), nested(500, '[{"a":', '}]'), TOO_DEEP],
  ['both, and fewer', overflow(), nested(490, '[{"a":', '}]'), undefined],
  ['wide ones beside a deep one', overflow(), `[${'1,'.repeat(10_000)}${nested(1200, '[', ']')}]`, TOO_DEEP],
  ['none', overflow(), '[]', undefined],
  ['an error of another kind', new TypeError('Maximum call stack size exceeded'), nested(2000, '[', ']'), undefined],
  ['another range', new RangeError('Invalid array length'), nested(2000, '[', ']'), undefined],
])('an object with %s', (_what, error, inside, excess) => {
  const flat = tooDeepReview(error, reviewOf(inside));
  expect(flat?.request.excess).toBe(excess);
  if (excess !== undefined) expect(flat?.request.object).toEqual({});
});
