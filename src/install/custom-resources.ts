/** The custom resources that the webhook reviews, next to the built-in ones in pod/api-resources.ts. */
import { API_RESOURCES } from '../pod/api-resources.ts';
import { FILE_GROUP } from '../pod/file-kinds.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { Policy } from '../policy/policy.ts';

export interface NamedKind {
  readonly group: string;
  readonly kind: string;
}

/** What a rule of a webhook has. */
export interface CustomResources {
  readonly group: string;
  /** Plural names; `*`: all resources of the group, without their subresources. */
  readonly resources: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster' | '*';
}

/**
 * The custom kinds that policies or the configuration name. Without built-in workloads, which every policy needs, and without
 * globs, which name no kind.
 */
export function namedKinds(policies: readonly Pick<Policy, 'scope'>[], table: KindTable): readonly NamedKind[] {
  const builtIn = new Set(API_RESOURCES.map(({ kind }) => kind));
  const names = new Set(policies.flatMap(({ scope }) => scope.kinds).filter((name) => !builtIn.has(name)));
  return table.all.flatMap(({ group, kind }) => {
    const isOfPolicy = names.has(kind) || names.has(`${kind}.${group}`);
    const isConfigured = table.added.some((entry) => entry.group === group && entry.kind === kind);
    return isBuiltIn(group, kind) || !(isOfPolicy || isConfigured) ? [] : [{ group, kind }];
  });
}

function isBuiltIn(group: string, kind: string): boolean {
  return (
    group === '' ||
    group === FILE_GROUP ||
    API_RESOURCES.some((resource) => resource.group === group && resource.kind === kind)
  );
}

/** Groups without a dot belong to Kubernetes. */
function isCustomGroup(group: string): boolean {
  return group.includes('.');
}

/** Whether rules can contain a kind: in a group of Kubernetes, only if the plural name of its resource is known. */
export function canBeRegistered(kind: NamedKind, table: KindTable): boolean {
  return isCustomGroup(kind.group) || resourceOf(kind, table) !== undefined;
}

/** `choices`: API groups, or `all`. Kinds that policies or the configuration name are always included. */
export function chosenKinds(
  choices: readonly string[],
  { kinds, policies }: { readonly kinds: KindTable; readonly policies: readonly Pick<Policy, 'scope'>[] },
): readonly NamedKind[] {
  const isChosen = ({ group }: NamedKind): boolean =>
    isCustomGroup(group) && (choices.includes('all') || choices.includes(group));
  return [...namedKinds(policies, kinds).filter((kind) => !isChosen(kind)), ...kinds.all.filter(isChosen)];
}

/**
 * One entry for each group. The table of kinds has no plural names, which CRDs choose freely, so an entry has all resources of a
 * group unless the configuration names the resources of all its kinds.
 */
export function customResources(kinds: readonly NamedKind[], table: KindTable): readonly CustomResources[] {
  const groups = Map.groupBy(
    kinds.filter((kind) => canBeRegistered(kind, table)),
    ({ group }) => group,
  );
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([group, members]) => {
      const names = members.flatMap((member) => resourceOf(member, table) ?? []);
      const resources = names.length < members.length ? ['*'] : [...new Set(names)].toSorted();
      return { group, resources, scope: scopeOf(members, table) };
    });
}

function resourceOf({ group, kind }: NamedKind, table: KindTable): string | undefined {
  const entries = table.added.filter((entry) => entry.group === group && entry.kind === kind);
  return entries.find(({ resource }) => resource !== undefined)?.resource;
}

function scopeOf(kinds: readonly NamedKind[], table: KindTable): CustomResources['scope'] {
  const scopes = new Set(kinds.map(({ group, kind }) => table.find(group, kind)?.clusterScoped ?? false));
  if (scopes.size > 1) return '*';
  return scopes.has(true) ? 'Cluster' : 'Namespaced';
}
