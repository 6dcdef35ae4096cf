/** Parses the bytes of a body to a review, without its object if parsing that would cost too much. */
import { readReview, type Review } from '../admission/review.ts';
import { DEPTH_LIMIT, parseBody, TOO_DEEP } from './parse-body.ts';
import { headOf } from './review-head.ts';

export type ReadBody = { readonly review: Review } | { readonly code: 400 | 413; readonly problem: string };

export function reviewIn(body: Buffer): ReadBody {
  const parsed = parseBody(body);
  if (!parsed.ok)
    return 'excess' in parsed ? unreadReview(body, parsed.excess) : { code: 400, problem: parsed.problem };
  const read = readReview(parsed.value);
  if (read.ok) return { review: read.review };
  const problem = `invalid AdmissionReview: ${read.pointer || '/'}: ${read.problem}`;
  return { code: 400, problem };
}

/**
 * Reads a review without its object, from a whole body or from its beginning. The author of an object can make it too large, and
 * must not be able to leave the decision to `failurePolicy`. HTTP 413 is only for requests that no API server sends.
 */
export function unreadReview(head: Buffer, excess: string): ReadBody {
  const read = readReview(headOf(head));
  if (!read.ok) return { code: 413, problem: excess };
  const { apiVersion, request } = read.review;
  return { review: { apiVersion, request: { ...request, excess } } };
}

/**
 * Reads the review again without its object if the depth of the object caused a stack overflow: parsing accepts any depth, the
 * code after it does not. Checking the depth of each small body first would cost more.
 */
export function tooDeepReview(error: unknown, { apiVersion, request }: Review): Review | undefined {
  const isOverflow = error instanceof RangeError && error.message.includes('call stack');
  const { object, oldObject } = request;
  if (!isOverflow || !isDeep([object, oldObject])) return undefined;
  return { apiVersion, request: { ...request, object: {}, oldObject: undefined, excess: TOO_DEEP } };
}

function isDeep(root: unknown): boolean {
  let level: readonly unknown[] = [root];
  for (let depth = 0; depth <= DEPTH_LIMIT; depth += 1) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
}
