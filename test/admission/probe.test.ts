/** Which requests are probes of `doctor`, and how they are answered. */
import { expect, test } from 'vitest';
import { probeAnswer } from '../../src/admission/probe.ts';
import { readReview, type Review } from '../../src/admission/review.ts';

const ANNOTATIONS = { 'tidewaiter.dev/probe': 'doctor' };

function review(change: object = {}, metadata: object = { name: 'p', annotations: ANNOTATIONS }): Review {
  const read = readReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      kind: { group: '', version: 'v1', kind: 'PodTemplate' },
      name: 'p',
      operation: 'CREATE',
      dryRun: true,
      object: { metadata },
      ...change,
    },
  });
  if (!read.ok) throw new Error(read.problem);
  return read.review;
}

test('is denied by /validate, with a message that does not depend on policies', () => {
  const { response } = probeAnswer(review(), 'validate') ?? {};
  expect(response?.allowed).toBe(false);
  expect(response?.status?.message).toBe('tidewaiter answered the probe (mutate: not called)');
});

test('is marked by /mutate, and /validate reports the mark', () => {
  const patch = atob(probeAnswer(review(), 'mutate')?.response.patch ?? '');
  expect(JSON.parse(patch)).toEqual([
    { op: 'add', path: '/metadata/annotations/tidewaiter.dev~1probe-mutated', value: 'true' },
  ]);
  const annotations = { ...ANNOTATIONS, 'tidewaiter.dev/probe-mutated': 'true' };
  const { response } = probeAnswer(review({}, { name: 'p', annotations }), 'validate') ?? {};
  expect(response?.status?.message).toBe('tidewaiter answered the probe (mutate: answered)');
});

test.each<{ name: string; change: object; metadata?: object }>([
  { name: 'an object that is stored', change: { dryRun: false } },
  { name: 'another kind', change: { kind: { group: '', version: 'v1', kind: 'Pod' } } },
  { name: 'another group', change: { kind: { group: 'example.com', version: 'v1', kind: 'PodTemplate' } } },
  { name: 'an update', change: { operation: 'UPDATE' } },
  { name: 'an object without the annotation', change: {}, metadata: { name: 'p', annotations: { other: '' } } },
  {
    name: 'an object with a malformed annotation',
    change: {},
    metadata: { name: 'p', annotations: 'tidewaiter.dev/probe' },
  },
])('$name is not a probe', ({ change, metadata }) => {
  expect(probeAnswer(review(change, metadata), 'validate')).toBeUndefined();
});
