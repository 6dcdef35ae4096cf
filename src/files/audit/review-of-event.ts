/** Converts an event of an audit log to the review that an admission webhook got, or refuses it with the reason. */
import { carriesContainers, API_RESOURCES } from '../../pod/api-resources.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type { RecordedReview } from '../../recording/format.ts';
import type { RecordedOrigin } from '../../recording/origin.ts';
import { guessedPlural } from '../../recording/synthetic.ts';
import type { AuditEvent, ObjectRef } from './event.ts';
import { outcomeOf } from './outcome.ts';
import { previousObjects, type PreviousObjects } from './previous-objects.ts';
import type { Refusal } from './refusals.ts';
import { saidIn } from './said-in-event.ts';

export type AuditedReview = Pick<RecordedReview, 'time' | 'review' | 'said' | 'dryRun'> & {
  readonly origin: RecordedOrigin;
};

export interface ConvertOptions {
  readonly kinds: KindTable;
  /** Which object a review has, if the event has both: as the client sent it, or as the API server stored it. */
  readonly object: RecordedOrigin['object'];
}

type Convert = (event: AuditEvent) => AuditedReview | Refusal;

/** Remembers the objects of earlier events, for updates. */
export function createConverter(options: ConvertOptions): Convert {
  const convert = converter(options);
  return (event) => {
    try {
      return convert(event);
    } catch (error) {
      // Deep objects overflow the stack.
      if (error instanceof RangeError) return 'too-deep';
      throw error;
    }
  };
}

function converter({ kinds, object: wanted }: ConvertOptions): Convert {
  const previous = previousObjects();
  const recent = recentIds();
  const isImageResource = imageResources(kinds);
  const convertChosen = (event: AuditEvent, ref: ObjectRef, isAdmitted: boolean): AuditedReview | Refusal => {
    const chosen = chooseObject(event, { isAdmitted, wanted });
    if (typeof chosen === 'string') return chosen;
    const { group, kind } = typeOf(chosen.object);
    if (kinds.find(group, kind) === undefined) return 'no-images';
    return reviewOf(event, { ref, chosen, isAdmitted, previous });
  };
  return (event) => {
    const ref = refOrRefusal(event, isImageResource);
    if (typeof ref === 'string') return ref;
    const outcome = outcomeOf(event);
    if (outcome === 'unauthorized' || outcome === 'failed') return outcome;
    if (recent.has(event.auditID)) return 'duplicate';
    const isAdmitted = outcome === 'admitted';
    const converted = convertChosen(event, ref, isAdmitted);
    if (typeof converted === 'string') return converted;
    recent.add(event.auditID);
    if (isAdmitted && !converted.dryRun && event.responseObject !== undefined) previous.remember(event.responseObject);
    return converted;
  };
}

type IsImageResource = (ref: ObjectRef) => boolean;

/** By resource, because events of low levels have no object with a kind. Plural names of custom resources are guessed. */
function imageResources({ all }: KindTable): IsImageResource {
  const known = all.map(({ group, kind }) => `${guessedPlural(kind.toLowerCase())}.${group}`);
  const names = new Set([...known, ...API_RESOURCES.map(({ group, resource }) => `${resource}.${group}`)]);
  const groups = new Set(all.map(({ group }) => group).filter((group) => group.includes('.')));
  return ({ group, resource }) => groups.has(group) || names.has(`${resource}.${group}`);
}

const CHANGES = new Set(['create', 'update', 'patch']);
const DELETIONS = new Set(['delete', 'deletecollection']);

/** The resource of a request that can add images, if the event has an object. */
function refOrRefusal(event: AuditEvent, hasImages: IsImageResource): ObjectRef | Refusal {
  const { stage, ref, verb } = event;
  if (stage !== 'ResponseComplete') return 'stage';
  if (ref === undefined) return 'read';
  if (DELETIONS.has(verb)) return 'delete';
  if (!carriesContainers(ref.subresource)) return 'subresource';
  if (!CHANGES.has(verb)) return 'read';
  if (!hasImages(ref)) return 'no-images';
  return missingObject(event) ?? ref;
}

function missingObject({ requestObject, responseObject, annotations, level }: AuditEvent): Refusal | undefined {
  if (requestObject !== undefined || responseObject !== undefined) return undefined;
  if (annotations.has('audit.k8s.io/truncated')) return 'truncated';
  return level === 'Request' || level === 'RequestResponse' ? undefined : 'level';
}

interface ChosenObject {
  readonly object: JsonObject;
  readonly is: RecordedOrigin['object'];
}

interface Choice {
  readonly isAdmitted: boolean;
  readonly wanted: RecordedOrigin['object'];
}

function chooseObject(event: AuditEvent, { isAdmitted, wanted }: Choice): ChosenObject | Refusal {
  const sent = sentObject(event);
  const stored = isAdmitted ? storedObject(event) : undefined;
  const chosen = wanted === 'stored' ? (stored ?? sent) : (sent ?? stored);
  if (chosen !== undefined) return chosen;
  if (event.verb !== 'patch') return 'no-object';
  return isAdmitted ? 'patch' : 'denied-patch';
}

/** The object of a patch is the patch. */
function sentObject({ verb, requestObject }: AuditEvent): ChosenObject | undefined {
  return verb !== 'patch' && isWhole(requestObject) ? { object: requestObject, is: 'sent' } : undefined;
}

function storedObject({ responseObject }: AuditEvent): ChosenObject | undefined {
  return isWhole(responseObject) ? { object: responseObject, is: 'stored' } : undefined;
}

function isWhole(object: JsonObject | undefined): object is JsonObject {
  return object !== undefined && typeOf(object).kind !== 'Status' && typeOf(object).version !== '';
}

interface Converted {
  readonly ref: ObjectRef;
  readonly chosen: ChosenObject;
  readonly isAdmitted: boolean;
  readonly previous: PreviousObjects;
}

/** A PUT or an apply can create an object. */
function operationOf({ verb, code }: AuditEvent): 'CREATE' | 'UPDATE' {
  return verb === 'create' || code === 201 ? 'CREATE' : 'UPDATE';
}

function reviewOf(event: AuditEvent, { ref, chosen, isAdmitted, previous }: Converted): AuditedReview {
  const { auditID, time, query, user, requestObject, responseObject } = event;
  const operation = operationOf(event);
  const type = typeOf(chosen.object);
  const old =
    operation === 'UPDATE' ? previous.before(requestObject, isAdmitted ? responseObject : undefined) : undefined;
  const dryRun = query.getAll('dryRun').includes('All');
  const request = {
    uid: auditID,
    kind: type,
    resource: { group: ref.group, version: type.version, resource: ref.resource },
    subResource: ref.subresource === '' ? undefined : ref.subresource,
    name: nameIn(chosen.object) ?? ref.name,
    namespace: ref.namespace === '' ? undefined : ref.namespace,
    operation,
    userInfo: user,
    object: chosen.object,
    oldObject: old ?? null,
    dryRun,
    options: optionsOf(operation, query),
  };
  return {
    time,
    dryRun,
    review: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request },
    origin: {
      source: 'audit-log',
      object: chosen.is,
      hasOldObject: operation === 'UPDATE' ? old !== undefined : undefined,
      admitted: isAdmitted,
    },
    said: saidIn(event),
  };
}

function nameIn({ metadata }: JsonObject): string | undefined {
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function optionsOf(operation: 'CREATE' | 'UPDATE', query: URLSearchParams): JsonObject {
  const kind = operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions';
  return { apiVersion: 'meta.k8s.io/v1', kind, fieldManager: query.get('fieldManager') ?? undefined };
}

/** Exports of logs can overlap. */
const MAX_IDS = 100_000;

function recentIds(): { has(id: string): boolean; add(id: string): void } {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id);
      for (const oldest of ids) {
        if (ids.size <= MAX_IDS) break;
        ids.delete(oldest);
      }
    },
  };
}
