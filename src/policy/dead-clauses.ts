/**
 * Finds clauses that can never match, if the document alone proves it: a policy that silently never applies looks like a
 * policy without violations.
 */
import { compileGlobs } from '../image/glob.ts';
import { quoteValue } from '../image/quote.ts';
import { CONTAINER_KINDS } from '../pod/containers.ts';
import type { Kind, KindTable } from '../pod/kinds.ts';
import type { ClauseDocument } from './clause.ts';
import { contradictionIn } from './selector.ts';

export interface DeadClause {
  /** JSON Pointer from the root of the document. */
  readonly pointer: string;
  /** A sentence fragment with the effect and the reason. */
  readonly problem: string;
  /** The problem is the key. */
  readonly at?: 'key';
}

interface Clauses {
  readonly match: ClauseDocument;
  readonly exclude: ClauseDocument;
}

export function findDeadClauses({ match, exclude }: Clauses, kinds: KindTable): readonly DeadClause[] {
  const table = allKinds(kinds);
  const never = impossible(match, table);
  if (never !== undefined) return [{ pointer: '/spec/match', problem: `never applies: ${never}` }];
  const nothing = impossible(exclude, table);
  if (nothing !== undefined) return [{ pointer: '/spec/exclude', problem: `excludes nothing: ${nothing}` }];
  const swallowed = swallows({ match, exclude }, table);
  return swallowed === undefined ? [] : [{ pointer: '/spec/exclude', problem: swallowed }];
}

/** Finds dead clauses in the `match` of an exception. */
export function findDeadExceptionClauses(match: ClauseDocument, kinds: KindTable): readonly DeadClause[] {
  const never = impossible(match, allKinds(kinds));
  return never === undefined ? [] : [{ pointer: '/spec/match', problem: `excuses nothing: ${never}` }];
}

/** Objects of other kinds have no images, so policies never match them. */
function allKinds(table: KindTable): readonly Kind[] {
  const core = table.names.map((kind) => table.find('', kind));
  const others = table.fullNames.map((name) => {
    const dot = name.indexOf('.');
    return table.find(name.slice(dot + 1), name.slice(0, dot));
  });
  return [...core, ...others].filter((kind) => kind !== undefined);
}

function impossible(
  { kinds = [], namespaces = [], namespaceSelector }: ClauseDocument,
  table: readonly Kind[],
): string | undefined {
  const selected = selectedKinds(kinds, table);
  const wanted = kinds
    .slice(0, 3)
    .map((kind) => quoteValue(kind))
    .join(', ');
  if (namespaces.length > 0 && selected.every(({ clusterScoped }) => clusterScoped)) {
    return `objects of kind ${wanted} have no namespace, but "namespaces" requires one`;
  }
  return namespaceSelector === undefined ? undefined : contradictionIn(namespaceSelector);
}

function selectedKinds(globs: readonly string[], table: readonly Kind[]): readonly Kind[] {
  if (globs.length === 0) return table;
  const matches = compileGlobs(globs);
  return table.filter(({ kind, group }) => matches(kind) || matches(`${kind}.${group}`));
}

function swallows({ match, exclude }: Clauses, table: readonly Kind[]): string | undefined {
  const { containers = [], images = [] } = exclude;
  const empty = Object.values(exclude).every((value: unknown) => Array.isArray(value) && value.length === 0);
  if (empty || !swallowsObjects({ match, exclude }, table)) return undefined;
  const everyImage = images.includes('**') || within(match.images, ['**'], images);
  if (!everyImage || !within(match.containers, CONTAINER_KINDS, containers)) return undefined;
  // Invalid images are never excluded, and rules for the whole object still run.
  const every = '"exclude" removes every container that "match" selects';
  if (images.length > 0) return `${every} and that has a valid image`;
  return containers.length > 0 ? every : 'never applies: "exclude" removes everything that "match" selects';
}

function swallowsObjects({ match, exclude }: Clauses, table: readonly Kind[]): boolean {
  const selected = selectedKinds(match.kinds ?? [], table);
  const excluded = selectedKinds(exclude.kinds ?? [], table);
  return (
    selected.every((kind) => excluded.includes(kind)) &&
    within(match.operations, ['CREATE', 'UPDATE'], exclude.operations) &&
    swallowsNamespaces({ match, exclude }, selected) &&
    globsWithin(match.users, exclude.users) &&
    globsWithin(match.groups, exclude.groups) &&
    (exclude.namespaceSelector === undefined ||
      JSON.stringify(exclude.namespaceSelector) === JSON.stringify(match.namespaceSelector))
  );
}

function swallowsNamespaces({ match, exclude }: Clauses, selected: readonly Kind[]): boolean {
  const everywhere = exclude.namespaces?.includes('*') && selected.every(({ clusterScoped }) => !clusterScoped);
  return everywhere || globsWithin(match.namespaces, exclude.namespaces);
}

/** Reports whether `outer` contains all of `inner`. An empty `inner` means `all`; an empty `outer` contains everything. */
function within(inner: readonly string[] = [], all: readonly string[], outer: readonly string[] = []): boolean {
  return outer.length === 0 || (inner.length === 0 ? all : inner).every((one) => outer.includes(one));
}

/** A glob that matches the text of another glob also matches everything that the other one does, because only `*` matches `*`. */
function globsWithin(inner: readonly string[] = [], outer: readonly string[] = []): boolean {
  return outer.length === 0 || (inner.length > 0 && inner.every(compileGlobs(outer)));
}
