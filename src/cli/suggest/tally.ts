/** What each question would deny in a recording, by namespace and workload. */
import type { Owner } from '../../recording/owner.ts';
import { addTo, noTotal, type Occurrences, type Total } from '../recorded/occurrences.ts';

export interface Tally {
  readonly denied: Total;
  readonly unknown: Total;
  /** Of one of the reviews that are unknown. */
  reason: string | undefined;
  readonly namespaces: Map<string | null, NamespaceTally>;
  /** More namespaces have denials than are counted one by one. */
  hasMoreNamespaces: boolean;
  /** In all namespaces. */
  workloads: number;
}

export interface NamespaceTally {
  readonly denied: Total;
  readonly workloads: Map<string, WorkloadTally>;
}

export interface WorkloadTally {
  readonly owner: Owner;
  denied: number;
}

/** What one review violates. */
export interface QuestionResults {
  readonly namespace: string | null;
  readonly owner: Owner;
  /** Indexes of questions. */
  readonly denied: readonly number[];
  readonly unknown: readonly number[];
}

/** For one question. Enough for a list to read; the totals count all. */
const MAX_NAMESPACES = 1000;
const MAX_WORKLOADS = 1000;

export function emptyTally(): Tally {
  return {
    denied: noTotal(),
    unknown: noTotal(),
    reason: undefined,
    namespaces: new Map(),
    hasMoreNamespaces: false,
    workloads: 0,
  };
}

export function addResults(tallies: readonly Tally[], results: QuestionResults, more: Occurrences): void {
  for (const index of results.denied) {
    const tally = tallies[index];
    if (tally !== undefined) addDenial(tally, results, more);
  }
  for (const index of results.unknown) {
    const tally = tallies[index];
    if (tally !== undefined) addTo(tally.unknown, more);
  }
}

function addDenial(tally: Tally, { namespace, owner }: QuestionResults, more: Occurrences): void {
  addTo(tally.denied, more);
  let inNamespace = tally.namespaces.get(namespace);
  if (inNamespace === undefined) {
    if (tally.namespaces.size >= MAX_NAMESPACES) {
      tally.hasMoreNamespaces = true;
      return;
    }
    inNamespace = { denied: noTotal(), workloads: new Map() };
    tally.namespaces.set(namespace, inNamespace);
  }
  addTo(inNamespace.denied, more);
  const key = `${owner.kind} ${owner.name}`;
  const workload = inNamespace.workloads.get(key);
  if (workload !== undefined) workload.denied += more.count;
  else if (tally.workloads < MAX_WORKLOADS) {
    tally.workloads += 1;
    inNamespace.workloads.set(key, { owner, denied: more.count });
  }
}
