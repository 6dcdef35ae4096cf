/** Kubernetes label selectors (meta/v1 LabelSelector) with three values, because labels can be unknown. */
import { quoteValue } from '../image/quote.ts';
import type { Labels } from './fact.ts';

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** The API server sets this label on every namespace; its value is the name. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Reports whether the selector uses only the name of the namespace. */
export function selectsByName(selector: LabelSelector): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)].every((key) => key === NAME_LABEL);
}

export type Tristate = 'yes' | 'no' | 'unknown';

/** Kleene's three-valued "and". */
export function and(left: Tristate, right: Tristate): Tristate {
  if (left === 'no' || right === 'no') return 'no';
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'yes';
}

/** `complete`: a label that is not in `labels` does not exist; otherwise it is unknown. */
export function selects(selector: LabelSelector, labels: Labels, complete: boolean): Tristate {
  let result: Tristate = 'yes';
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    result = and(result, meets({ key, operator: 'In', values: [value] }, labels, complete));
  }
  for (const requirement of selector.matchExpressions ?? []) result = and(result, meets(requirement, labels, complete));
  return result;
}

function meets(requirement: LabelRequirement, labels: Labels, complete: boolean): Tristate {
  const known = Object.hasOwn(labels, requirement.key);
  if (!known && !complete) return 'unknown';
  const within = known && (requirement.values ?? []).includes(labels[requirement.key] ?? '');
  const met = { In: within, NotIn: !within, Exists: known, DoesNotExist: !known }[requirement.operator];
  return met ? 'yes' : 'no';
}

/** Returns why no labels can match the selector, or `undefined` if some can. */
export function contradictionIn(selector: LabelSelector): string | undefined {
  const labels = Object.entries(selector.matchLabels ?? {});
  const requirements: readonly LabelRequirement[] = [
    ...labels.map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...(selector.matchExpressions ?? []),
  ];
  for (const [key, ofKey] of Map.groupBy(requirements, (requirement) => requirement.key)) {
    if (!canBeMet(key, ofKey)) return `no label ${quoteValue(key)} can meet all requirements of "namespaceSelector"`;
  }
  return undefined;
}

/** It is enough to try each value in the requirements, a value that is in none of them, and no label. */
function canBeMet(key: string, requirements: readonly LabelRequirement[]): boolean {
  const named = requirements.flatMap(({ values = [] }) => values);
  const unnamed = `${named.toSorted((one, other) => other.length - one.length)[0] ?? ''}x`;
  const tried: readonly Labels[] = [{}, ...[...new Set(named), unnamed].map((value) => ({ [key]: value }))];
  return tried.some((labels) => requirements.every((requirement) => meets(requirement, labels, true) === 'yes'));
}
