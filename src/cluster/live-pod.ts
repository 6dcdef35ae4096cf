/** Reads a live Pod with its node and its events. What the user may not read is a problem to report, and not an error. */
import type { JsonObject } from '../pod/pointer.ts';
import { isName, SUBDOMAIN } from '../policy/name-language.ts';
import { objectOf, objectsOf, podStatusOf, textOf } from '../pod/pod-status.ts';
import { ApiError, ApiOutage, type ApiRequest, type ClusterApi } from './api.ts';
import { pagesOf } from './pages.ts';

export interface LiveObjects {
  /** undefined: there is no such Pod. */
  readonly pod: JsonObject | undefined;
  readonly node: ReadObject;
  readonly events: ReadEvents;
}

export interface ReadObject {
  readonly object: JsonObject | undefined;
  readonly problem: string | undefined;
}

export interface ReadEvents {
  readonly events: readonly JsonObject[];
  /** Why events are missing. */
  readonly problem: string | undefined;
}

/** Rejects if the Pod itself cannot be read. */
export async function readLivePod(
  api: ClusterApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<LiveObjects> {
  // Another name, such as "..", would be another path. No Pod has it.
  const pod = !isName(name, SUBDOMAIN)
    ? undefined
    : await found(api, { path: `/api/v1/namespaces/${encode(namespace)}/pods/${encode(name)}` }, signal);
  if (pod === undefined) return NO_POD;
  const { nodeName } = podStatusOf(pod);
  const [node, events] = await Promise.all([
    nodeName === undefined || !isName(nodeName, SUBDOMAIN) ? NO_NODE : readNode(api, nodeName, signal),
    readEvents(api, { namespace, uid: textOf(objectOf(pod['metadata'])['uid']) ?? '' }, signal),
  ]);
  return { pod, node, events };
}

const NO_NODE: ReadObject = { object: undefined, problem: undefined };
const NO_POD: LiveObjects = { pod: undefined, node: NO_NODE, events: { events: [], problem: undefined } };

const encode = encodeURIComponent;

/** Returns undefined after HTTP 404 from the API server. */
async function found(api: ClusterApi, request: ApiRequest, signal: AbortSignal): Promise<JsonObject | undefined> {
  try {
    return await api.request(request, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404 && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

async function readNode(api: ClusterApi, name: string, signal: AbortSignal): Promise<ReadObject> {
  try {
    const object = await found(api, { path: `/api/v1/nodes/${encode(name)}` }, signal);
    return { object, problem: object === undefined ? 'the node no longer exists' : undefined };
  } catch (error) {
    return { object: undefined, problem: problemOf(error, 'the node is unknown', 'get on nodes with a ClusterRole') };
  }
}

/** A kubelet combines repeated events, and events expire after an hour. Other clients can create any number of any size. */
const PAGES = { pageSize: 100, maxPages: 5 };

async function readEvents(
  api: ClusterApi,
  { namespace, uid }: { readonly namespace: string; readonly uid: string },
  signal: AbortSignal,
): Promise<ReadEvents> {
  const path = `/api/v1/namespaces/${encode(namespace)}/events`;
  const fieldSelector = `involvedObject.kind=Pod,involvedObject.uid=${uid}`;
  const events: JsonObject[] = [];
  let isComplete = false;
  try {
    for await (const { list, hasNext } of pagesOf(api, { path, query: { fieldSelector }, ...PAGES }, signal)) {
      events.push(...objectsOf(list['items']));
      isComplete = !hasNext;
    }
  } catch (error) {
    const problem = problemOf(
      error,
      'the events are unknown',
      `list on events with a Role in namespace "${namespace}"`,
    );
    return { events, problem };
  }
  return {
    events,
    problem: isComplete ? undefined : `the Pod has more than ${events.length} events; the rest are not read`,
  };
}

function problemOf(error: unknown, what: string, grant: string): string {
  if (error instanceof ApiError && error.status === 403) return `${what} (HTTP 403): grant ${grant}`;
  if (error instanceof ApiError) return `${what}: the API server returned HTTP ${error.status}`;
  if (error instanceof ApiOutage) return `${what}: ${error.message}`;
  throw error;
}
