/** What the page of the HTML report counts, finds, and sorts, compared with a slow and plain way to do the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openReport, pack } from '../../../src/report/html/pack.ts';
import {
  CHANGES,
  type Decision,
  type ReportFinding,
  type Review,
  type Run,
} from '../../../src/report/html/report-data.ts';
import { isKey, type Key } from '../../../src/report/html/page/finding-keys.ts';
import { matchesOf } from '../../../src/report/html/page/match.ts';
import { type Model, modelOf } from '../../../src/report/html/page/model.ts';
import { sortedFindings } from '../../../src/report/html/page/orders.ts';
import { parseQuery } from '../../../src/report/html/page/query.ts';
import { groupName, groupsOf, type TableRow, tableRows } from '../../../src/report/html/page/rows.ts';
import type { State } from '../../../src/report/html/page/state.ts';
import { FINDING, ORIGIN, REVIEW, RUN } from './sample.ts';

const WORDS = ['', 'web', 'Web', 'api', 'a/b', 'b\nc', 'İx', 'deny', 'same', '12'] as const;
const DECISIONS: readonly Decision[] = ['deny', 'warn', 'unknown', 'none'];
const STEPS = 48;

const word = fc.constantFrom(...WORDS);
const maybe = fc.option(word);

const review = fc.record({
  kind: word,
  namespace: maybe,
  name: word,
  owner: maybe,
  times: fc
    .uniqueArray(fc.integer({ min: 0, max: STEPS - 1 }), { minLength: 1, maxLength: 3 })
    .chain((steps) => fc.tuple(...steps.map((step) => fc.tuple(fc.constant(step), fc.integer({ min: 1, max: 3 }))))),
  change: fc.option(fc.constantFrom(...CHANGES)),
});

const finding = fc.record({
  container: maybe,
  image: maybe,
  registry: maybe,
  policy: word,
  rule: word,
  message: word,
  remedy: maybe,
  before: fc.option(fc.constantFrom(...DECISIONS)),
  after: fc.constantFrom(...DECISIONS),
  file: maybe,
  line: fc.option(fc.integer({ min: 1, max: 130 })),
});

const run: fc.Arbitrary<Run> = fc
  .record({
    mode: fc.constantFrom('check', 'replay', 'comparison'),
    reviews: fc.array(fc.tuple(review, fc.array(finding, { maxLength: 4 })), { maxLength: 6 }),
  })
  .map(({ mode, reviews }) => ({
    ...RUN,
    kind: mode === 'check' ? 'check' : 'replay',
    totals: {
      ...RUN.totals,
      changes:
        mode === 'comparison' ? { 'newly-denied': 1, 'newly-allowed': 0, changed: 0, unknown: 0, same: 0 } : null,
    },
    timeline: { start: '2026-11-22T00:00:00Z', stepMinutes: 120, all: Array.from({ length: STEPS }, () => 1) },
    reviews: reviews.map(([one]): Review => ({
      ...REVIEW,
      ...one,
      count: one.times.reduce((all, [, count]) => all + count, 0),
    })),
    findings: reviews.flatMap(([, findings], at) =>
      findings.map((one, index): ReportFinding => ({ ...FINDING, ...one, review: at, id: `${at}.${index}` })),
    ),
  }));

const QUERIES = [
  '',
  'web',
  '-web',
  'rule:WEB',
  '-owner:api',
  'a/b',
  'web/api',
  'web:1',
  'web:',
  'web "b c"',
  'i̇x',
  'nothing',
];

const state = fc.record({
  show: fc.constantFrom('', 'newly-denied', 'newly-allowed', 'same', 'deny', 'warn', 'changed'),
  query: fc.constantFrom(...QUERIES),
  period: fc.constantFrom(undefined, '2026-11-22', '2026-11-24'),
  wanted: fc
    .array(fc.tuple(fc.constantFrom<Key>('owner', 'namespace', 'rule', 'image'), word, fc.boolean()), { maxLength: 2 })
    .map((each) => new Map(each.map(([key, value, how]) => [key, new Map([[value, how]])]))),
  sort: fc.constantFrom('decision', 'what', 'workload', 'rule', 'owner', 'times', 'where'),
  descending: fc.boolean(),
  group: fc.constantFrom('', 'workload', 'image', 'rule', 'namespace', 'owner'),
  open: fc.constantFrom(undefined, 0, 3),
});

/** A review has one value of these, so their bars together are as many reviews as the tile. */
const OF_REVIEWS: ReadonlySet<string> = new Set(['owner', 'namespace']);
const isNone = (number: number): boolean => number === 0;
const isSome = (number: number): boolean => number >= 0;

/** One finding, the way it is in the data. */
interface Plain {
  readonly index: number;
  readonly finding: ReportFinding;
  readonly review: Review;
  readonly tile: string;
  readonly isCause: boolean;
  readonly weight: number;
}

function plainFindings({ findings, reviews, totals }: Run, { period }: State, { periods }: Model): readonly Plain[] {
  const picked = periods.find(({ id }) => id === period);
  const causes = findings.map(({ before, after, review: at }) => {
    const change = reviews[at]?.change;
    if (change === 'newly-denied') return before !== 'deny' && after === 'deny';
    return change === 'newly-allowed' && before === 'deny' && after !== 'deny';
  });
  return findings.map((each, index) => {
    const own = reviews[each.review] ?? REVIEW;
    const has = findings.some((other, at) => other.review === each.review && causes[at]);
    const inside = own.times.filter(([step]) => picked === undefined || (step >= picked.from && step < picked.to));
    return {
      index,
      finding: each,
      review: own,
      tile: totals.changes === null ? each.after : (own.change ?? 'same'),
      isCause: totals.changes === null || !has || causes[index] === true,
      weight: inside.reduce((all, [, count]) => all + count, 0),
    };
  });
}

function valueOf({ finding: one, review: own }: Plain, key: Key): string {
  const all = { ...one, owner: own.owner, namespace: own.namespace, kind: own.kind, name: own.name };
  return all[key] ?? '';
}

function hasText(each: Plain, text: string): boolean {
  const { finding: one, review: own } = each;
  const texts = [
    one.message,
    one.remedy ?? '',
    `${own.namespace ?? ''}/${own.name}`,
    ...(
      ['owner', 'rule', 'registry', 'image', 'policy', 'kind', 'container', 'outcome', 'namespace', 'name'] as const
    ).map((key) => valueOf(each, key)),
    one.file === null ? '' : `${one.file}:${one.line ?? ''}`,
  ];
  return texts.some((given) => given.replaceAll('\n', ' ').toLowerCase().includes(text));
}

type FilterName = Key | 'tile' | 'period' | 'query';

function passes(each: Plain, { show, period, wanted, query }: State, except?: FilterName): boolean {
  const tests: readonly (readonly [FilterName, boolean])[] = [
    ['tile', show === '' || (each.tile === show && each.isCause)],
    ['period', period === undefined || each.weight > 0],
    ...[...wanted].map(([key, values]) => {
      const [[value, how] = ['', true]] = [...values];
      return [key, (valueOf(each, key) === value) === how] as const;
    }),
    [
      'query',
      parseQuery(query).every(({ not, key, text }) => {
        const has =
          key === undefined
            ? hasText(each, text)
            : valueOf(each, key).replaceAll('\n', ' ').toLowerCase().includes(text);
        return has !== not;
      }),
    ],
  ];
  return tests.every(([name, isPassed]) => isPassed || name === except);
}

/** In a replay, a review counts once, as often as it occurred. */
function sum(found: readonly Plain[], weighs: boolean): number {
  if (!weighs) return found.length;
  return [...new Map(found.map((each) => [each.finding.review, each.weight])).values()].reduce(
    (all, each) => all + each,
    0,
  );
}

const inputs = fc.tuple(run, state);

function modelFor(given: Run): Model {
  const report = openReport(pack({ version: 1, tool: 'a', created: '', rules: {}, origin: ORIGIN, runs: [given] }));
  const [view] = report.runs;
  if (view === undefined) throw new Error('no run');
  return modelOf(report, view);
}

describe('the page of the HTML report', () => {
  test('counts what it shows, by tile, by bar, and by step', () => {
    fc.assert(
      fc.property(inputs, ([given, selected]) => {
        const model = modelFor(given);
        const found = matchesOf(model, selected);
        const all = plainFindings(given, selected, model);
        const { weighs } = model;
        expect([...found.shown].flatMap((each, index) => (each === 1 ? [index] : []))).toEqual(
          all.filter((each) => passes(each, selected)).map(({ index }) => index),
        );
        expect(found.count).toBe(all.filter((each) => passes(each, selected)).length);
        expect(found.all).toBe(
          sum(
            all.filter((each) => passes(each, selected, 'tile')),
            weighs,
          ),
        );
        for (const [tile, count] of found.tiles)
          expect([tile, count]).toEqual([
            tile,
            sum(
              all.filter((each) => each.tile === tile && each.isCause && passes(each, selected, 'tile')),
              weighs,
            ),
          ]);
        for (const [key, counts] of found.facets) {
          const counted = all.filter((each) => passes(each, selected, key));
          const values = Map.groupBy(counted, (each) => valueOf(each, key));
          expect(new Map([...counts].map(([value, { number }]) => [value, number]))).toEqual(
            new Map([...values].map(([value, each]) => [value, sum(each, weighs)])),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has as many denied reviews in the chart, the bars, the groups, and the rows as in the tile', () => {
    fc.assert(
      fc.property(inputs, ([given, selected]) => {
        const model = modelFor(given);
        if (!model.weighs) return;
        const show = model.compares ? 'newly-denied' : 'deny';
        const denied: State = { ...selected, show };
        const found = matchesOf(model, denied);
        const tile = found.tiles.get(show) ?? 0;
        const period = model.periods.find(({ id }) => id === denied.period);
        const weights = model.weights(period);
        const shown = sortedFindings(model, found.shown, { ...denied, period });
        const reviews = new Set([...shown].map((index) => model.item(index).finding.review));
        expect([...reviews].reduce((all, at) => all + (weights[at] ?? 0), 0)).toBe(tile);
        const steps = found.steps.denied.slice(period?.from ?? 0, period?.to);
        expect(steps.reduce((all, each) => all + each, 0)).toBe(tile);
        for (const [key, counts] of found.facets) {
          const bars = [...counts.values()].reduce((all, { number }) => all + number, 0);
          // A review with findings of two rules counts for both.
          if (!denied.wanted.has(key)) expect(bars - tile).toSatisfy(OF_REVIEWS.has(key) ? isNone : isSome);
        }
        const byNamespace = groupsOf(model, shown, { group: 'namespace', weights });
        expect(byNamespace.list.reduce((all, group) => all + group.denied, 0)).toBe(tile);
      }),
      { numRuns: 300 },
    );
  });

  test('sorts, groups, and opens findings', () => {
    fc.assert(
      fc.property(inputs, ([given, selected]) => {
        const model = modelFor(given);
        const { sort, descending, group, open } = selected;
        const period = model.periods.find(({ id }) => id === selected.period);
        const { shown } = matchesOf(model, selected);
        const all = plainFindings(given, selected, model).filter((each) => passes(each, selected));
        const expected = all.toSorted(
          (one, other) => (descending ? -1 : 1) * compare(one, other, sort) || one.index - other.index,
        );
        const sorted = sortedFindings(model, shown, { sort, descending, period });
        expect([...sorted]).toEqual(expected.map(({ index }) => index));
        const weights = model.weights(period);
        const groups = group === '' ? undefined : groupsOf(model, sorted, { group, weights });
        const rows = tableRows(model, { findings: sorted, groups, open, closed: new Set() });
        const found = Array.from({ length: rows.length }, (_, index) => rows.at(index));
        expect(found.map(({ type }) => type)).toEqual(found.map((_, index) => rows.typeAt(index)));
        expect(found.flatMap((row) => (row.type === 'finding' ? [row.item.index] : [])).toSorted(byNumber)).toEqual(
          [...sorted].toSorted(byNumber),
        );
        expect(namesIn(found, (index) => nameOf(all, index, group))).toEqual(
          (groups?.list ?? []).map((each) => [groupName(model, each, group).join('')]),
        );
        const detail = found.findIndex(({ type }) => type === 'detail');
        expect(detail).toBe(shown[open ?? -1] === 1 ? rows.indexOf(open ?? -1) + 1 : -1);
      }),
      { numRuns: 300 },
    );
  });
});

const byNumber = (one: number, other: number): number => one - other;

/** The names of the findings below each group, each once. */
function namesIn(rows: readonly TableRow[], nameAt: (index: number) => string): readonly (readonly string[])[] {
  const found: Set<string>[] = [];
  for (const row of rows) {
    if (row.type === 'group') found.push(new Set());
    if (row.type === 'finding') found.at(-1)?.add(nameAt(row.item.index));
  }
  return found.map((names) => [...names]);
}

function nameOf(all: readonly Plain[], index: number, group: string): string {
  const each = all.find((one) => one.index === index);
  if (each === undefined) return '';
  if (isKey(group)) return valueOf(each, group) || (group === 'namespace' ? 'cluster-scoped' : `no ${group}`);
  const { namespace, name, kind } = each.review;
  return `${namespace === null || namespace === '' ? '' : `${namespace}/`}${name} ${kind}`;
}

const ORDER = [
  'newly-denied',
  'deny',
  'newly-allowed',
  'unknown',
  'changed',
  'warn',
  'audit',
  'excused',
  'known',
  'same',
  'none',
];

function compare(one: Plain, other: Plain, sort: string): number {
  const text = (textOf: (each: Plain) => string): number =>
    textOf(one) < textOf(other) ? -1 : textOf(one) > textOf(other) ? 1 : 0;
  const by: Readonly<Record<string, () => number>> = {
    decision: () => ORDER.indexOf(one.tile) - ORDER.indexOf(other.tile),
    what: () => text(({ finding: { message } }) => message),
    workload: () => text(({ review: { namespace, name, kind } }) => `${namespace ?? ''}/${name} ${kind}`),
    rule: () => text((each) => valueOf(each, 'rule')),
    owner: () => text((each) => valueOf(each, 'owner')),
    times: () => one.weight - other.weight,
    where: () => one.index - other.index,
  };
  return by[sort]?.() ?? 0;
}
