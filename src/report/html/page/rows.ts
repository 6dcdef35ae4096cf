/** The rows of the table: findings in order, below the names of their groups, with the open finding. */
import { isKey, type Key } from './finding-keys.ts';
import type { Item, Model } from './model.ts';
import { workloadRanks } from './orders.ts';
import { emptyText } from './words.ts';

export type TableRow =
  | { readonly type: 'finding'; readonly id: string; readonly item: Item }
  | { readonly type: 'detail'; readonly id: string; readonly item: Item }
  | { readonly type: 'group'; readonly id: string; readonly group: Group };

export interface Group {
  readonly id: string;
  /** A finding of the group, which has its name. */
  readonly first: number;
  /** The part of the grouped findings. */
  readonly from: number;
  readonly to: number;
  /** In a replay, reviews as often as they occurred, otherwise findings. */
  readonly count: number;
  /** Of these, denied. */
  readonly denied: number;
}

export interface Groups {
  readonly list: readonly Group[];
  /** The findings, by group. */
  readonly findings: Int32Array;
}

type Weights = ReturnType<Model['weights']>;

/** The groups with the most denials come first. */
export function groupsOf(
  model: Model,
  findings: Int32Array,
  { group, weights }: { group: string; weights: Weights },
): Groups {
  const codes = isKey(group) ? model.keys[group] : workloadRanks(model);
  const numbered = new Map<number, number>();
  const sizes: number[] = [];
  const own = findings.map((index) => {
    const code = codes[index] ?? 0;
    const known = numbered.get(code) ?? numbered.size;
    numbered.set(code, known);
    sizes[known] = (sizes[known] ?? 0) + 1;
    return known;
  });
  const { sorted, starts } = inGroups(findings, own, sizes);
  const list = [...numbered.keys()].map((code, at) => {
    const [from = 0, to = 0] = [starts[at], starts[at + 1]];
    return {
      id: `group:${group}:${code}`,
      first: sorted[from] ?? 0,
      from,
      to,
      ...countsIn(model, weights, sorted.subarray(from, to)),
    };
  });
  return { list: list.toSorted((one, other) => other.denied - one.denied), findings: sorted };
}

interface Grouped {
  readonly sorted: Int32Array;
  /** Where each group begins, and where one after the last would. */
  readonly starts: Int32Array;
}

function inGroups(findings: Int32Array, own: Int32Array, sizes: readonly number[]): Grouped {
  const starts = new Int32Array(sizes.length + 1);
  sizes.forEach((size, at) => {
    starts[at + 1] = (starts[at] ?? 0) + size;
  });
  const next = starts.slice();
  const sorted = new Int32Array(findings.length);
  findings.forEach((index, at) => {
    const group = own[at] ?? 0;
    const to = next[group] ?? 0;
    next[group] = to + 1;
    sorted[to] = index;
  });
  return { sorted, starts };
}

function countsIn(model: Model, weights: Weights, findings: Int32Array): Pick<Group, 'count' | 'denied'> {
  const { compares, weighs, cells, tileCodes, codeOf } = model;
  const { review, after } = cells.findings;
  const denial = codeOf(compares ? 'newly-denied' : 'deny');
  const decisive = compares ? tileCodes : after;
  const denials = findings.filter((index) => decisive[index] === denial);
  if (!weighs) return { count: findings.length, denied: denials.length };
  const weightOf = (members: Int32Array): number =>
    [...new Set(members.map((index) => review[index] ?? 0))].reduce((sum, at) => sum + (weights[at] ?? 0), 0);
  return { count: weightOf(findings), denied: weightOf(denials) };
}

/** The name of a group, and what is beside it. */
export function groupName(model: Model, { first }: Group, group: string): readonly [name: string, note: string] {
  if (isKey(group)) return [keyText(model, first, group) || emptyText(group), ''];
  const { namespace, name, kind } = model.item(first).review;
  return [`${namespace === null || namespace === '' ? '' : `${namespace}/`}${name}`, ` ${kind}`];
}

function keyText({ keys, strings }: Model, index: number, key: Key): string {
  return strings[keys[key][index] ?? 0] ?? '';
}

interface Layout {
  readonly findings: Int32Array;
  readonly groups: Groups | undefined;
  /** The finding that is open. */
  readonly open: number | undefined;
  /** The groups that are closed. */
  readonly closed: ReadonlySet<string>;
}

export interface TableRows {
  readonly length: number;
  readonly typeAt: (index: number) => TableRow['type'];
  readonly at: (index: number) => TableRow;
  /** Where a finding is; -1: in no row. */
  readonly indexOf: (finding: number) => number;
}

/** A row is a number until it is shown: that of a finding, or -1, -2, … for the groups. */
export function tableRows(model: Model, { findings, groups, open = -1, closed }: Layout): TableRows {
  const { codes, detail } = codesOf({ findings, groups, open, closed });
  return {
    length: codes.length,
    typeAt: (index) => (index === detail ? 'detail' : (codes[index] ?? 0) < 0 ? 'group' : 'finding'),
    at(index) {
      const code = codes[index] ?? 0;
      const group = groups?.list[-1 - code];
      if (code < 0 && group !== undefined) return { type: 'group', id: group.id, group };
      const item = model.item(code);
      const { id } = item.finding;
      return index === detail ? { type: 'detail', id: `${id}+`, item } : { type: 'finding', id, item };
    },
    indexOf: (finding) => codes.indexOf(finding),
  };
}

function codesOf({ findings, groups, open = -1, closed }: Layout): {
  readonly codes: Int32Array;
  readonly detail: number;
} {
  const codes = new Int32Array(findings.length + (groups?.list.length ?? 0) + 1);
  let count = 0;
  let detail = -1;
  const add = (index: number): void => {
    codes[count++] = index;
    if (index !== open) return;
    detail = count;
    codes[count++] = index;
  };
  if (groups === undefined) findings.forEach(add);
  groups?.list.forEach(({ id, from, to }, at) => {
    codes[count++] = -1 - at;
    if (!closed.has(id)) groups.findings.subarray(from, to).forEach(add);
  });
  return { codes: codes.subarray(0, count), detail };
}
