/** An API server in memory: objects with versions, conflicts, merge patches, preconditions of deletions, and watches. */
import { ApiError, type ApiRequest, type ClusterApi, type WatchEvent } from '../../src/cluster/api.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';

export interface MemoryCluster {
  /** One client per replica. */
  client: () => ClusterApi;
  readonly objects: ReadonlyMap<string, JsonObject>;
  /** `VERB path` of each request that changed something. */
  readonly writes: readonly string[];
  put(path: string, object: JsonObject): void;
  remove(path: string): void;
  /** The clock of the API server. */
  time: () => number | undefined;
  /** Called before each request; throws the error of the API server. */
  before: (request: ApiRequest) => Promise<void> | void;
  /** Called after each change. */
  after: () => void;
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
  const remove = (path: string): void => {
    objects.delete(path);
    for (const listener of listeners) listener(path);
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
    requireVersion(current, sent[method === 'DELETE' ? 'preconditions' : 'metadata']);
    if (method === 'DELETE') {
      remove(path);
      return current;
    }
    if (method === 'PUT') return store(path, sent);
    const next = merged(current, sent);
    return JSON.stringify(next) === JSON.stringify(current) ? structuredClone(current) : store(path, next);
  };
  const cluster: MemoryCluster = {
    objects,
    writes,
    time: () => undefined,
    before: () => undefined,
    after: () => undefined,
    put: (path, object) => void store(path, object),
    remove,
    client: () => ({
      server: 'https://memory',
      namespace: 'tidewaiter',
      async request(request) {
        await cluster.before(request);
        return respond(request);
      },
      time: () => cluster.time(),
      async *watch({ path }, signal) {
        const queue: WatchEvent[] = [initialEventsEnd(version)];
        let wake = (): void => undefined;
        const listener = (changed: string): void => {
          if (!changed.startsWith(`${path}/`)) return;
          const name = changed.slice(path.length + 1);
          const object = objects.get(changed) ?? { metadata: { name, resourceVersion: String(version) } };
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

function requireVersion({ metadata }: JsonObject, condition: unknown): void {
  const expected = isObject(condition) ? condition['resourceVersion'] : undefined;
  if (expected === undefined || (isObject(metadata) && metadata['resourceVersion'] === expected)) return;
  throw new ApiError(409, 'Conflict', 'the object has been modified');
}

/** A JSON merge patch. */
function merged(current: JsonObject, patch: JsonObject): JsonObject {
  const entries = Object.entries(patch).map(([key, value]) => {
    const old = current[key];
    return [key, isObject(value) ? merged(isObject(old) ? old : {}, value) : value];
  });
  return { ...current, ...Object.fromEntries(entries) };
}

function initialEventsEnd(version: number): WatchEvent {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version), annotations } } };
}
