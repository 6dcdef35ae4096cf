/** Reads `match` and `exclude` of a document and reports their faults. */
import { parsePatterns } from '../image/pattern-list.ts';
import type { ContainerKind } from '../pod/containers.ts';
import type { KindTable } from '../pod/kinds.ts';
import { globFault } from './glob-fault.ts';
import { type GlobField, GROUP, NAMESPACE, USER } from './glob-field.ts';
import { kindFault } from './kind-fault.ts';
import type { LabelSelector } from './selector.ts';
import { checkSelector, type Report } from './selector-fault.ts';
import type { PatternSet } from '../image/pattern.ts';

/** One `match` or `exclude` block with compiled image patterns. */
export interface Clause {
  readonly namespaces?: readonly string[] | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly containers?: readonly ContainerKind[] | undefined;
  readonly images?: PatternSet | undefined;
}

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

const GLOBS = [
  ['namespaces', NAMESPACE],
  ['users', USER],
  ['groups', GROUP],
] as const;

/** For messages: the key with the opposite effect. */
const OPPOSITES = { '/spec/match': 'exclude', '/spec/exclude': 'match' } as const;

export function readClause(
  clause: ClauseDocument,
  at: keyof typeof OPPOSITES,
  { kinds, report }: { readonly kinds: KindTable; readonly report: Report },
): Clause {
  checkKinds(clause.kinds, `${at}/kinds`, { kinds, report });
  for (const [key, field] of GLOBS) {
    checkGlobs(clause[key], `${at}/${key}`, { field, opposite: `${OPPOSITES[at]}.${key}`, report });
  }
  checkSelector(clause.namespaceSelector, `${at}/namespaceSelector`, report);
  const images = parsePatterns(clause.images ?? []);
  if (!images.ok) for (const { index, problem } of images.faults) report(`${at}/images/${index}`, problem);
  return { ...clause, images: images.ok && images.patterns.size > 0 ? images.patterns : undefined };
}

interface GlobChecking {
  readonly field: GlobField;
  readonly opposite?: string;
  readonly report: Report;
}

export function checkGlobs(globs: readonly string[] = [], at: string, { field, opposite, report }: GlobChecking): void {
  for (const [index, glob] of globs.entries()) {
    const problem = globFault(glob, field, opposite);
    if (problem !== undefined) report(`${at}/${index}`, problem);
  }
}

export function checkKinds(
  texts: readonly string[] = [],
  at: string,
  { kinds, report }: { readonly kinds: KindTable; readonly report: Report },
): void {
  for (const [index, kind] of texts.entries()) {
    const problem = kindFault(kind, kinds);
    if (problem !== undefined) report(`${at}/${index}`, problem);
  }
}
