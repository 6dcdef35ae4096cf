/** The objects with images in a cluster, and why others are left out. */
import { ApiError, type ClusterApi } from '../../cluster/api.ts';
import { missingAccess } from '../../cluster/facts/missing-access.ts';
import { listedObjects } from '../../cluster/listed-objects.ts';
import { type ServedResource, workloadResources } from '../../cluster/served-resources.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';

export type LiveEntry =
  /** `owned`: how many more there are whose controller is listed. */
  | { readonly page: readonly JsonObject[]; readonly owned: number }
  /** A resource that cannot be listed, and why. */
  | { readonly problem: string };

export interface LiveOptions {
  readonly kinds: KindTable;
  /** Empty: all namespaces, and cluster-scoped objects. */
  readonly namespaces: readonly string[];
  /** Also objects that a listed controller owns. */
  readonly owned: boolean;
  readonly signal: AbortSignal;
}

/** Rejects if the API server cannot be reached, and with the reason of the signal. */
export async function* liveObjects(
  api: ClusterApi,
  { kinds, namespaces, owned, signal }: LiveOptions,
): AsyncGenerator<LiveEntry, void> {
  const resources = await workloadResources(api, kinds, signal);
  const isOwned = ownedBy(resources);
  for (const { resource, namespace } of listsOf(resources, namespaces)) {
    try {
      for await (const objects of listedObjects(api, resource, { namespace, signal }))
        yield pageOf(objects, owned ? undefined : isOwned);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      yield { problem: listProblem(error, resource, namespace) };
    }
  }
}

function pageOf(objects: readonly JsonObject[], isOwned: ((object: JsonObject) => boolean) | undefined): LiveEntry {
  const page = isOwned === undefined ? objects : objects.filter((object) => !isOwned(object));
  return { page, owned: objects.length - page.length };
}

interface ListOf {
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
}

function listsOf(resources: readonly ServedResource[], namespaces: readonly string[]): readonly ListOf[] {
  if (namespaces.length === 0) return resources.map((resource) => ({ resource, namespace: undefined }));
  return resources
    .filter(({ isNamespaced }) => isNamespaced)
    .flatMap((resource) => namespaces.map((namespace) => ({ resource, namespace })));
}

/** Controllers of other kinds are not known, so what they own is recorded itself. */
function ownedBy(resources: readonly ServedResource[]): (object: JsonObject) => boolean {
  const listed = new Set(resources.map(({ group, kind }) => `${kind}.${group}`));
  return ({ metadata }) => {
    const owners = isObject(metadata) ? metadata['ownerReferences'] : undefined;
    const controller = Array.isArray(owners)
      ? owners.find((owner: unknown) => isObject(owner) && owner['controller'] === true)
      : undefined;
    if (!isObject(controller)) return false;
    const { group, kind } = typeOf(controller);
    return listed.has(`${kind}.${group}`);
  };
}

export function listProblem(
  error: ApiError,
  { group, resource }: ServedResource,
  namespace: string | undefined,
): string {
  const name = group === '' ? resource : `${resource}.${group}`;
  if (error.status === 403) return missingAccess({ resource: name, verbs: ['list'], namespace, isCommand: true });
  return `cannot list ${name}: the API server returned HTTP ${error.status}: ${error.message}`;
}
