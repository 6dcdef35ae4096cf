/** Custom kinds that policies or the configuration name, and the resources that a cluster has for them. */
import { API_RESOURCES } from '../pod/api-resources.ts';
import type { KindTable } from '../pod/kinds.ts';
import { kindTable } from '../pod/kinds.ts';
import { readObject, readObjects, readString } from '../pod/read.ts';
import type { Policy } from '../policy/policy.ts';
import { type Known, known, unknown } from './known.ts';
import type { Reader } from './reader.ts';
import type { CustomResource, NamedKind } from './values.ts';

/** Without built-in workloads, which every policy needs, and without globs, which name no kind. */
export function namedKinds(policies: readonly Pick<Policy, 'scope'>[], table: KindTable): readonly NamedKind[] {
  const builtIn = new Set(API_RESOURCES.map(({ kind }) => kind));
  const names = new Set(policies.flatMap(({ scope }) => scope.kinds).filter((name) => !builtIn.has(name)));
  const standard = kindTable();
  return table.all.flatMap(({ group, kind }) => {
    const isOfPolicy = names.has(kind) || names.has(`${kind}.${group}`);
    const isConfigured = standard.find(group, kind) === undefined;
    return isBuiltIn(group, kind) || !(isOfPolicy || isConfigured) ? [] : [{ group, kind }];
  });
}

function isBuiltIn(group: string, kind: string): boolean {
  return group === '' || API_RESOURCES.some((resource) => resource.group === group && resource.kind === kind);
}

/** Kinds that the cluster does not have are left out. */
export async function readCustomResources(
  reader: Reader,
  kinds: readonly NamedKind[],
): Promise<Known<readonly CustomResource[]>> {
  const found: CustomResource[] = [];
  for (const [group, members] of Map.groupBy(kinds, (each) => each.group)) {
    const version = await reader.lookUp(`/apis/${group}`, (object) =>
      readString(readObject(object, 'preferredVersion', '') ?? {}, 'version', '/preferredVersion'),
    );
    if (version.state === 'unknown') return unknown(version.reason);
    if (version.value === undefined) continue;
    const resources = await reader.lookUp(`/apis/${group}/${version.value}`, (object) =>
      readObjects(object, 'resources', ''),
    );
    if (resources.state === 'unknown') return unknown(resources.reason);
    for (const resource of resources.value ?? []) {
      const name = readString(resource, 'name', '/resources') ?? '';
      const kind = readString(resource, 'kind', '/resources');
      if (!name.includes('/') && members.some((member) => member.kind === kind))
        found.push({ group, version: version.value, resource: name });
    }
  }
  return known(found);
}
