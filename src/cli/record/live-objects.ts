/** The objects with images in a cluster, and why others are left out. */
import { ApiError, ApiOutage, type ClusterApi } from '../../cluster/api.ts';
import { missingAccess } from '../../cluster/facts/missing-access.ts';
import { listedObjects } from '../../cluster/listed-objects.ts';
import { resourceName, type ServedResource, workloadResources } from '../../cluster/served-resources.ts';
import { quoteValue } from '../../image/quote.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';

export type LiveEntry =
  /** `owned`: how many more there are whose controller was listed before. */
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

/**
 * Rejects if the API server cannot be reached at the start, and with the reason of the signal. If it fails later, what was read before would
 * look like the whole cluster without the problem.
 */
export async function* liveObjects(
  api: ClusterApi,
  { kinds, namespaces, owned, signal }: LiveOptions,
): AsyncGenerator<LiveEntry, void> {
  const resources = ownersFirst(await workloadResources(api, kinds, signal));
  const isOwned = ownedByListed();
  for (const namespace of namespaces)
    if (await isAbsent(api, namespace, signal))
      yield { problem: `namespace ${quoteValue(namespace)} (set by --namespace) does not exist` };
  for (const { resource, namespace } of listsOf(resources, namespaces)) {
    try {
      for await (const objects of listedObjects(api, resource, { namespace, signal }))
        yield pageOf(objects, owned ? undefined : isOwned);
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ApiOutage)) throw error;
      yield { problem: listProblem(error, resource, namespace) };
    }
  }
}

/** Its lists are empty, as those of a namespace without workloads. */
async function isAbsent(api: ClusterApi, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.request({ path: `/api/v1/namespaces/${namespace}` }, signal);
    return false;
  } catch (error) {
    // Others are reported with the lists.
    if (error instanceof ApiError || error instanceof ApiOutage)
      return error instanceof ApiError && error.status === 404;
    throw error;
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

/** Kinds whose objects controllers create: an owner before what it owns. */
const CREATED = [
  'Experiment.argoproj.io',
  'AnalysisRun.argoproj.io',
  'Workflow.argoproj.io',
  'TaskRun.tekton.dev',
  'VirtualMachineInstanceReplicaSet.kubevirt.io',
  'VirtualMachineInstance.kubevirt.io',
  'Configuration.serving.knative.dev',
  'Revision.serving.knative.dev',
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'ReplicaSet.apps',
  'CronJob.batch',
  'Job.batch',
  'Pod.',
];

function ownersFirst(resources: readonly ServedResource[]): readonly ServedResource[] {
  const rank = ({ group, kind }: ServedResource): number => CREATED.indexOf(`${kind}.${group}`);
  return resources.toSorted((one, other) => rank(one) - rank(other));
}

/**
 * Looks for the controller itself and not for its kind: its list can be forbidden, and the author of an object can name one that does not
 * exist. What cannot be told is recorded.
 */
function ownedByListed(): (object: JsonObject) => boolean {
  const listed = new Set<unknown>();
  return ({ metadata }) => {
    if (!isObject(metadata)) return false;
    const { uid, ownerReferences: owners } = metadata;
    const controller = Array.isArray(owners)
      ? owners.find((owner: unknown) => isObject(owner) && owner['controller'] === true)
      : undefined;
    const isOwned = isObject(controller) && listed.has(controller['uid']);
    if (uid !== undefined) listed.add(uid);
    return isOwned;
  };
}

export function listProblem(
  error: ApiError | ApiOutage,
  resource: ServedResource,
  namespace: string | undefined,
): string {
  const name = resourceName(resource);
  if (error instanceof ApiOutage) return `cannot list ${name}: ${error.message}`;
  if (error.status === 403) return missingAccess({ resource: name, verbs: ['list'], namespace, isCommand: true });
  return `cannot list ${name}: the API server returned HTTP ${error.status}: ${error.message}`;
}
