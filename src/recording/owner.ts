/** The object that a review belongs to: the top controller, as far as the review shows it. */
import { nameOf } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { CUT } from '../image/quote.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';

export interface Owner {
  readonly kind: string;
  /** The name, or the prefix from generateName. */
  readonly name: string;
}

/** What the owner depends on. */
export interface OwnedRequest extends Pick<AdmissionRequest, 'name' | 'object' | 'oldObject'> {
  readonly type: Pick<AdmissionRequest['type'], 'kind'>;
}

/** The API server checks neither the length of the kind nor that of the name in an owner reference. */
const MAX_NAME = 253;

/** `time`: when the review was decided, in milliseconds since 1970; undefined: unknown. */
export function ownerOf(request: OwnedRequest, time: number | undefined): Owner {
  const { kind, name } = wholeOwnerOf(request, time);
  return { kind: shortened(kind), name: shortened(name) };
}

function shortened(text: string): string {
  return text.length <= MAX_NAME ? text : `${text.slice(0, MAX_NAME)}${CUT}`;
}

function wholeOwnerOf(request: OwnedRequest, time: number | undefined): Owner {
  const object = request.object ?? request.oldObject;
  const controller = controllerOf(object);
  if (controller === undefined) return ownOwner(request, time);
  const hash = labelOf(object, 'pod-template-hash');
  if (controller.kind === 'ReplicaSet' && hash !== undefined) {
    const deployment = withoutEnd(controller.name, `-${hash}`);
    return deployment === undefined ? controller : { kind: 'Deployment', name: deployment };
  }
  return controller.kind === 'Job' ? (cronJobOf(controller.name, time) ?? controller) : controller;
}

function ownOwner(request: OwnedRequest, time: number | undefined): Owner {
  const { kind } = request.type;
  const name = nameOf(request);
  return (kind === 'Job' ? cronJobOf(name, time) : undefined) ?? { kind, name };
}

export function controllerOf(object: JsonObject | undefined): Owner | undefined {
  const { ownerReferences } = metadataOf(object);
  if (!Array.isArray(ownerReferences)) return undefined;
  const controller = ownerReferences.find((owner: unknown) => isObject(owner) && owner['controller'] === true);
  const { kind, name } = isObject(controller) ? controller : {};
  return typeof kind === 'string' && typeof name === 'string' ? { kind, name } : undefined;
}

function labelOf(object: JsonObject | undefined, key: string): string | undefined {
  const { labels } = metadataOf(object);
  const value = isObject(labels) && Object.hasOwn(labels, key) ? labels[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function metadataOf(object: JsonObject | undefined): JsonObject {
  const metadata = object?.['metadata'];
  return isObject(metadata) ? metadata : {};
}

function withoutEnd(text: string, end: string): string | undefined {
  return text.endsWith(end) && text.length > end.length ? text.slice(0, -end.length) : undefined;
}

const MINUTE_MS = 60_000;
/** How long before the review a Job can be scheduled, and how far clocks can differ. */
const MAX_AGE_MINUTES = 24 * 60;
const MAX_AHEAD_MINUTES = 5;

/**
 * The CronJob controller names a Job after its CronJob and its scheduled time, in minutes since 1970 (kubernetes
 * pkg/controller/cronjob/utils.go, getJobName). A number that is no time shortly before the review can be anything.
 */
function cronJobOf(job: string, time: number | undefined): Owner | undefined {
  const [, name, digits] = /^(.+)-(\d{8,9})$/.exec(job) ?? [];
  if (name === undefined || time === undefined) return undefined;
  const age = Math.floor(time / MINUTE_MS) - Number(digits);
  return age <= MAX_AGE_MINUTES && age >= -MAX_AHEAD_MINUTES ? { kind: 'CronJob', name } : undefined;
}

/** Their names come from authors. */
const NAMED_KINDS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'CronJob',
]);

/**
 * The owner without the parts of its name that programs generate: numbers, times, and the random ends of Kubernetes, which have no
 * vowels (apimachinery pkg/util/rand).
 */
export function lastingOwnerOf(request: OwnedRequest, time: number): Owner {
  const { kind, name } = ownerOf(request, time);
  if (NAMED_KINDS.has(kind)) return { kind, name };
  const parts = name.split('-');
  const last = parts.findLastIndex((part) => !GENERATED.test(part));
  return { kind, name: parts.slice(0, Math.max(1, last + 1)).join('-') };
}

const GENERATED = /^$|\d|^[bcdfghjklmnpqrstvwxz]{5}$/;
