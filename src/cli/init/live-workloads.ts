/** What runs in a cluster, as one YAML stream: the workloads, and Pods with images that their workloads do not have. */
import { ApiError, type ClusterApi } from '../../cluster/api.ts';
import { missingAccess } from '../../cluster/facts/missing-access.ts';
import { listedObjects } from '../../cluster/listed-objects.ts';
import { apiVersionOf, BUILT_IN_RESOURCES, resourceName, type ServedResource } from '../../cluster/served-resources.ts';
import { UserError } from '../../error/user-error.ts';
import { kindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf, workloadOf } from '../../pod/workload.ts';

const KINDS = kindTable();

/** Of each kind. */
const MAX_OBJECTS = 100_000;

/** Rejects if a kind cannot be listed: a policy for a part of a cluster can deny the rest. */
export async function liveWorkloads(api: ClusterApi): Promise<string> {
  const found: LiveObjects = { documents: [], images: new Set(), ownedPods: new Map() };
  const forbidden: string[] = [];
  for (const resource of BUILT_IN_RESOURCES) {
    try {
      await addObjects(found, api, resource);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      forbidden.push(resourceName(resource));
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

async function addObjects(found: LiveObjects, api: ClusterApi, resource: ServedResource): Promise<void> {
  let count = 0;
  for await (const objects of listedObjects(api, resource, { namespace: undefined })) {
    count += objects.length;
    if (count > MAX_OBJECTS)
      throw new UserError(`the cluster has too many ${resource.resource}; run tidewaiter init on manifests instead`);
    for (const object of objects) addTo(found, object);
  }
}

function addTo({ documents, images, ownedPods }: LiveObjects, object: JsonObject): void {
  const owner = ownerOf(object);
  if (owner !== undefined && object['kind'] !== 'Pod') return;
  const manifest = manifestOf(object, owner);
  const own = imagesIn(manifest);
  if (owner !== undefined) {
    ownedPods.set(JSON.stringify(manifest), own);
    return;
  }
  documents.push(JSON.stringify(manifest));
  for (const image of own) images.add(image);
}

/** The name of the controller, if it is listed as well. Images of a custom resource are not known, and so count in what it owns. */
function ownerOf({ metadata }: JsonObject): string | undefined {
  const owners = isObject(metadata) ? metadata['ownerReferences'] : undefined;
  const listed = Array.isArray(owners) ? owners.filter(isObject) : [];
  const owner = listed.find(
    (one) => one['controller'] === true && BUILT_IN_RESOURCES.some((kind) => isOfKind(one, kind)),
  );
  return typeof owner?.['name'] === 'string' ? owner['name'] : undefined;
}

function isOfKind({ apiVersion, kind }: JsonObject, resource: ServedResource): boolean {
  return kind === resource.kind && apiVersion === apiVersionOf(resource);
}

/** The replicas of an owner have its name, so that equal ones are one document. */
function manifestOf({ apiVersion, kind, metadata, spec, template }: JsonObject, owner?: string): JsonObject {
  const { name, namespace } = isObject(metadata) ? metadata : {};
  if (owner === undefined) return { apiVersion, kind, metadata: { name, namespace }, spec, template };
  const { containers, initContainers, ephemeralContainers } = isObject(spec) ? spec : {};
  const parts = { containers, initContainers, ephemeralContainers };
  return { apiVersion, kind, metadata: { name: owner, namespace }, spec: parts };
}

/** With the namespace, because a policy can exclude it. */
function imagesIn(manifest: JsonObject): readonly string[] {
  const read = workloadOf(manifest, typeOf(manifest), KINDS);
  const { metadata } = manifest;
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  return read?.ok ? read.workload.containers.map(({ image }) => JSON.stringify([namespace, image.text])) : [];
}
