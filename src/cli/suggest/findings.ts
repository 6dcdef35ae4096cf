/** Reads the tally of a question: where a rule has no violation, and what it would deny elsewhere. */
import { isName, LABEL } from '../../policy/name-language.ts';
import type { DeniedNamespace, DeniedWorkload } from '../../report/suggest.ts';
import { addTo, noTotal, type Total } from '../recorded/occurrences.ts';
import type { Question } from './questions.ts';
import type { NamespaceTally, Tally } from './tally.ts';

export interface Tried {
  readonly question: Question;
  readonly tally: Tally;
}

/** Namespaces that a suggested policy excludes: a longer list is not a policy that someone wants to maintain. */
export const MAX_EXCLUDED = 20;

export function isClean({ tally: { denied, unknown } }: Tried): boolean {
  return denied.count === 0 && unknown.count === 0;
}

/** Reports whether the recording has all facts that the rule needs. Unknown results are not passes. */
export function isKnown({ tally }: Tried): boolean {
  return tally.unknown.count === 0;
}

/** The namespaces to exclude so that the rule denies nothing elsewhere; undefined: that is no policy. */
export function namespacesToExclude(
  { tally }: Tried,
  all: ReadonlyMap<string | null, number>,
): readonly string[] | undefined {
  const { namespaces, hasMoreNamespaces, unknown } = tally;
  const names = [...namespaces.keys()].flatMap((name) => (isExcludable(name) ? [name] : []));
  const isAll = names.length === namespaces.size && !hasMoreNamespaces;
  const leavesSome = [...all.keys()].some((name) => !namespaces.has(name));
  if (unknown.count > 0 || !isAll || !leavesSome || names.length > MAX_EXCLUDED) return undefined;
  return names.toSorted();
}

/** A policy matches namespaces by globs, and other names than those of Kubernetes could be globs. */
function isExcludable(name: string | null): name is string {
  return name !== null && isName(name, LABEL);
}

/** The namespaces with most denials, if there are too many to exclude all. */
export function worstNamespaces({ tally: { namespaces } }: Tried): readonly string[] {
  return [...namespaces]
    .flatMap(([name, { denied }]) => (isExcludable(name) ? [{ name, count: denied.count }] : []))
    .toSorted((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
    .slice(0, MAX_EXCLUDED)
    .map(({ name }) => name)
    .toSorted();
}

export interface Denials {
  readonly total: Total;
  readonly namespaces: readonly DeniedNamespace[];
  readonly moreNamespaces: number;
  readonly workloads: readonly DeniedWorkload[];
  readonly moreWorkloads: number;
}

const MAX_LISTED = 10;

/** What a rule denies in the namespaces that `includes` selects; by default, in all. */
export function denialsIn({ tally }: Tried, includes: (namespace: string | null) => boolean = () => true): Denials {
  const selected = [...tally.namespaces].filter(([name]) => includes(name));
  const left = [...tally.namespaces].filter(([name]) => !includes(name));
  const namespaces = selected.map(([name, { denied }]) => ({ name, denied: denied.count })).toSorted(byDenied);
  const workloads = selected.flatMap(([name, inNamespace]) => workloadsOf(name, inNamespace)).toSorted(byDenied);
  return {
    total: totalOf(tally, selected, left),
    namespaces: namespaces.slice(0, MAX_LISTED),
    moreNamespaces: Math.max(0, namespaces.length - MAX_LISTED),
    workloads: workloads.slice(0, MAX_LISTED),
    moreWorkloads: Math.max(0, workloads.length - MAX_LISTED),
  };
}

type Entries = readonly (readonly [string | null, NamespaceTally])[];

/** Without the namespaces that are left out; those that are not counted one by one stay in the total. */
function totalOf({ denied }: Tally, selected: Entries, left: Entries): Total {
  if (left.length === 0) return denied;
  const total = noTotal();
  for (const [, one] of selected) addTo(total, one.denied);
  const leftOut = left.reduce((sum, [, one]) => sum + one.denied.count, 0);
  return { ...total, count: denied.count - leftOut };
}

function workloadsOf(namespace: string | null, { workloads }: NamespaceTally): readonly DeniedWorkload[] {
  return [...workloads.values()].map(({ owner: { kind, name }, denied }) => ({ kind, namespace, name, denied }));
}

function byDenied<T extends { readonly name: string | null; readonly denied: number }>(one: T, other: T): number {
  return other.denied - one.denied || ((one.name ?? '') < (other.name ?? '') ? -1 : 1);
}
