/** The labels of the namespaces of a cluster, kept by a watch. */
import { type NamespaceSource, Outage } from '../../admission/context.ts';
import { namespaceLabelsIn } from '../../admission/facts/cluster-objects.ts';
import type { MaybePromise } from '../../admission/maybe-promise.ts';
import { quoteValue } from '../../image/quote.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import { ApiError } from '../api.ts';
import { type Watch, watchObjects } from '../watch.ts';
import { missingAccess } from './missing-access.ts';
import { createObjectReader } from './object-reader.ts';
import type { ReaderParts } from './object-request.ts';

export interface WatchedNamespaces extends NamespaceSource {
  readonly synced: Promise<void>;
  /** Why the labels are not known yet; undefined: they are known. */
  notSynced(): string | undefined;
  idleSeconds(): number;
}

/** Older labels are not used. API servers send a bookmark about once a minute, and sometimes only after two. */
const MAX_IDLE_SECONDS = 180;
const STALE = `the watch of the namespaces has had no event for ${MAX_IDLE_SECONDS / 60} minutes`;

export function watchNamespaces(parts: ReaderParts, signal: AbortSignal, now: () => number): WatchedNamespaces {
  const watch = watchObjects(parts.api, { path: '/api/v1/namespaces', valueOf: labelsFact, signal, now });
  // The namespace can have been created a moment ago, so its absence from the watch proves nothing.
  const reader = createObjectReader<Labels>(NAMESPACES, parts);
  let wasStale = false;
  const isStale = (namespace: string): boolean => {
    const isNow = watch.idleSeconds() >= MAX_IDLE_SECONDS;
    if (isNow && !wasStale) parts.logDetail?.(`${STALE} (${String(watch.failure ?? 'it is silent')})`, namespace);
    wasStale = isNow;
    return isNow;
  };
  return {
    synced: watch.synced,
    notSynced: () => (watch.isSynced ? undefined : notSynced(watch)),
    idleSeconds: () => watch.idleSeconds(),
    labelsOf(namespace, lookupSignal) {
      if (!watch.isSynced) return { state: 'unknown', reason: notSynced(watch) };
      const labels = watch.objects.get(namespace);
      const lookup = { signal: lookupSignal };
      if (isStale(namespace)) return stale(reader.read(undefined, namespace, lookup));
      return labels ?? reader.read(undefined, namespace, lookup);
    },
  };
}

/** Adds why the labels from the watch are not used. */
function stale(read: MaybePromise<Fact<Labels>>): MaybePromise<Fact<Labels>> {
  if (!(read instanceof Promise)) return read;
  return read.catch((error: unknown) => {
    throw error instanceof Outage ? new Outage(`${STALE}, and ${error.message}`, { cause: error }) : error;
  });
}

export const NAMESPACES = {
  plural: 'namespaces',
  kind: 'Namespace',
  valueOf: (object: JsonObject) => ({ fact: labelsFact(object), weight: 0 }),
};

/** Characters; some 40 of the longest labels. An API server stores 1.5 MiB, and the watch keeps the labels of all namespaces. */
const MAX_LABELS = 16 * 1024;

function labelsFact(object: JsonObject): Fact<Labels> {
  const { metadata } = object;
  const name = isObject(metadata) ? String(metadata['name']) : '';
  const value = namespaceLabelsIn(object, name);
  const size = Object.entries(value).reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  if (size <= MAX_LABELS) return { state: 'yes', value };
  const reason = `namespace ${quoteValue(name)} has more than ${MAX_LABELS / 1024} KiB of labels`;
  return { state: 'unknown', reason, causedBy: 'author' };
}

function notSynced({ failure }: Watch<unknown>): string {
  const verbs = ['get', 'list', 'watch'];
  if (failure instanceof ApiError && failure.status === 403)
    return missingAccess({ resource: 'namespaces', verbs, namespace: undefined });
  return 'the labels of the namespaces have not been read from the cluster yet';
}
