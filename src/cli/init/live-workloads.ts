/** What runs in a cluster, as one YAML stream: the workloads, and Pods with images that their workloads do not have. */
import { ApiError, type ClusterApi } from '../../cluster/api.ts';
import { missingAccess } from '../../cluster/facts/missing-access.ts';
import { pagesOf } from '../../cluster/pages.ts';
import { UserError } from '../../error/user-error.ts';
import { API_RESOURCES, type ApiResource } from '../../pod/api-resources.ts';
import { kindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { workloadOf } from '../../pod/workload.ts';

const KINDS = kindTable();

/** 100,000 objects of each kind. */
const PAGES = { pageSize: 500, maxPages: 200 };

/** Rejects if a kind cannot be listed: a policy for a part of a cluster can deny the rest. */
export async function liveWorkloads(api: ClusterApi): Promise<string> {
  const found: LiveObjects = { documents: [], images: new Set(), ownedPods: new Map() };
  const forbidden: string[] = [];
  for (const resource of API_RESOURCES) {
    try {
      for await (const item of itemsOf(api, resource)) addTo(found, item, resource);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      forbidden.push(resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`);
    }
  }
  if (forbidden.length > 0)
    throw new UserError(
      missingAccess({ resource: forbidden.join(', '), verbs: ['list'], namespace: undefined, isCommand: true }),
    );
  const injected = [...found.ownedPods].filter(([, images]) => images.some((image) => !found.images.has(image)));
  return [...found.documents, ...injected.map(([document]) => document)].join('\n---\n');
}

interface LiveObjects {
  readonly documents: string[];
  /** With their namespaces. */
  readonly images: Set<string>;
  /** The images of Pods that a workload owns. Webhooks can add containers to a Pod. */
  readonly ownedPods: Map<string, readonly string[]>;
}

function addTo({ documents, images, ownedPods }: LiveObjects, item: JsonObject, resource: ApiResource): void {
  const owner = ownerOf(item);
  if (owner !== undefined && resource.kind !== 'Pod') return;
  const manifest = manifestOf(item, resource, owner);
  const own = imagesIn(manifest, resource);
  if (owner !== undefined) {
    ownedPods.set(JSON.stringify(manifest), own);
    return;
  }
  documents.push(JSON.stringify(manifest));
  for (const image of own) images.add(image);
}

async function* itemsOf(api: ClusterApi, resource: ApiResource): AsyncGenerator<JsonObject> {
  let isComplete = true;
  for await (const { list, hasNext } of pagesOf(api, { path: pathOf(resource), ...PAGES })) {
    yield* Array.isArray(list['items']) ? list['items'].filter(isObject) : [];
    isComplete = !hasNext;
  }
  if (!isComplete)
    throw new UserError(`the cluster has too many ${resource.resource}; run tidewaiter init on manifests instead`);
}

function pathOf({ group, resource }: ApiResource): string {
  return group === '' ? `/api/v1/${resource}` : `/apis/${group}/v1/${resource}`;
}

/** The name of the controller, if it is listed as well. Images of a custom resource are not known, and so count in what it owns. */
function ownerOf({ metadata }: JsonObject): string | undefined {
  const owners = isObject(metadata) ? metadata['ownerReferences'] : undefined;
  const listed = Array.isArray(owners) ? owners.filter(isObject) : [];
  const owner = listed.find((one) => one['controller'] === true && API_RESOURCES.some((kind) => isOfKind(one, kind)));
  return typeof owner?.['name'] === 'string' ? owner['name'] : undefined;
}

function isOfKind({ apiVersion, kind }: JsonObject, resource: ApiResource): boolean {
  return kind === resource.kind && apiVersion === apiVersionOf(resource);
}

function apiVersionOf({ group }: ApiResource): string {
  return group === '' ? 'v1' : `${group}/v1`;
}

/** Items of a list have no kind. The replicas of an owner have its name, so that equal ones are one document. */
function manifestOf({ metadata, spec, template }: JsonObject, resource: ApiResource, owner?: string): JsonObject {
  const { name, namespace } = isObject(metadata) ? metadata : {};
  const apiVersion = apiVersionOf(resource);
  if (owner === undefined) return { apiVersion, kind: resource.kind, metadata: { name, namespace }, spec, template };
  const { containers, initContainers, ephemeralContainers } = isObject(spec) ? spec : {};
  const parts = { containers, initContainers, ephemeralContainers };
  return { apiVersion, kind: resource.kind, metadata: { name: owner, namespace }, spec: parts };
}

/** With the namespace, because a policy can exclude it. */
function imagesIn(manifest: JsonObject, { group, kind }: ApiResource): readonly string[] {
  const read = workloadOf(manifest, { group, version: 'v1', kind }, KINDS);
  const { metadata } = manifest;
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  return read?.ok ? read.workload.containers.map(({ image }) => JSON.stringify([namespace, image.text])) : [];
}
