/** What the reader has selected. The address keeps it, so a link shows the same; links come from strangers. */
import { isKey, type Key } from './finding-keys.ts';
import type { Model } from './model.ts';
import { COLUMNS, GROUPS } from './words.ts';

export interface State {
  /** A tile; empty: all findings. */
  readonly show: string;
  readonly query: string;
  readonly sort: string;
  readonly descending: boolean;
  /** Empty: no groups. */
  readonly group: string;
  /** Of the timeline; undefined: all. */
  readonly period: string | undefined;
  readonly wanted: Wanted;
  /** The number of the finding that is open. */
  readonly open: number | undefined;
}

/** By key and value: shown (true), or left out (false). */
export type Wanted = ReadonlyMap<Key, ReadonlyMap<string, boolean>>;

export function initialState(model: Model): State {
  return {
    show: model.firstTile,
    query: '',
    sort: model.weighs ? 'times' : 'where',
    descending: model.weighs,
    group: model.weighs ? '' : 'workload',
    period: undefined,
    wanted: new Map(),
    open: undefined,
  };
}

export function withWanted(wanted: Wanted, key: Key, value: string, how: boolean | undefined): Wanted {
  const values = new Map(wanted.get(key));
  if (how === undefined) values.delete(value);
  else values.set(value, how);
  const next = new Map(wanted);
  if (values.size === 0) next.delete(key);
  else next.set(key, values);
  return next;
}

export function isFiltered({ query, wanted, period }: State): boolean {
  return query !== '' || wanted.size > 0 || period !== undefined;
}

/** Longer texts come from no link of this page. */
const MAX_HASH = 8000;

function paramsIn(hash: string): URLSearchParams {
  return new URLSearchParams(hash.slice(1, MAX_HASH));
}

/** The id of the run; null: the first. */
export function runIn(hash: string): string | null {
  return paramsIn(hash).get('run');
}

export function readHash(hash: string, model: Model): State {
  const initial = initialState(model);
  const given = paramsIn(hash);
  const open = findingWith(given.get('open'), model);
  return {
    ...initial,
    ...orderIn(given),
    // A link to a finding shows it, whatever the first view is.
    show: shownTile(given.get('show'), open === undefined ? initial.show : '', model),
    query: given.get('q') ?? '',
    group: groupIn(given) ?? initial.group,
    period: model.periods.find(({ id }) => id === given.get('day'))?.id,
    wanted: wantedIn(given),
    open,
  };
}

function findingWith(id: string | null, { codeOf, cells }: Model): number | undefined {
  const code = id === null ? -1 : codeOf(id);
  const index = code < 0 ? -1 : cells.findings.id.indexOf(code);
  return index < 0 ? undefined : index;
}

function orderIn(given: URLSearchParams): Partial<State> {
  const text = given.get('sort') ?? '';
  const sort = text.replace(/^-/, '');
  return COLUMNS.some(({ key }) => key === sort) ? { sort, descending: text.startsWith('-') } : {};
}

function groupIn(given: URLSearchParams): string | undefined {
  const group = given.get('group');
  return group === 'none' ? '' : GROUPS.find(({ key }) => key === group)?.key;
}

function shownTile(given: string | null, byDefault: string, model: Model): string {
  if (given === 'all') return '';
  return model.tiles.find(({ key }) => key === given)?.key ?? byDefault;
}

function wantedIn(given: URLSearchParams): Wanted {
  let wanted: Wanted = new Map();
  for (const [name, value] of given) {
    const key = name.replace(/^-/, '');
    if (isKey(key)) wanted = withWanted(wanted, key, value, !name.startsWith('-'));
  }
  return wanted;
}

/** Only what differs from the first view. */
export function hashOf(state: State, model: Model): string {
  const { show, query, group, period, wanted, open } = state;
  const { run, report } = model;
  const initial = initialState(model);
  const sort = orderText(state);
  const parts: readonly (readonly [name: string, value: string, isGiven: boolean])[] = [
    ['run', run.id, run.id !== report.runs[0]?.head.id],
    ['show', show || 'all', show !== initial.show || open !== undefined],
    ['q', query, query !== ''],
    ['sort', sort, sort !== orderText(initial)],
    ['group', group || 'none', group !== initial.group],
    ['day', period ?? '', period !== undefined],
    ...[...wanted].flatMap(([key, values]) =>
      [...values].map(([value, isShown]) => [`${isShown ? '' : '-'}${key}`, value, true] as const),
    ),
    ['open', open === undefined ? '' : model.item(open).finding.id, open !== undefined],
  ];
  const given = new URLSearchParams(
    parts.flatMap(([name, value, isGiven]) => (isGiven ? [[name, value] as [string, string]] : [])),
  );
  return `#${given.toString()}`;
}

function orderText({ sort, descending }: Pick<State, 'sort' | 'descending'>): string {
  return `${descending ? '-' : ''}${sort}`;
}
