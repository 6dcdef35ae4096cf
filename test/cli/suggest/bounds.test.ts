/** What others can make large stays small: anyone chooses names of images, namespaces, and workloads. */
import { describe, expect, test } from 'vitest';
import { addResults, emptyTally } from '../../../src/cli/suggest/tally.ts';
import { emptySurvey, surveyor } from '../../../src/cli/suggest/survey.ts';
import { smallestReviews } from '../../../src/cli/shrink/smallest.ts';
import { readReview, type Review } from '../../../src/admission/review.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import { createReview } from '../../support/review.ts';
import { recordedReview } from '../../recording/lines.ts';

const ONE = { count: 1, first: null, last: null };

function reviewOf(namespace: string, image: string): Review {
  const spec = { containers: [{ name: 'web', image }] };
  const read = readReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace }, spec }));
  if (!read.ok) throw new Error(read.problem);
  return read.review;
}

describe('the memory of suggest', () => {
  test('counts more namespaces and workloads than it lists', () => {
    const tally = emptyTally();
    for (let index = 0; index < 3000; index += 1) {
      const owner = { kind: 'Pod', name: `p-${index}` };
      const results = { namespace: `n-${index % 1500}`, owner, denied: [0], unknown: [] };
      addResults([tally], results, ONE);
    }
    expect(tally).toMatchObject({ denied: { count: 3000 }, hasMoreNamespaces: true, workloads: 1000 });
    expect(tally.namespaces.size).toBe(1000);
  });

  test('counts more registries, repositories, and namespaces than it knows by name', async () => {
    const survey = emptySurvey();
    const context = { kinds: kindTable(), policies: [], exceptions: undefined, now: Date.now } as never;
    const add = surveyor(survey, { context, includeDenied: false });
    for (let index = 0; index < 10_100; index += 1) {
      const review = reviewOf(`n-${index}`, `r${index}.example.com/a:1`);
      const recording = { file: 'r', line: 1, document: 1, review, body: {}, expected: undefined };
      (await add(recording))(ONE);
    }
    expect(survey.total.count).toBe(10_100);
    const sizes = [survey.registries, survey.repositories, survey.namespaces].map(({ size }) => size);
    expect(sizes).toEqual([10_000, 10_000, 10_000]);
  });
});

describe('the memory of shrink', () => {
  const decision = { outcome: 'not-evaluated', allowed: true, findings: [], reason: '' } as const;

  function addKinds(count: number, image: string): void {
    const smallest = smallestReviews();
    const { request } = reviewOf('shop', image);
    const recorded = recordedReview({ shape: image });
    for (let index = 0; index < count; index += 1)
      smallest.add(recorded, { ...request, type: { ...request.type, kind: `K${index}` } }, decision);
  }

  test.each([
    ['decisions', 1001, 'a'],
    ['large reviews', 80, 'a'.repeat(1024 * 1024)],
  ])('has a limit: %s', (_what, count, image) => {
    expect(() => addKinds(count, image)).toThrow(/more than 1000 distinct decisions, or .* more than 64 MiB/);
  });

  test('has room for all decisions that one reads', () => {
    expect(() => addKinds(1000, 'a')).not.toThrow();
  });
});
