/** Reads objects through the API server; what cannot be read is unknown, with the permission that is missing. */
import { ApiError, ApiOutage, type ApiRequest, type ClusterApi } from '../cluster/api.ts';
import { pagesOf } from '../cluster/pages.ts';
import { quoteValue } from '../image/quote.ts';
import { type JsonObject, ShapeError } from '../pod/pointer.ts';
import { readObjects } from '../pod/read.ts';
import { type Known, known, type Permission, permissionText, unknown } from './known.ts';

export interface Reader {
  /** Resolves with undefined if the object, or its whole kind, does not exist. */
  get<T>(resource: Resource, name: string, parse: Parse<T>): Promise<Known<T | undefined>>;
  list<T>(resource: Resource, parse: Parse<T>): Promise<Known<readonly T[]>>;
  /** Gets what every user can read, such as the resources of an API group. Resolves with undefined if it does not exist. */
  lookUp<T>(path: string, parse: Parse<T>): Promise<Known<T | undefined>>;
  /** Sends any other request, which needs `permission`. */
  send<T>(request: ApiRequest, permission: Permission, parse: Parse<T>): Promise<Known<T>>;
}

/** Can throw a ShapeError. */
type Parse<T> = (object: JsonObject) => T;

export interface Resource {
  /** `apps/v1`, `v1` */
  readonly version: string;
  readonly resource: string;
  /** null: the resource has no namespace. */
  readonly namespace: string | null;
}

const PAGES = { pageSize: 500, maxPages: 50 };

export function createReader(api: ClusterApi): Reader {
  const send: Reader['send'] = async (request, permission, parse) => {
    try {
      return known(parse(await api.request(request)));
    } catch (error) {
      return unread(error, permission);
    }
  };
  return {
    send,
    async get(resource, name, parse) {
      const permission = permissionFor('get', resource);
      const found = await send({ path: `${pathOf(resource)}/${name}` }, permission, parse);
      return isAbsent(found) ? known(undefined) : found;
    },
    async lookUp(path, parse) {
      const permission = { verb: 'get', group: '', resource: path, namespace: null };
      const found = await send({ path }, permission, parse);
      return isAbsent(found) ? known(undefined) : found;
    },
    async list<T>(resource: Resource, parse: Parse<T>) {
      const permission = permissionFor('list', resource);
      const items: T[] = [];
      try {
        for await (const { list, hasNext } of pagesOf(api, { path: pathOf(resource), ...PAGES })) {
          items.push(...readObjects(list, 'items', '').map(parse));
          if (!hasNext) return known(items);
        }
      } catch (error) {
        return unread(error, permission);
      }
      return unknown(`there are more than ${PAGES.maxPages * PAGES.pageSize} ${resource.resource}`);
    },
  };
}

export function pathOf({ version, resource, namespace }: Resource): string {
  const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
  return `${root}${namespace === null ? '' : `/namespaces/${namespace}`}/${resource}`;
}

export function permissionFor(verb: string, { version, resource, namespace }: Resource): Permission {
  const group = version.includes('/') ? (version.split('/')[0] ?? '') : '';
  return { verb, group, resource, namespace };
}

/** The reason of a value that does not exist; compared only here. */
const ABSENT = 'it does not exist';

function isAbsent(found: Known<unknown>): boolean {
  return found.state === 'unknown' && found.reason === ABSENT;
}

function unread(error: unknown, permission: Permission): Known<never> {
  if (error instanceof ApiOutage) return unknown(error.message);
  if (error instanceof ShapeError) return unknown(`the response of the API server is malformed (${error.message})`);
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 404) return unknown(ABSENT);
  if (error.status === 403) return unknown(`your user is not allowed to ${permissionText(permission)}`, permission);
  return unknown(`the API server returned HTTP ${error.status} (${quoteValue(error.message)})`);
}
