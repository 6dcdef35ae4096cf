/** Which findings are shown, and how many each value of each filter has. All in one pass, because there can be 50,000. */
import type { Key } from './finding-keys.ts';
import type { FacetColumn, Model } from './model.ts';
import { parseQuery } from './query.ts';
import { termFilter } from './search.ts';
import type { State } from './state.ts';

export interface Count {
  readonly number: number;
  /** Of these, denied. */
  readonly denied: number;
}

export interface Matches {
  /** By finding: 1 if it is shown. */
  readonly shown: Uint8Array;
  readonly count: number;
  /** By value: what would be shown if the filter by this key had only this value. */
  readonly facets: ReadonlyMap<Key, ReadonlyMap<string, Count>>;
  /** By tile: what would be shown if it was selected. */
  readonly tiles: ReadonlyMap<string, number>;
  /** What would be shown if no tile was selected. */
  readonly all: number;
  /** Of the chart: the occurrences by step, of all periods. */
  readonly steps: Steps;
}

export interface Steps {
  readonly denied: readonly number[];
  readonly allowed: readonly number[];
}

type Selected = Pick<State, 'show' | 'query' | 'wanted' | 'period'>;

export function matchesOf(model: Model, state: Selected): Matches {
  const filters = filtersOf(model, state);
  const tally = createTally(model, state);
  const shown = new Uint8Array(model.size);
  let count = 0;
  for (let index = 0; index < model.size; index += 1) {
    const failed = failedFilter(filters, index);
    if (failed === 'several' || failed === 'query') continue;
    if (failed === undefined) {
      shown[index] = 1;
      count += 1;
    }
    tally.add(index, failed);
  }
  return { shown, count, ...tally.counts() };
}

interface Filter {
  readonly name: Key | 'tile' | 'period' | 'query';
  readonly passes: (index: number) => boolean;
}

type Failed = Filter['name'] | 'several' | undefined;

/** The texts, which are the slowest, come last. */
function filtersOf(model: Model, { show, query, wanted, period }: Selected): readonly Filter[] {
  const { tileCodes, causes, keys, codeOf, cells } = model;
  const filters: Filter[] = [];
  if (show !== '') {
    const tile = tileCode(model, show);
    filters.push({ name: 'tile', passes: (index) => tileCodes[index] === tile && causes[index] === 1 });
  }
  const picked = model.periods.find(({ id }) => id === period);
  if (picked !== undefined) {
    const weights = model.weights(picked);
    const { review } = cells.findings;
    filters.push({ name: 'period', passes: (index) => (weights[review[index] ?? 0] ?? 0) > 0 });
  }
  for (const [key, values] of wanted) {
    const how = new Map([...values].map(([value, isShown]) => [value === '' ? 0 : codeOf(value), isShown]));
    const others = ![...how.values()].includes(true);
    const codes = keys[key];
    filters.push({ name: key, passes: (index) => how.get(codes[index] ?? 0) ?? others });
  }
  const terms = parseQuery(query).map((term) => termFilter(model, term));
  if (terms.length > 0) filters.push({ name: 'query', passes: (index) => terms.every((has) => has(index)) });
  return filters;
}

/** A review that has no change is the same. */
function tileCode({ codeOf, compares }: Model, tile: string): number {
  const code = codeOf(tile);
  return compares && tile === 'same' ? Math.max(0, code) : code;
}

/** The only filter that leaves the finding out; undefined: none does. */
function failedFilter(filters: readonly Filter[], index: number): Failed {
  let failed: Failed;
  for (const { name, passes } of filters)
    if (!passes(index)) {
      if (failed !== undefined) return 'several';
      failed = name;
    }
  return failed;
}

interface Tally {
  readonly add: (index: number, failed: Failed) => void;
  readonly counts: () => Pick<Matches, 'facets' | 'tiles' | 'all' | 'steps'>;
}

function createTally(model: Model, state: Selected): Tally {
  const counter = createCounter(model, state);
  const facets = model.facets.map((facet) => ({ facet, counts: counter(facet.values.length) }));
  const tiles = createTiles(model, counter);
  const all = counter(1);
  const steps = createSteps(model);
  return {
    add(index, failed) {
      if (isOnly(failed, 'tile')) {
        tiles.add(index);
        all.add(0, index);
      }
      if (isOnly(failed, 'tile') || failed === 'period') steps.add(index);
      for (const { facet, counts } of facets) if (isOnly(failed, facet.key)) counts.add(facet.codes[index] ?? 0, index);
    },
    counts: () => ({
      facets: new Map(facets.map(({ facet, counts }) => [facet.key, facetCounts(facet, counts)])),
      tiles: tiles.counts(),
      all: all.numbers[0] ?? 0,
      steps: steps.steps,
    }),
  };
}

/** What a filter counts is what it leaves out as well. */
function isOnly(failed: Failed, own: Filter['name']): boolean {
  return failed === undefined || failed === own;
}

interface Tiles {
  readonly add: (index: number) => void;
  readonly counts: () => Matches['tiles'];
}

function createTiles({ strings, tileCodes, causes }: Model, counter: (size: number) => Counts): Tiles {
  const counts = counter(strings.length);
  return {
    add(index) {
      if (causes[index] === 1) counts.add(tileCodes[index] ?? 0, index);
    },
    counts: () => new Map([...new Set(tileCodes)].map((code) => [strings[code] ?? 'same', counts.numbers[code] ?? 0])),
  };
}

function facetCounts({ values }: FacetColumn, { numbers, denied }: Counts): ReadonlyMap<string, Count> {
  const counted = values.map(
    (value, code) => [value, { number: numbers[code] ?? 0, denied: denied[code] ?? 0 }] as const,
  );
  return new Map(counted.filter(([, { number }]) => number > 0));
}

interface Counts {
  readonly numbers: Int32Array;
  readonly denied: Int32Array;
  readonly add: (code: number, index: number) => void;
}

/** In a replay, a review counts once for each value, as often as it occurred; in a check, each finding counts. */
function createCounter(model: Model, { period }: Selected): (size: number) => Counts {
  const { compares, weighs, cells, tileCodes, codeOf } = model;
  const weights = model.weights(model.periods.find(({ id }) => id === period));
  const { review, after } = cells.findings;
  const denial = codeOf(compares ? 'newly-denied' : 'deny');
  const decisive = compares ? tileCodes : after;
  return (size) => {
    const counts = [createSum(size), createSum(size)] as const;
    const add = (code: number, index: number): void => {
      const at = review[index] ?? 0;
      const weight = weighs ? (weights[at] ?? 0) : 1;
      const one = weighs ? at : index;
      counts[0].add(code, one, weight);
      if (decisive[index] === denial) counts[1].add(code, one, weight);
    };
    return { numbers: counts[0].sums, denied: counts[1].sums, add };
  };
}

interface Sum {
  readonly sums: Int32Array;
  /** `one`: what counts once. */
  readonly add: (code: number, one: number, weight: number) => void;
}

function createSum(size: number): Sum {
  const sums = new Int32Array(size);
  const last = new Int32Array(size).fill(-1);
  return {
    sums,
    add(code, one, weight) {
      if (last[code] === one) return;
      last[code] = one;
      sums[code] = (sums[code] ?? 0) + weight;
    },
  };
}

function createSteps(model: Model): { readonly steps: Steps; readonly add: (index: number) => void } {
  const { run, cells, tileCodes, causes, codeOf, item, reviewCount } = model;
  const empty = (): number[] => Array.from({ length: run.timeline?.all.length ?? 0 }, () => 0);
  const steps = { denied: empty(), allowed: empty() };
  const seen = new Uint8Array(run.timeline === null ? 0 : reviewCount);
  const denied = codeOf(model.compares ? 'newly-denied' : 'deny');
  const allowed = codeOf('newly-allowed');
  const add = (index: number): void => {
    const tile = tileCodes[index];
    const at = cells.findings.review[index] ?? 0;
    const into = tile === denied ? steps.denied : tile === allowed ? steps.allowed : undefined;
    if (into === undefined || causes[index] === 0 || seen[at] !== 0) return;
    seen[at] = 1;
    for (const [step, count] of item(index).review.times) into[step] = (into[step] ?? 0) + count;
  };
  return { steps, add };
}
