/** The test cases of a replay in JUnit XML: their number is bounded, and one that fails is never lost. */
import { describe, expect, test } from 'vitest';
import type { ReplayRow } from '../../../src/recording/replay-row.ts';
import { junitReplay } from '../../../src/report/replay/junit.ts';
import { replayTotals } from '../../../src/report/replay/totals.ts';
import { row } from './rows.ts';

const LIMIT = 5000;

function junit(rows: readonly ReplayRow[]): Promise<string> {
  return junitReplay(
    async (onRow) => {
      const totals = replayTotals();
      for (const each of rows) {
        totals.add(each);
        onRow(each);
      }
      return totals.report(false);
    },
    ['newly-denied'],
  );
}

const many = (change: ReplayRow['change'], count: number): ReplayRow[] =>
  Array.from({ length: count }, () => row({ change, differences: [{ kind: 'patch', text: `${change} here` }] }));

/** All reviews of the test cases. */
function reviewsIn(xml: string): number {
  const names = [...xml.matchAll(/<testcase [^>]*name="([^"]*)"/g)].map(([, name = '']) => name);
  return names.reduce(
    (sum, name) => sum + Number((/ \(([\d,]+) reviews\)$/.exec(name)?.[1] ?? '1').replaceAll(',', '')),
    0,
  );
}

interface Case {
  readonly name: string;
  readonly rows: () => readonly ReplayRow[];
  readonly reviews: number;
  readonly failures: number;
  readonly others: string | undefined;
}

const CASES: readonly Case[] = [
  {
    name: 'as many as are listed',
    rows: () => [...many('same', LIMIT), ...many('newly-denied', LIMIT)],
    reviews: 2 * LIMIT,
    failures: LIMIT,
    others: undefined,
  },
  {
    name: 'failures after any number of others',
    rows: () => [...many('same', LIMIT + 20), ...many('newly-denied', 30)],
    reviews: LIMIT + 50,
    failures: 30,
    others: '<testcase classname="(others)" name="(others: 20 cases) (20 reviews)"/>',
  },
  {
    name: 'more failures',
    rows: () => [...many('newly-denied', LIMIT + 7), ...many('message', 3)],
    reviews: LIMIT + 10,
    failures: LIMIT + 1,
    others: '<testcase classname="(others)" name="(others: 7 cases) (7 reviews)">',
  },
];

describe('JUnit XML has', () => {
  test.each(CASES)('$name', async ({ rows, reviews, failures, others }) => {
    const xml = await junit(rows());
    expect(reviewsIn(xml)).toBe(reviews);
    expect(xml.match(/<failure /g)).toHaveLength(failures);
    if (others === undefined) expect(xml).not.toContain('(others');
    else expect(xml).toContain(others);
  });

  test('a bounded length, and a line for each test case', async () => {
    const long = Array.from({ length: LIMIT + 10 }, (_, index) =>
      row({
        change: 'newly-denied',
        differences: Array.from({ length: 20 }, (__, at) => ({
          kind: 'newly-denied',
          text: `${'x'.repeat(900)} ${index} ${at}`,
        })),
      }),
    );
    const xml = await junit(long);
    expect(xml.length).toBeLessThan(12_000_000);
    expect(
      xml.match(/<failure [^>]*>\s*(?:<!\[CDATA\[)?newly-denied/g) ?? xml.match(/message="newly-denied/g),
    ).toHaveLength(LIMIT + 1);
  });
});
