/** `match` and `exclude`, as documents write them -> what scopes are compiled from, or what is wrong with it. */
import { parsePatterns } from '../image/pattern-list.ts';
import { quoteValue } from '../image/quote.ts';
import type { ContainerKind } from '../pod/containers.ts';
import type { KindTable } from '../pod/kinds.ts';
import { didYouMean } from './schema-faults.ts';
import type { Clause } from './scope.ts';
import type { LabelSelector } from './selector.ts';

export interface ClauseDocument {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly kinds?: readonly string[];
  readonly operations?: readonly string[];
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly containers?: readonly ContainerKind[];
  readonly images?: readonly string[];
}

export type Report = (pointer: string, problem: string) => void;

export function readClause(
  clause: ClauseDocument,
  at: string,
  { kinds, report }: { readonly kinds: KindTable; readonly report: Report },
): Clause {
  checkKinds(clause.kinds, `${at}/kinds`, { kinds, report });
  checkSelector(clause.namespaceSelector, `${at}/namespaceSelector`, report);
  const images = parsePatterns(clause.images ?? []);
  if (!images.ok) for (const { index, problem } of images.faults) report(`${at}/images/${index}`, problem);
  return { ...clause, images: images.ok && images.patterns.size > 0 ? images.patterns : undefined };
}

export function checkKinds(
  texts: readonly string[] = [],
  at: string,
  { kinds, report }: { readonly kinds: KindTable; readonly report: Report },
): void {
  for (const [index, kind] of texts.entries()) {
    const problem = kindProblem(kind, kinds);
    if (problem !== undefined) report(`${at}/${index}`, problem);
  }
}

/** A kind that can never come would make a policy that silently never applies. */
function kindProblem(kind: string, { names, fullNames }: KindTable): string | undefined {
  const dot = kind.indexOf('.');
  const name = dot < 0 ? kind : kind.slice(0, dot);
  if (name.includes('*')) return undefined;
  const known = names.includes(name);
  if (known && (dot < 0 || kind.includes('*') || fullNames.includes(kind))) return undefined;
  return `no kind with images is called ${quoteValue(kind)}${known ? didYouMean(kind, fullNames) : didYouMean(name, names)} (more kinds: "kinds" in the configuration)`;
}

/** As the API server has it (apimachinery, ValidateLabelSelectorRequirement): without values "In" never matches, "NotIn" always. */
function checkSelector(selector: LabelSelector | undefined, at: string, report: Report): void {
  for (const [index, { operator, values = [] }] of (selector?.matchExpressions ?? []).entries()) {
    const wanted = operator === 'In' || operator === 'NotIn';
    if (wanted === values.length > 0) continue;
    report(
      `${at}/matchExpressions/${index}/values`,
      `${operator} ${wanted ? 'needs at least one value' : 'takes no values'}`,
    );
  }
}
