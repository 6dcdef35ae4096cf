/** The resources that a cluster has for custom kinds. */
import { readObject, readObjects, readString } from '../pod/read.ts';
import { type Known, known, unknown } from './known.ts';
import type { Reader } from './reader.ts';
import type { NamedKind } from '../install/custom-resources.ts';
import type { CustomResource } from './values.ts';

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
