/**
 * The shape of a review: what is left without UIDs, times, and generated names. The Pods of a Deployment have the same shape, and so
 * have their reviews on another day. The owner is a part of it: exceptions can depend on its name, and reports list it.
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { RecordedReview } from './format.ts';
import { controllerOf, lastingOwnerOf, type Owner } from './owner.ts';

export type ShapedReview = Pick<
  RecordedReview,
  'time' | 'endpoint' | 'dryRun' | 'review' | 'facts' | 'response' | 'origin' | 'said' | 'generation' | 'tidewaiter'
>;

/** Returns a text that is equal for reviews of the same shape; its hash is their `shape`. */
export function shapeText(line: ShapedReview): string {
  const { endpoint, dryRun, review, facts, response, origin, said, generation, tidewaiter } = line;
  const { request, apiVersion } = review;
  const { uid: _uid, name, object, oldObject, ...rest } = isObject(request) ? request : {};
  const texts = [name, nameIn(object), nameIn(oldObject)].filter((text) => typeof text === 'string' && text.length > 2);
  const decided = JSON.stringify(origin === undefined ? (response ?? null) : [response, origin, said]);
  const verdict = texts.reduce<string>((text, each) => text.replaceAll(String(each), ''), decided);
  return JSON.stringify([
    endpoint,
    dryRun,
    generation,
    tidewaiter,
    apiVersion,
    rest,
    ownerIn(line),
    objectShape(object),
    objectShape(oldObject),
    response?.allowed,
    verdict,
    factsShape(facts),
  ]);
}

/** Reports whether the shape depends on the name of a controller, and not on that of the object; `review` as in a line. */
export function isNamedByController({ request }: JsonObject): boolean {
  const { object, oldObject } = isObject(request) ? request : {};
  const owned = isObject(object) ? object : isObject(oldObject) ? oldObject : undefined;
  return controllerOf(owned) !== undefined;
}

function ownerIn({ review: { request }, time }: ShapedReview): Owner | undefined {
  if (!isObject(request)) return undefined;
  const { kind: type, name, object, oldObject } = request;
  const kind = isObject(type) ? type['kind'] : undefined;
  const owned = {
    type: { kind: typeof kind === 'string' ? kind : '' },
    name: typeof name === 'string' ? name : '',
    object: isObject(object) ? object : undefined,
    oldObject: isObject(oldObject) ? oldObject : undefined,
  };
  return lastingOwnerOf(owned, Date.parse(time));
}

function nameIn(object: unknown): unknown {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  return isObject(metadata) ? (metadata['name'] ?? metadata['generateName']) : undefined;
}

function objectShape(object: unknown): unknown {
  if (!isObject(object)) return object;
  const { metadata, status: _status, ...rest } = object;
  const shaped = { ...rest, metadata: isObject(metadata) ? metadataShape(metadata) : metadata };
  return withoutGeneratedNames(shaped);
}

/** Of the metadata, what remains are labels, annotations, finalizers, and the kinds of owners. */
function metadataShape({ labels, annotations, finalizers, ownerReferences, deletionTimestamp }: JsonObject): object {
  return {
    labels: isObject(labels) ? Object.entries(labels).filter(([key]) => !GENERATED_LABELS.has(key)) : labels,
    annotations,
    finalizers,
    owners: Array.isArray(ownerReferences) ? ownerReferences.map(ownerShape) : ownerReferences,
    isDeleted: typeof deletionTimestamp === 'string',
  };
}

function ownerShape(owner: unknown): unknown {
  if (!isObject(owner)) return owner;
  const { apiVersion, kind, controller } = owner;
  return [apiVersion, kind, controller];
}

/** Labels that controllers set for each object or each revision. */
const GENERATED_LABELS = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/job-completion-index',
]);

/** The volume of the ServiceAccount token has a random name, and a Pod of a DaemonSet names its node. */
function withoutGeneratedNames(object: JsonObject): JsonObject {
  const { spec } = object;
  if (!isObject(spec)) return object;
  const text = JSON.stringify(spec).replace(/"name":"kube-api-access-[a-z0-9]{5}"/g, '"name":"kube-api-access"');
  return { ...object, spec: text.replace(/"(hostname|nodeName)":"[^"]*",?/g, '') };
}

/** Ages and texts of failures change from lookup to lookup. */
export function factsShape({
  sources,
  namespaceLabels,
  serviceAccounts,
  pullSecrets,
  registry = [],
}: RecordedReview['facts']): object {
  const lookups = registry.map(({ fact, ...asked }) => [
    asked,
    fact.state,
    fact.state === 'yes' ? valueShape(fact.value) : fact.failure.cause,
  ]);
  return [sources, namespaceLabels, serviceAccounts, pullSecrets, lookups];
}

function valueShape(value: object): unknown {
  const { digest, stale } = value as { readonly digest?: unknown; readonly stale?: unknown };
  return [digest, stale !== undefined];
}
