/** An API server in memory: objects with versions, conflicts, server-side apply of caBundle, and watches. */
import { ApiError, type ApiRequest, type ClusterApi, type WatchEvent } from '../../src/cluster/api.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';

export interface MemoryCluster {
  /** One client per replica. */
  client(): ClusterApi;
  readonly objects: ReadonlyMap<string, JsonObject>;
  /** `VERB path` of each request that changed something. */
  readonly writes: readonly string[];
  put(path: string, object: JsonObject): void;
  remove(path: string): void;
  /** Called before each request; throws the error of the API server. */
  before: (request: ApiRequest) => Promise<void> | void;
  /** Called after each change. */
  after: () => void;
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: JsonObject;
}

export function memoryCluster(): MemoryCluster {
  const objects = new Map<string, JsonObject>();
  const listeners = new Set<(path: string) => void>();
  const writes: string[] = [];
  let version = 100;
  const store = (path: string, object: JsonObject): JsonObject => {
    version += 1;
    const { resourceVersion: _, ...metadata } = (object['metadata'] ?? {}) as JsonObject;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const stored = { ...object, metadata: { ...metadata, name, resourceVersion: String(version) } };
    objects.set(path, stored);
    for (const listener of listeners) listener(path);
    cluster.after();
    return stored;
  };
  const create = (collection: string, object: JsonObject): JsonObject => {
    const path = `${collection}/${(object['metadata'] as { readonly name: string }).name}`;
    if (objects.has(path)) throw new ApiError(409, 'AlreadyExists', 'already exists');
    return store(path, object);
  };
  const respond = ({ method = 'GET', path, body }: ApiRequest): JsonObject => {
    if (method !== 'GET') writes.push(`${method} ${path}`);
    if (method === 'POST') return create(path, body as JsonObject);
    const current = objects.get(path);
    if (current === undefined) throw new ApiError(404, 'NotFound', 'not found');
    if (method === 'GET') return structuredClone(current);
    const sent = structuredClone(body) as JsonObject;
    const { resourceVersion: expected } = sent['metadata'] as JsonObject;
    if (expected !== undefined && expected !== (current['metadata'] as JsonObject)['resourceVersion']) {
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    }
    if (method === 'PUT') return store(path, sent);
    const next = { ...current, webhooks: appliedTo(current, sent) };
    return JSON.stringify(next) === JSON.stringify(current) ? structuredClone(current) : store(path, next);
  };
  const cluster: MemoryCluster = {
    objects,
    writes,
    before: () => undefined,
    after: () => undefined,
    put: (path, object) => void store(path, object),
    remove(path) {
      objects.delete(path);
      for (const listener of listeners) listener(path);
    },
    client: () => ({
      server: 'https://memory',
      namespace: 'tidewaiter',
      async request(request) {
        await cluster.before(request);
        return respond(request);
      },
      async *watch({ path }, signal) {
        const queue: WatchEvent[] = [initialEventsEnd(version)];
        let wake = (): void => undefined;
        const listener = (changed: string): void => {
          if (!changed.startsWith(`${path}/`)) return;
          const object = objects.get(changed) ?? { metadata: { name: 'gone', resourceVersion: String(version) } };
          queue.push({ type: objects.has(changed) ? 'MODIFIED' : 'DELETED', object });
          wake();
        };
        listeners.add(listener);
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          const event = queue.shift();
          if (event !== undefined) yield event;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
        listeners.delete(listener);
      },
      close: async () => undefined,
    }),
  };
  return cluster;
}

/** Server-side apply: the webhooks are a map by name. */
function appliedTo(current: JsonObject, sent: JsonObject): readonly Webhook[] {
  const webhooks = new Map((current['webhooks'] as readonly Webhook[]).map((one) => [one.name, one]));
  for (const one of sent['webhooks'] as readonly Webhook[]) {
    const old = webhooks.get(one.name);
    webhooks.set(one.name, { ...old, ...one, clientConfig: { ...old?.clientConfig, ...one.clientConfig } });
  }
  return [...webhooks.values()];
}

function initialEventsEnd(version: number): WatchEvent {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version), annotations } } };
}
