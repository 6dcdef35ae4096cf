/** The groups of a replay: their number is bounded, and the numbers of reviews are exact. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REPLAY_CHANGES, type ReplayChange } from '../../../src/recording/comparison.ts';
import type { ReplayRow } from '../../../src/recording/replay-row.ts';
import { paint } from '../../../src/report/paint.ts';
import { countDistinct, MAX_DISTINCT } from '../../../src/report/replay/distinct.ts';
import { MAX_GROUPS } from '../../../src/report/replay/group-limit.ts';
import { detailGroups, GROUPINGS, type Grouping } from '../../../src/report/replay/groups.ts';
import { markdownReplay } from '../../../src/report/replay/markdown.ts';
import { replayExitCode, type ReplayReport } from '../../../src/report/replay/report.ts';
import type { ReplayRun } from '../../../src/report/replay/run.ts';
import { prettyReplay } from '../../../src/report/replay/text.ts';
import { replayTotals } from '../../../src/report/replay/totals.ts';
import { row } from './rows.ts';

const finding = (image: string): NonNullable<ReplayRow['findings']>[number] => ({
  policy: 'registries',
  rule: 'image-registry',
  outcome: 'violation',
  message: `container "web": image "${image}" is not from an allowed registry`,
  container: 'web',
  image,
  registry: image.split('/')[0] ?? null,
  pointer: '/spec/containers/0/image',
  remedy: null,
  before: 'warn',
  after: 'deny',
});

const differing = (change: ReplayChange, index: number): ReplayRow =>
  row({
    change,
    namespace: `team-${index}`,
    owner: { kind: 'Deployment', name: `web-${index}` },
    findings: [finding(`r${index}.example.com/web`)],
  });

const runOf =
  (rows: Iterable<ReplayRow>): ReplayRun =>
  async (onRow) => {
    const totals = replayTotals();
    for (const each of rows) {
      totals.add(each);
      onRow(each);
    }
    return totals.report(false);
  };

const reportOf = (rows: Iterable<ReplayRow>): Promise<ReplayReport> => runOf(rows)(() => undefined);

/** Reviews of one change, each with an owner, a namespace, and a registry of its own. */
function* many(change: ReplayChange, count: number): Generator<ReplayRow, void> {
  for (let index = 0; index < count; index += 1) yield differing(change, index);
}

/** All reviews of the groups, listed or not. */
function sums({ groups, otherGroups }: ReplayReport, by: Grouping): Partial<Record<ReplayChange, number>> {
  const all = REPLAY_CHANGES.map((change) => {
    const listed = groups[by].reduce((sum, group) => sum + (group.changes[change] ?? 0), 0);
    return [change, listed + (otherGroups[by][change]?.reviews ?? 0)] as const;
  });
  return Object.fromEntries(all);
}

const BEYOND = 70;

describe('the groups of a replay', () => {
  test('are complete up to their limit', async () => {
    const report = await reportOf(many('newly-denied', MAX_GROUPS));
    expect(report.groups.owner).toHaveLength(MAX_GROUPS);
    expect(report.otherGroups).toEqual({ owner: {}, namespace: {}, rule: {}, registry: {} });
  });

  test('keep the first ones beyond it, and count the others', async () => {
    const report = await reportOf([
      ...many('newly-denied', MAX_GROUPS + BEYOND),
      ...many('newly-denied', MAX_GROUPS + 1),
    ]);
    const others = { 'newly-denied': { groups: BEYOND, reviews: BEYOND + 1 } };
    expect(report.otherGroups).toEqual({ owner: others, namespace: others, rule: {}, registry: others });
    expect(report.groups.owner.map(({ name }) => name)).not.toContain(
      `Deployment team-${MAX_GROUPS}/web-${MAX_GROUPS}`,
    );
    expect(replayExitCode(report, ['newly-denied'])).toBe(1);
  });

  test('list new denials after any number of other changes', async () => {
    const last = differing('newly-denied', MAX_GROUPS + BEYOND);
    const report = await reportOf([...many('message', MAX_GROUPS + BEYOND), last]);
    const name = `Deployment team-${MAX_GROUPS + BEYOND}/web-${MAX_GROUPS + BEYOND}`;
    expect(report.groups.owner.find((group) => group.name === name)?.changes).toEqual({ 'newly-denied': 1 });
    expect(report.otherGroups.owner).toEqual({ message: { groups: BEYOND, reviews: BEYOND } });
  });

  test('have the sums of all reviews, whatever occurs', { timeout: 60_000 }, async () => {
    const part = fc.record({
      change: fc.constantFrom(...REPLAY_CHANGES),
      from: fc.constantFrom(0, 10, MAX_GROUPS - 5),
      length: fc.constantFrom(1, 20, MAX_GROUPS),
      count: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const rows = parts.flatMap(({ change, from, length, count }) =>
          Array.from({ length }, (_, index) => ({ ...differing(change, from + index), count })),
        );
        const report = await reportOf(rows);
        const expected = { ...report.summary.changes, same: 0 };
        for (const by of GROUPINGS) expect(sums(report, by)).toEqual(expected);
        for (const change of REPLAY_CHANGES) {
          const names = new Set(rows.filter((each) => each.change === change).map(({ namespace }) => namespace));
          const listed = report.groups.namespace.filter(({ changes }) => changes[change] !== undefined).length;
          const others = report.otherGroups.namespace[change]?.groups ?? 0;
          expect(listed + others).toBe(change === 'same' ? 0 : names.size);
          expect(listed).toBeLessThanOrEqual(MAX_GROUPS);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe('the details of groups', () => {
  const long = (index: number): ReplayRow => ({
    ...differing('newly-denied', index % MAX_GROUPS),
    findings: [finding(`${'x'.repeat(3000)}.example.com/${index}`)],
  });

  test('are bounded by their length, and what is left out is counted', () => {
    const details = detailGroups('owner', 10);
    const reviews = 3 * MAX_GROUPS;
    for (let index = 0; index < reviews; index += 1) details.add(long(index));
    const { groups } = details.of('newly-denied');
    const texts = groups.flatMap(({ problems }) => problems.map(({ text }) => text));
    const places = groups.flatMap(({ examples }) => examples.map(({ file, label }) => file + label));
    expect([...texts, ...places].join('').length).toBeLessThanOrEqual(2_000_000);
    expect(texts.length).toBeGreaterThan(500);
    expect(texts.length + groups.reduce((sum, { more }) => sum + more, 0)).toBe(reviews);
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(reviews);
  });
});

describe('reports', () => {
  const all = (): ReplayRow[] => [...many('message', MAX_GROUPS + 1), ...many('newly-denied', MAX_GROUPS + BEYOND)];
  const view = { ink: paint(false), columns: undefined, policies: 'policy: a' };

  test.each([
    ['owner', `  (others: ${BEYOND} workloads)  ${BEYOND} reviews; -o json lists each`],
    ['registry', `  (others: ${BEYOND} registries)  ${BEYOND} reviews; -o json lists each`],
  ] as const)('have a line for other groups by %s in text', async (groupBy, line) => {
    for (const verbose of [false, true]) {
      const text = await prettyReplay({ ...view, groupBy, verbose, run: runOf(all()) });
      const lines = text.split('\n');
      expect(lines).toContain(line);
      expect(lines).toContain(
        line
          .replace(`${BEYOND} registries`, '1 registry')
          .replace(`${BEYOND} workloads`, '1 workload')
          .replace(`${BEYOND} reviews`, '1 review'),
      );
      expect(lines[0]).toBe('Of 10,071 reviews, 5,070 would be newly denied, in 5,070 workloads of 5,070 namespaces.');
      expect(lines.includes(verbose ? 'never' : '  and 4,990 more with 4,990 reviews; --verbose lists them')).toBe(
        !verbose,
      );
    }
  });

  test('have a row for the groups that have no space in Markdown', async () => {
    const text = await markdownReplay({ run: runOf(all()), groupBy: 'owner', policies: 'policy: a' });
    expect(text.length).toBeLessThan(900 * 1024);
    const rows = text.split('\n').filter((line) => line.startsWith('| **newly denied**'));
    const reviews = rows.map((line) => Number(line.split(' | ')[2]?.replaceAll(',', '')));
    expect(reviews.reduce((sum, each) => sum + each, 0)).toBe(MAX_GROUPS + BEYOND);
    expect(rows.at(-1)).toMatch(/^\| \*\*newly denied\*\* \| \(others: [\d,]+ workloads\) \| [\d,]+ \| {2}\| {2}\|$/);
    expect(text).toContain('| other findings or messages | (others: 5,001 workloads) | 5,001 |  |  |');
  });
});

describe('the count of different texts', () => {
  test('is exact, also after its memory grows', () => {
    const counted = countDistinct();
    for (let index = 0; index < 9000; index += 1) counted.add(`name-${index % 7000}`);
    expect(counted.count()).toBe(7000);
  });

  test('ends at its limit', () => {
    const counted = countDistinct();
    for (let index = 0; index < MAX_DISTINCT + 10; index += 1) counted.add(`name-${index}`);
    expect(counted.count()).toBe(MAX_DISTINCT);
  });
});
