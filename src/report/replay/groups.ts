/** Groups rows that differ: by owner, namespace, rule, or registry. Memory is bounded; the numbers of reviews are those of all. */
import { nameLabel, objectLabel } from '../../admission/message.ts';
import type { ReplayChange } from '../../recording/comparison.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { type LimitedGroups, limitGroups, type OtherGroups } from './group-limit.ts';
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

/** By change; without those of which all groups are listed. */
export type OtherByChange = Readonly<Partial<Record<ReplayChange, OtherGroups>>>;

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

interface CountedGroup {
  count: number;
  first: string | null;
  last: string | null;
}

export interface GroupCounts {
  readonly add: (row: ReplayRow) => void;
  result(): GroupResult;
}

interface GroupResult {
  /** Most reviews first. */
  readonly groups: Readonly<Record<Grouping, readonly ReplayGroup[]>>;
  readonly otherGroups: Readonly<Record<Grouping, OtherByChange>>;
}

export function countGroups(): GroupCounts {
  const counts = byGrouping(() => groupsByChange<CountedGroup>(() => ({ count: 0, first: null, last: null })));
  return {
    add(row) {
      const { change, count } = row;
      if (change === null) return;
      for (const by of GROUPINGS) {
        for (const name of groupsOf(row, by)) {
          const group = counts[by].of(change).group(name, count);
          if (group === undefined) continue;
          group.count += count;
          extend(group, row);
        }
      }
    },
    result: () => ({
      groups: byGrouping((by) => joined(counts[by].all)),
      otherGroups: byGrouping((by) => othersIn(counts[by].all)),
    }),
  };
}

function byGrouping<T>(valueOf: (by: Grouping) => T): Readonly<Record<Grouping, T>> {
  return {
    owner: valueOf('owner'),
    namespace: valueOf('namespace'),
    rule: valueOf('rule'),
    registry: valueOf('registry'),
  };
}

interface GroupsByChange<G> {
  of(change: ReplayChange): LimitedGroups<G>;
  readonly all: ReadonlyMap<ReplayChange, LimitedGroups<G>>;
}

/** Each change has a limit of its own, so that no other change takes the place of new denials. */
function groupsByChange<G>(create: (name: string) => G): GroupsByChange<G> {
  const all = new Map<ReplayChange, LimitedGroups<G>>();
  return {
    all,
    of(change) {
      const groups = all.get(change) ?? limitGroups(create);
      all.set(change, groups);
      return groups;
    },
  };
}

/** The changes of a name together. */
function joined(changes: ReadonlyMap<ReplayChange, LimitedGroups<CountedGroup>>): readonly ReplayGroup[] {
  const groups = new Map<string, ReplayGroup & Times & { changes: Partial<Record<ReplayChange, number>> }>();
  for (const [change, { kept }] of changes) {
    for (const [name, counted] of kept) {
      const group = groups.get(name) ?? { name, changes: {}, first: null, last: null };
      groups.set(name, group);
      group.changes[change] = counted.count;
      extend(group, counted);
    }
  }
  return [...groups.values()].toSorted((one, other) => total(other) - total(one) || (one.name < other.name ? -1 : 1));
}

function othersIn(changes: ReadonlyMap<ReplayChange, LimitedGroups<unknown>>): OtherByChange {
  return Object.fromEntries(
    [...changes].flatMap(([change, groups]) => {
      const others = groups.others();
      return others === undefined ? [] : [[change, others]];
    }),
  );
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

export function total({ changes }: Pick<ReplayGroup, 'changes'>): number {
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
  readonly problems: GroupProblem[];
  /** How often others occur, which are not kept. */
  more: number;
  readonly examples: Example[];
}

export interface ListedGroups {
  /** Most reviews first. */
  readonly groups: readonly DetailedGroup[];
  readonly others: OtherGroups | undefined;
}

export interface GroupDetails {
  readonly add: (row: ReplayRow) => void;
  /** Reviews without a change have none. */
  of(change: ReplayChange): ListedGroups;
}

const MAX_PROBLEMS = 20;
/** Characters of problems and places, for each change. */
const MAX_LENGTH = 2_000_000;

/** `examples`: how many places to keep for each group. */
export function detailGroups(by: Grouping, examples: number): GroupDetails {
  const changes = groupsByChange(newGroup);
  const space = new Map<ReplayChange, Space>();
  return {
    add(row) {
      const { change, count } = row;
      if (change === null || change === 'same') return;
      const left = space.get(change) ?? { length: MAX_LENGTH };
      space.set(change, left);
      for (const name of groupsOf(row, by)) {
        const group = changes.of(change).group(name, count);
        if (group !== undefined) addTo(group, row, { by, examples, space: left });
      }
    },
    of(change) {
      const limited = changes.of(change);
      const groups = [...limited.kept.values()];
      return {
        groups: groups.toSorted((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1)),
        others: limited.others(),
      };
    },
  };
}

function newGroup(name: string): DetailedGroup {
  return { name, count: 0, first: null, last: null, problems: [], more: 0, examples: [] };
}

/** The characters that are left. */
export interface Space {
  length: number;
}

interface DetailOptions {
  readonly by: Grouping;
  readonly examples: number;
  readonly space: Space;
}

function addTo(group: DetailedGroup, row: ReplayRow, { by, examples, space }: DetailOptions): void {
  const { file, line, operation, count } = row;
  group.count += count;
  extend(group, row);
  if (group.examples.length < examples) {
    const label = `${operation} ${objectLabel(row.kind, row.namespace ?? undefined, row.name)}`;
    if (hasSpace(space, file.length + label.length)) group.examples.push({ file, line, label });
  }
  for (const problem of problemsOf(row)) if (isIn(group, problem, by)) addProblem(group, problem, { row, space });
}

export function hasSpace(space: Space, length: number): boolean {
  if (length > space.length) return false;
  space.length -= length;
  return true;
}

/** A review can be in several groups by rule and by registry, each with its own problems. */
function isIn(group: DetailedGroup, problem: Problem, by: Grouping): boolean {
  const name = by === 'rule' ? problem.rule : by === 'registry' ? problem.registry : null;
  return name === null || name === group.name;
}

function addProblem(
  group: DetailedGroup,
  { rule, text, remedy, actions }: Omit<GroupProblem, 'count' | 'last'>,
  { row: { count, last }, space }: { readonly row: ReplayRow; readonly space: Space },
): void {
  const known = group.problems.find((one) => one.text === text && one.rule === rule && one.actions === actions);
  if (known !== undefined) {
    known.count += count;
    if (last !== null && (known.last === null || last > known.last)) known.last = last;
    return;
  }
  const isKept = group.problems.length < MAX_PROBLEMS && hasSpace(space, text.length + (remedy?.length ?? 0));
  if (isKept) group.problems.push({ rule, text, remedy, actions, count, last });
  else group.more += 1;
}
