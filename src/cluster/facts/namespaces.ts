/** The labels of the namespaces of a cluster, kept by a watch. */
import type { NamespaceSource } from '../../admission/context.ts';
import { namespaceLabelsIn } from '../../admission/facts/cluster-objects.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Labels } from '../../policy/fact.ts';
import { ApiError } from '../api.ts';
import { type Watch, watchObjects } from '../watch.ts';
import { missingAccess } from './missing-access.ts';
import { createObjectReader, type ReaderParts } from './object-reader.ts';

export interface WatchedNamespaces extends NamespaceSource {
  readonly synced: Promise<void>;
  /** Why the labels are not known yet; undefined: they are known. */
  notSynced(): string | undefined;
  idleSeconds(): number;
}

/** A watch without bookmarks for this time is interrupted, and its labels can be out of date. */
const MAX_IDLE_SECONDS = 180;

export function watchNamespaces(parts: ReaderParts, signal: AbortSignal): WatchedNamespaces {
  const watch = watchObjects(parts.api, { path: '/api/v1/namespaces', valueOf: labelsIn, signal });
  // The namespace can have been created a moment ago, so its absence from the watch proves nothing.
  const reader = createObjectReader<Labels>(NAMESPACES, parts);
  return {
    synced: watch.synced,
    notSynced: () => (watch.isSynced ? undefined : notSynced(watch)),
    idleSeconds: () => watch.idleSeconds(),
    labelsOf(namespace, lookupSignal) {
      if (!watch.isSynced) return { state: 'unknown', reason: notSynced(watch) };
      const labels = watch.objects.get(namespace);
      if (labels !== undefined && watch.idleSeconds() < MAX_IDLE_SECONDS) return { state: 'yes', value: labels };
      return reader.read(undefined, namespace, { signal: lookupSignal });
    },
  };
}

export const NAMESPACES = {
  plural: 'namespaces',
  kind: 'Namespace',
  valueOf: (object: JsonObject) => ({ fact: { state: 'yes', value: labelsIn(object) } as const, weight: 0 }),
};

function labelsIn(object: JsonObject): Labels {
  const { metadata } = object;
  return namespaceLabelsIn(object, isObject(metadata) ? String(metadata['name']) : '');
}

function notSynced({ failure }: Watch<unknown>): string {
  const verbs = ['get', 'list', 'watch'];
  if (failure instanceof ApiError && failure.status === 403)
    return missingAccess({ resource: 'namespaces', verbs, namespace: undefined });
  return 'the labels of the namespaces have not been read from the cluster yet';
}
