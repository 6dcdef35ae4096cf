/** Groups rows that differ: by owner, namespace, rule, or registry. Memory grows with the number of groups, not of rows. */
import { nameLabel, objectLabel } from '../../admission/message.ts';
import type { ReplayChange } from '../../recording/comparison.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { decisiveFindings, type Problem, problemsOf, ruleLabel } from './problems.ts';

export const GROUPINGS = ['owner', 'namespace', 'rule', 'registry'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface ReplayGroup {
  /** `Deployment shop/web`, a namespace, `POLICY/RULE`, or a registry. */
  readonly name: string;
  /** Reviews that differ, by change. */
  readonly changes: Readonly<Partial<Record<ReplayChange, number>>>;
  readonly first: string | null;
  readonly last: string | null;
}

/** What has no value for a grouping: cluster-scoped objects, changes without a finding, and findings without an image. */
const NONE: Readonly<Record<Grouping, string>> = {
  owner: '(no owner)',
  namespace: '(cluster-scoped)',
  rule: '(no rule)',
  registry: '(no image)',
};

/** Returns the groups of a row; for rules and registries, there can be several. */
export function groupsOf(row: ReplayRow, by: Grouping): readonly string[] {
  const names = [...new Set(NAMES[by](row))];
  return names.length === 0 ? [NONE[by]] : names;
}

const NAMES: Readonly<Record<Grouping, (row: ReplayRow) => readonly string[]>> = {
  owner: (row) => [ownerLabel(row)],
  namespace: ({ namespace }) => (namespace === null ? [] : [nameLabel(namespace)]),
  rule: (row) => decisiveFindings(row).map(ruleLabel),
  registry: (row) => decisiveFindings(row).flatMap(({ registry }) => registry ?? []),
};

export function ownerLabel({ owner, namespace }: Pick<ReplayRow, 'owner' | 'namespace'>): string {
  return objectLabel(owner.kind, namespace ?? undefined, owner.name);
}

interface MutableGroup {
  readonly name: string;
  readonly changes: Partial<Record<ReplayChange, number>>;
  first: string | null;
  last: string | null;
}

export interface GroupCounts {
  readonly add: (row: ReplayRow) => void;
  /** Most reviews first. */
  groups(): Readonly<Record<Grouping, readonly ReplayGroup[]>>;
}

export function countGroups(): GroupCounts {
  const groups = new Map(GROUPINGS.map((by) => [by, new Map<string, MutableGroup>()] as const));
  return {
    add(row) {
      const { change, count } = row;
      if (change === null) return;
      for (const [by, known] of groups) {
        for (const name of groupsOf(row, by)) {
          const group = known.get(name) ?? { name, changes: {}, first: null, last: null };
          known.set(name, group);
          group.changes[change] = (group.changes[change] ?? 0) + count;
          extend(group, row);
        }
      }
    },
    groups: () => ({
      owner: sorted(groups.get('owner')),
      namespace: sorted(groups.get('namespace')),
      rule: sorted(groups.get('rule')),
      registry: sorted(groups.get('registry')),
    }),
  };
}

interface Times {
  first: string | null;
  last: string | null;
}

/** Times in UTC with milliseconds compare as text. */
export function extend(times: Times, { first, last }: Readonly<Times>): void {
  if (first !== null && (times.first === null || first < times.first)) times.first = first;
  if (last !== null && (times.last === null || last > times.last)) times.last = last;
}

function sorted(groups: ReadonlyMap<string, ReplayGroup> | undefined): readonly ReplayGroup[] {
  return [...(groups?.values() ?? [])].toSorted(
    (one, other) => total(other) - total(one) || (one.name < other.name ? -1 : 1),
  );
}

export function total({ changes }: ReplayGroup): number {
  return Object.values(changes).reduce((sum, number) => sum + number, 0);
}

/** A problem of a group, with how often it occurs. */
export interface GroupProblem {
  readonly rule: string | null;
  readonly text: string;
  readonly remedy: string | null;
  /** The action on each side, for a finding. */
  readonly actions: string | null;
  count: number;
  last: string | null;
}

/** A place in the input. */
export interface Example {
  readonly file: string;
  readonly line: number;
  readonly label: string;
}

export interface DetailedGroup {
  readonly name: string;
  count: number;
  first: string | null;
  last: string | null;
  readonly problems: Map<string, GroupProblem>;
  /** Problems that are not kept. */
  more: number;
  readonly examples: Example[];
}

export interface GroupDetails {
  readonly add: (row: ReplayRow) => void;
  /** The groups of a change, most reviews first. Reviews without a change have none. */
  of(change: ReplayChange): readonly DetailedGroup[];
}

const MAX_PROBLEMS = 20;

/** `examples`: how many places to keep for each group. */
export function detailGroups(by: Grouping, examples: number): GroupDetails {
  const changes = new Map<ReplayChange, Map<string, DetailedGroup>>();
  const groupNamed = (change: ReplayChange, name: string): DetailedGroup => {
    const groups = changes.get(change) ?? new Map<string, DetailedGroup>();
    changes.set(change, groups);
    const group = groups.get(name) ?? newGroup(name);
    groups.set(name, group);
    return group;
  };
  return {
    add(row) {
      const { change } = row;
      if (change === null || change === 'same') return;
      for (const name of groupsOf(row, by)) addTo(groupNamed(change, name), row, { by, examples });
    },
    of: (change) => {
      const groups = [...(changes.get(change)?.values() ?? [])];
      return groups.toSorted((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1));
    },
  };
}

function newGroup(name: string): DetailedGroup {
  return { name, count: 0, first: null, last: null, problems: new Map(), more: 0, examples: [] };
}

interface DetailOptions {
  readonly by: Grouping;
  readonly examples: number;
}

function addTo(group: DetailedGroup, row: ReplayRow, { by, examples }: DetailOptions): void {
  const { file, line, operation, count } = row;
  group.count += count;
  extend(group, row);
  if (group.examples.length < examples) {
    group.examples.push({
      file,
      line,
      label: `${operation} ${objectLabel(row.kind, row.namespace ?? undefined, row.name)}`,
    });
  }
  for (const problem of problemsOf(row)) if (isIn(group, problem, by)) addProblem(group, problem, row);
}

/** A review can be in several groups by rule and by registry, each with its own problems. */
function isIn(group: DetailedGroup, problem: Problem, by: Grouping): boolean {
  const name = by === 'rule' ? problem.rule : by === 'registry' ? problem.registry : null;
  return name === null || name === group.name;
}

function addProblem(
  group: DetailedGroup,
  { rule, text, remedy, actions }: Omit<GroupProblem, 'count' | 'last'>,
  { count, last }: ReplayRow,
): void {
  const key = `${rule} ${actions} ${text}`;
  const known = group.problems.get(key);
  if (known !== undefined) {
    known.count += count;
    if (last !== null && (known.last === null || last > known.last)) known.last = last;
  } else if (group.problems.size < MAX_PROBLEMS) {
    group.problems.set(key, { rule, text, remedy, actions, count, last });
  } else group.more += 1;
}
