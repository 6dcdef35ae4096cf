/** Lines of recordings, for tests. */
import type { RecordedRepeats, RecordedReview } from '../../src/recording/format.ts';
import { createReview } from '../support/review.ts';

export function repeats(count: number): RecordedRepeats {
  const time = '2027-03-01T12:00:00.000Z';
  return {
    format: 'tidewaiter.dev/recording/v1',
    type: 'repeats',
    of: 'a-1',
    count,
    first: time,
    last: time,
    dropped: 0,
  };
}

export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: 'registry.example.com/shop/web:1.4.2' }] },
};

export function recordedReview(rest: Partial<RecordedReview> = {}): RecordedReview {
  return {
    format: 'tidewaiter.dev/recording/v1',
    type: 'review',
    id: 'a-1',
    time: '2027-03-01T12:00:00.000Z',
    endpoint: 'validate',
    dryRun: false,
    review: createReview(POD),
    redacted: [],
    facts: { sources: [] },
    response: { allowed: true, auditAnnotations: { decision: 'allow' } },
    tidewaiter: '0.1.0',
    durationMs: 1,
    shape: 's1',
    dropped: 0,
    ...rest,
  };
}
