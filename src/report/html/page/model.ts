/** The findings of a run as the page uses them: columns of numbers, which are counted, and rows, which are shown. */
import type { ReportView, RunView, Rows } from '../pack.ts';
import type { ReportFinding, Review } from '../report-data.ts';
import { type Key, KEYS } from './finding-keys.ts';
import { type Period, periodsOf } from './periods.ts';
import { createTextIndex, type TextIndex } from './text-index.ts';
import {
  type Column,
  columnsOf,
  type DenialWords,
  denialWordsOf,
  type Facet,
  facetsOf,
  firstTile,
  type Tile,
  tilesOf,
} from './words.ts';

export interface Item {
  readonly finding: ReportFinding;
  readonly review: Review;
  readonly index: number;
}

export interface Model {
  readonly report: ReportView;
  readonly run: RunView['head'];
  readonly reviewCount: number;
  /** How many findings there are. */
  readonly size: number;
  readonly item: (index: number) => Item;
  /** The texts that the numbers of columns stand for; 0: absent. */
  readonly strings: ReportView['strings'];
  /** The number of a text; -1: no finding has it. */
  readonly codeOf: (text: string) => number;
  readonly cells: { readonly findings: Rows<ReportFinding>['cells']; readonly reviews: Rows<Review>['cells'] };
  /** By finding. */
  readonly keys: Readonly<Record<Key, Int32Array>>;
  /** By finding: the tile that counts it, a change of a replay that compares, otherwise the decision. */
  readonly tileCodes: Int32Array;
  /** By finding: 1 if it makes its review part of its tile. */
  readonly causes: Uint8Array;
  /** By review: how often it occurred in a period. */
  readonly weights: (period: Period | undefined) => Int32Array;
  /** A replay that compares: findings have two sides. */
  readonly compares: boolean;
  readonly denialWords: DenialWords;
  /** A replay: reviews are counted, as often as they occurred. A check counts findings. */
  readonly weighs: boolean;
  readonly periods: readonly Period[];
  readonly tiles: readonly Tile[];
  readonly firstTile: string;
  readonly columns: readonly Column[];
  readonly facets: readonly FacetColumn[];
  readonly texts: () => TextIndex;
}

/** A bar chart: its values are numbered from 0. */
export interface FacetColumn extends Facet {
  readonly values: readonly string[];
  /** By finding. */
  readonly codes: Int32Array;
}

export function modelOf(report: ReportView, { head: run, findings, reviews }: RunView): Model {
  const compares = run.totals.changes !== null;
  const hasPeers = run.agreement !== null;
  const weighs = run.kind === 'replay';
  const { strings } = report;
  const codeOf = createCodes(strings);
  const keys = keyColumns(findings, reviews, codeOf(''));
  const tileCodes = compares ? changesOf(findings, reviews, Math.max(0, codeOf('same'))) : findings.cells.after;
  const causes = compares ? causesOf(findings, reviews, codeOf) : new Uint8Array(findings.length).fill(1);
  const has = (key: Key): boolean => keys[key].some((code) => code !== 0);
  const used = new Set([...new Set(tileCodes)].map((code) => strings[code] ?? 'same'));
  let texts: TextIndex | undefined;
  return {
    report,
    run,
    reviewCount: reviews.length,
    size: findings.length,
    item: createItems(findings, reviews),
    strings,
    codeOf,
    cells: { findings: findings.cells, reviews: reviews.cells },
    keys,
    tileCodes,
    causes,
    weights: createWeights(reviews),
    compares,
    denialWords: denialWordsOf({ compares, hasPeers }),
    weighs,
    periods: run.timeline === null ? [] : periodsOf(run.timeline),
    tiles: tilesOf(weighs, used, { changes: run.totals.changes, hasPeers }),
    firstTile: firstTile(used, weighs),
    columns: columnsOf({ compares, weighs, hasOwners: has('owner'), hasPeers }),
    facets: facetsOf(has).map((facet) => ({ ...facet, ...valuesOf(keys[facet.key], strings) })),
    texts: () => (texts ??= createTextIndex(strings)),
  };
}

function createCodes(strings: Model['strings']): Model['codeOf'] {
  const known = new Map<string, number>();
  return (text) => {
    const code = known.get(text) ?? strings.indexOf(text);
    known.set(text, code);
    return code;
  };
}

/** Rows are read when they are shown, and once. */
function createItems(findings: Rows<ReportFinding>, reviews: Rows<Review>): Model['item'] {
  const items = new Map<number, Item>();
  const known = new Map<number, Review>();
  const reviewAt = (at: number): Review => {
    const review = known.get(at) ?? reviews.at(at);
    known.set(at, review);
    return review;
  };
  return (index) => {
    let item = items.get(index);
    if (item !== undefined) return item;
    const finding = findings.at(index);
    item = { finding, review: reviewAt(finding.review), index };
    items.set(index, item);
    return item;
  };
}

/** An empty text is absent, as a filter. */
function keyColumns(findings: Rows<ReportFinding>, reviews: Rows<Review>, empty: number): Model['keys'] {
  const columns = KEYS.map((key) => {
    const codes = key in findings.cells ? ofFinding(key, findings) : byFinding(ofReview(key, reviews), findings);
    return [key, codes.includes(empty) ? codes.map((code) => (code === empty ? 0 : code)) : codes] as const;
  });
  return Object.fromEntries(columns) as Record<Key, Int32Array>;
}

function ofFinding(key: Key, { cells }: Rows<ReportFinding>): Int32Array {
  return cells[key as Key & keyof ReportFinding];
}

function ofReview(key: Key, { cells }: Rows<Review>): Int32Array {
  return cells[key as Key & keyof Review];
}

/** The values of the review of each finding. */
function byFinding(ofReviews: Int32Array, { cells }: Rows<ReportFinding>): Int32Array {
  return cells.review.map((review) => ofReviews[review] ?? 0);
}

function changesOf(findings: Rows<ReportFinding>, reviews: Rows<Review>, same: number): Int32Array {
  return byFinding(
    reviews.cells.change.map((change) => change || same),
    findings,
  );
}

/** What denies or frees a review is a cause; where nothing is, everything that the review has. */
function causesOf(
  { length, cells }: Rows<ReportFinding>,
  reviews: Rows<Review>,
  codeOf: Model['codeOf'],
): Model['causes'] {
  const [deny, denied, allowed] = [codeOf('deny'), codeOf('newly-denied'), codeOf('newly-allowed')];
  const { before, after, review } = cells;
  const causes = new Uint8Array(length);
  const having = new Uint8Array(reviews.length);
  for (let index = 0; index < length; index += 1) {
    const at = review[index] ?? 0;
    const change = reviews.cells.change[at];
    const denies = before[index] !== deny && after[index] === deny;
    const frees = before[index] === deny && after[index] !== deny;
    if ((change === denied && denies) || (change === allowed && frees)) causes[index] = having[at] = 1;
  }
  return causes.map((isCause, index) => (isCause === 1 || having[review[index] ?? 0] === 0 ? 1 : 0));
}

function createWeights({ length, cells, at }: Rows<Review>): Model['weights'] {
  const known = new Map<string, Int32Array>();
  return (period) => {
    if (period === undefined) return cells.count;
    const before = known.get(period.id);
    if (before !== undefined) return before;
    const weights = new Int32Array(length);
    for (let index = 0; index < length; index += 1)
      for (const [step, count] of at(index).times)
        if (isIn(period, step)) weights[index] = (weights[index] ?? 0) + count;
    known.set(period.id, weights);
    return weights;
  };
}

export function isIn({ from, to }: Period, step: number): boolean {
  return step >= from && step < to;
}

function valuesOf(codes: Int32Array, strings: Model['strings']): Omit<FacetColumn, keyof Facet> {
  const numbers = new Map<number, number>();
  const values: string[] = [];
  const numbered = codes.map((code) => {
    let known = numbers.get(code);
    if (known === undefined) {
      known = values.push(strings[code] ?? '') - 1;
      numbers.set(code, known);
    }
    return known;
  });
  return { values, codes: numbered };
}

/** How often an item counts. */
export function weightOf(model: Model, { finding }: Item, period: Period | undefined): number {
  return model.weights(period)[finding.review] ?? 0;
}
