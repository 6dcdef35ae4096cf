/** The order of the findings by each column. It is found once for all findings, and is then that of any of them. */
import type { Model } from './model.ts';
import type { Period } from './periods.ts';

const DECISION_ORDER = [
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

/** By finding: findings with the same rank are equal, and a lower rank comes first. */
type Ranks = Int32Array;

const RANKS: Readonly<Record<string, (model: Model) => Ranks>> = {
  decision: ({ tileCodes, strings }) => tileCodes.map((code) => DECISION_ORDER.indexOf(strings[code] ?? 'same')),
  what: ({ cells, strings }) => ranksOf(cells.findings.message, strings),
  workload: (model) => workloadsOf(model),
  rule: ({ keys, strings }) => ranksOf(keys.rule, strings),
  owner: ({ keys, strings }) => ranksOf(keys.owner, strings),
  // The order of the report is that of files and lines.
  where: ({ size }) => Int32Array.from({ length: size }, (_, index) => index),
};

const known = new WeakMap<Model, Map<string, Ranks>>();

function ranks(model: Model, sort: string): Ranks | undefined {
  const ofModel = known.get(model) ?? new Map<string, Ranks>();
  known.set(model, ofModel);
  const before = ofModel.get(sort);
  if (before !== undefined) return before;
  const found = RANKS[sort]?.(model);
  if (found !== undefined) ofModel.set(sort, found);
  return found;
}

/** By finding: a number for each workload, in their order. */
export function workloadRanks(model: Model): Ranks {
  return ranks(model, 'workload') ?? new Int32Array(model.size);
}

interface Order {
  readonly sort: string;
  readonly descending: boolean;
  readonly period: Period | undefined;
}

/** Returns the findings that are shown, in order. */
export function sortedFindings(model: Model, shown: Uint8Array, { sort, descending, period }: Order): Int32Array {
  const found = sort === 'times' ? timesOf(model, period) : ranks(model, sort);
  const chosen = indexesOf(shown);
  if (found === undefined || (sort === 'where' && !descending)) return chosen;
  return byRank(chosen, found, descending);
}

function indexesOf(shown: Uint8Array): Int32Array {
  const found = new Int32Array(shown.length);
  let count = 0;
  for (let index = 0; index < shown.length; index += 1) if (shown[index] === 1) found[count++] = index;
  return found.subarray(0, count);
}

/** Counting sort: ranks are dense. Findings with the same rank keep the order of the report. */
function byRank(chosen: Int32Array, rank: Ranks, descending: boolean): Int32Array {
  let most = 0;
  for (const each of rank) if (each > most) most = each;
  const next = new Int32Array(most + 2);
  const place = (index: number): number => (descending ? most - (rank[index] ?? 0) : (rank[index] ?? 0));
  for (const index of chosen) next[place(index) + 1] = (next[place(index) + 1] ?? 0) + 1;
  for (let at = 1; at < next.length; at += 1) next[at] = (next[at] ?? 0) + (next[at - 1] ?? 0);
  const sorted = new Int32Array(chosen.length);
  for (const index of chosen) {
    const at = place(index);
    const to = next[at] ?? 0;
    next[at] = to + 1;
    sorted[to] = index;
  }
  return sorted;
}

function ranksOf(codes: Int32Array, strings: Model['strings']): Ranks {
  return denseRanks(codes, (code) => strings[code] ?? '');
}

function denseRanks(codes: Int32Array, textOf: (code: number) => string): Ranks {
  const named = [...new Set(codes)].map((code) => ({ code, text: textOf(code) }));
  named.sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0));
  const rankOf = new Map<number, number>();
  let rank = -1;
  let last: string | undefined;
  for (const { code, text } of named) {
    if (text !== last) rank += 1;
    last = text;
    rankOf.set(code, rank);
  }
  return codes.map((code) => rankOf.get(code) ?? 0);
}

function workloadsOf({ cells, strings }: Model): Ranks {
  const { namespace, name, kind } = cells.reviews;
  const textAt = (code = 0): string => strings[code] ?? '';
  return denseRanks(cells.findings.review, (at) => `${textAt(namespace[at])}/${textAt(name[at])} ${textAt(kind[at])}`);
}

function timesOf(model: Model, period: Period | undefined): Ranks {
  const weights = model.weights(period);
  const rankOf = new Map([...new Set(weights)].toSorted((one, other) => one - other).map((each, at) => [each, at]));
  return model.cells.findings.review.map((at) => rankOf.get(weights[at] ?? 0) ?? 0);
}
