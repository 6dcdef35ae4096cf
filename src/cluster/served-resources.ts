/** The resources that an API server serves: those whose objects have images, and those of chosen API groups. */
import { API_RESOURCES } from '../pod/api-resources.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { ClusterApi } from './api.ts';
import { textIn } from './entry.ts';

export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly isNamespaced: boolean;
}

export const BUILT_IN_RESOURCES: readonly ServedResource[] = API_RESOURCES.map(({ group, kind, resource }) => ({
  group,
  version: 'v1',
  kind,
  resource,
  isNamespaced: true,
}));

/** The built-in workloads, and the custom kinds of the table that the API server serves. Rejects like `request`. */
export async function workloadResources(
  api: ClusterApi,
  { all }: KindTable,
  signal: AbortSignal,
): Promise<readonly ServedResource[]> {
  const custom = all.filter(({ group }) => group.includes('.'));
  const served = await resourcesOfGroups(api, new Set(custom.map(({ group }) => group)), signal);
  const isKnown = ({ group, kind }: ServedResource): boolean =>
    custom.some((one) => one.group === group && one.kind === kind);
  return [...BUILT_IN_RESOURCES, ...served.filter(isKnown)];
}

/** Those that can be listed, in the preferred version of each group. Rejects like `request`. */
export async function resourcesOfGroups(
  api: ClusterApi,
  groups: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly ServedResource[]> {
  const found: ServedResource[] = [];
  for (const { name, preferredVersion } of listIn(await api.request({ path: '/apis' }, signal), 'groups')) {
    const version = isObject(preferredVersion) ? textIn(preferredVersion, 'version') : '';
    if (typeof name !== 'string' || !groups.has(name) || version === '') continue;
    const list = await api.request({ path: `/apis/${name}/${version}` }, signal);
    found.push(...listableIn(list, { group: name, version }));
  }
  return found;
}

function listableIn(
  list: JsonObject,
  { group, version }: Pick<ServedResource, 'group' | 'version'>,
): readonly ServedResource[] {
  return listIn(list, 'resources').flatMap((served) => {
    const [resource, kind] = [textIn(served, 'name'), textIn(served, 'kind')];
    const { verbs, namespaced } = served;
    const canList = Array.isArray(verbs) && verbs.includes('list') && !resource.includes('/');
    return canList ? [{ group, version, kind, resource, isNamespaced: namespaced === true }] : [];
  });
}

function listIn(object: JsonObject, key: string): readonly JsonObject[] {
  const list = object[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

export function apiVersionOf({ group, version }: ServedResource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** As in RBAC messages: `deployments.apps`. */
export function resourceName({ group, resource }: ServedResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** undefined: in all namespaces. */
export function listPath({ group, version, resource }: ServedResource, namespace: string | undefined): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === undefined ? `${root}/${resource}` : `${root}/namespaces/${namespace}/${resource}`;
}
