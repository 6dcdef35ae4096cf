/** A replay with more findings than an HTML report lists: new denials come first, and the numbers are those of all reviews. */
import { expect, test } from 'vitest';
import type { ReplayRow } from '../../../src/recording/replay-row.ts';
import { MAX_FINDINGS } from '../../../src/report/html/alike-rows.ts';
import { collectRows } from '../../../src/report/html/replay-run.ts';
import type { Run } from '../../../src/report/html/report-data.ts';
import { plainText } from '../../../src/report/html/sentence.ts';
import { replayTotals } from '../../../src/report/replay/totals.ts';
import { row } from '../replay/rows.ts';

const finding = {
  policy: 'registries',
  rule: 'image-registry',
  outcome: 'violation',
  message: 'container "web": image "nginx" is not from an allowed registry',
  container: 'web',
  image: 'nginx',
  registry: 'docker.io',
  pointer: '/spec/containers/0/image',
  remedy: null,
  before: 'warn',
  after: 'deny',
} as const;

const differing = (change: ReplayRow['change'], count: number, findings = 1): ReplayRow[] =>
  Array.from({ length: count }, () =>
    row({
      change,
      allowed: change !== 'newly-denied',
      findings: Array.from({ length: findings }, () => finding),
      team: 'team-a',
    }),
  );

function runsOf(rows: readonly ReplayRow[]): readonly Run[] {
  const collected = collectRows();
  const totals = replayTotals();
  for (const each of rows) {
    collected.add(each);
    totals.add(each);
  }
  try {
    return collected.runs({ report: totals.report(false), paths: ['rec/'], policies: 'policy: a' });
  } finally {
    collected.close();
  }
}

const listed = ({ reviews, findings }: Run): object => ({
  newlyDenied: reviews.filter(({ change }) => change === 'newly-denied').length,
  others: reviews.filter(({ change }) => change !== 'newly-denied').length,
  findings: findings.length,
});

const LIMIT = 'because this page lists up to 50,000 findings; use -o json for all, or --namespace for some.';

test.each([
  ['as many as there is space for', () => differing('newly-denied', MAX_FINDINGS), [MAX_FINDINGS, 0, MAX_FINDINGS], ''],
  [
    'other changes, of which the last are left out',
    () => [...differing('message', 40_000), ...differing('newly-denied', 30_000)],
    [30_000, 20_000, MAX_FINDINGS],
    `20,000 more reviews are counted but not listed, ${LIMIT}`,
  ],
  [
    'new denials, of which the last are left out',
    () => [...differing('message', 5), ...differing('newly-denied', 30_000, 2)],
    [25_000, 0, MAX_FINDINGS],
    `5,005 more reviews, 5,000 of them newly denied, are counted but not listed, ${LIMIT}`,
  ],
  [
    'one more than there is space for',
    () => [...differing('newly-denied', MAX_FINDINGS), ...differing('patch', 1)],
    [MAX_FINDINGS, 0, MAX_FINDINGS],
    `1 more review is counted but not listed, ${LIMIT}`,
  ],
] as const)('the page lists %s', { timeout: 60_000 }, (_name, rows, [newlyDenied, others, findings], because) => {
  const all = rows();
  const [run, denials] = runsOf(all);
  if (run === undefined) throw new Error('no run');
  expect(listed(run)).toEqual({ newlyDenied, others, findings });
  expect(plainText(run.because)).toContain(because);
  expect(run.totals.objects).toBe(all.length);
  expect(run.totals.changes).toMatchObject({
    'newly-denied': all.filter(({ change }) => change === 'newly-denied').length,
  });
  // Causes among some of the denials could mislead.
  if (because.includes('newly denied')) expect(plainText(run.verdict)).not.toContain('team-a');
  expect(denials?.reviews).toHaveLength(newlyDenied);
});

test('reviews that are alike with listed ones are counted there, also beyond the limit', () => {
  const [first = row(), ...rest] = differing('newly-denied', MAX_FINDINGS);
  const again = { ...first, id: 'again', count: 3, last: '2026-11-24T10:00:00.000Z' };
  const [run] = runsOf([first, ...rest, again]);
  expect(plainText(run?.because ?? [])).toBe('One image causes all 50,003 denials: nginx.');
  expect(run?.reviews[0]).toMatchObject({ count: 4, last: '2026-11-24T10:00:00.000Z' });
});
