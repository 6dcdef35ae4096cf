/** A scripted API server on loopback: objects by path, watches with bookmarks, and connections that misbehave as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ApiRequestRecord {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a request in its own way; false: the server answers as usual. */
export type Script = (request: ApiRequestRecord, response: ServerResponse) => boolean | Promise<boolean>;

export type ApiObject = { readonly [key: string]: unknown };

export interface ApiServer {
  readonly url: string;
  readonly requests: ApiRequestRecord[];
  /** The scripts are asked in order, before the objects. */
  readonly scripts: Script[];
  /** Watches that are open. */
  readonly watches: number;
  /** Stores an object under `<collection>/<name>` and tells the watches. */
  put(collection: string, name: string, object?: ApiObject): ApiObject;
  remove(collection: string, name: string): void;
  /** Sends a bookmark to all watches. */
  bookmark(): void;
  /** Ends all watches, as the API server does after `timeoutSeconds`. */
  endWatches(): void;
  /** Destroys the sockets of all watches. */
  resetWatches(): void;
  close(): Promise<void>;
}

interface OpenWatch {
  readonly collection: string;
  readonly response: ServerResponse;
}

export async function startApiServer(): Promise<ApiServer> {
  const objects = new Map<string, ApiObject>();
  const watches = new Set<OpenWatch>();
  const history: { readonly collection: string; readonly version: number; readonly line: string }[] = [];
  const requests: ApiRequestRecord[] = [];
  const scripts: Script[] = [];
  let version = 100;

  const inCollection = (collection: string): readonly ApiObject[] =>
    [...objects].flatMap(([path, object]) => (path.slice(0, path.lastIndexOf('/')) === collection ? [object] : []));

  const openWatch = (record: ApiRequestRecord, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (record.query.get('sendInitialEvents') === 'true') {
      for (const object of inCollection(record.path)) response.write(eventLine('ADDED', object));
      response.write(bookmarkLine(version, true));
    }
    const since = Number(record.query.get('resourceVersion') ?? version);
    for (const event of history)
      if (event.collection === record.path && event.version > since) response.write(event.line);
    const watch = { collection: record.path, response };
    watches.add(watch);
    response.once('close', () => watches.delete(watch));
  };

  const server = createServer((message, response) => {
    void (async () => {
      const { pathname: path, searchParams: query } = new URL(message.url ?? '/', 'http://localhost');
      const { method = 'GET', headers } = message;
      const record: ApiRequestRecord = { method, path, query, headers, body: await text(message) };
      requests.push(record);
      for (const script of scripts) if (await script(record, response)) return;
      if (query.get('watch') !== null) return openWatch(record, response);
      const object = objects.get(path);
      if (object !== undefined) return sendJson(response, 200, object);
      if (path.split('/').length % 2 === 0)
        return sendJson(response, 200, {
          kind: 'List',
          metadata: { resourceVersion: String(version) },
          items: inCollection(path),
        });
      sendStatus(
        response,
        404,
        'NotFound',
        `${path.split('/').at(-2)} ${JSON.stringify(path.split('/').at(-1))} not found`,
      );
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));

  const tell = (type: string, collection: string, object: ApiObject): void => {
    const line = eventLine(type, object);
    history.push({ collection, version, line });
    for (const watch of watches) if (watch.collection === collection) watch.response.write(line);
  };

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    scripts,
    get watches() {
      return watches.size;
    },
    put(collection, name, object = {}) {
      const path = `${collection}/${name}`;
      const type = objects.has(path) ? 'MODIFIED' : 'ADDED';
      const [, namespace] = /\/namespaces\/([^/]+)\//.exec(path) ?? [];
      const metadata = { ...(object['metadata'] as object), name, namespace, resourceVersion: String((version += 1)) };
      const stored = { ...object, metadata };
      objects.set(path, stored);
      tell(type, collection, stored);
      return stored;
    },
    remove(collection, name) {
      const path = `${collection}/${name}`;
      const object = objects.get(path);
      if (object === undefined) return;
      objects.delete(path);
      version += 1;
      const metadata = { ...(object['metadata'] as object), resourceVersion: String(version) };
      tell('DELETED', collection, { ...object, metadata });
    },
    bookmark() {
      for (const { response } of watches) response.write(bookmarkLine(version, false));
    },
    endWatches() {
      for (const { response } of watches) response.end();
      watches.clear();
    },
    resetWatches() {
      for (const { response } of watches) response.socket?.resetAndDestroy();
      watches.clear();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

export function eventLine(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

export function bookmarkLine(version: number, isEndOfInitialEvents: boolean): string {
  const annotations = isEndOfInitialEvents ? { 'k8s.io/initial-events-end': 'true' } : {};
  return eventLine('BOOKMARK', { metadata: { resourceVersion: String(version), annotations } });
}

export function statusObject(code: number, reason: string, message = ''): ApiObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function sendStatus(response: ServerResponse, code: number, reason: string, message = ''): void {
  sendJson(response, code, statusObject(code, reason, message));
}
