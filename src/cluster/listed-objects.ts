/** All objects of a resource, page by page. */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { ApiError, type ClusterApi } from './api.ts';
import { pagesOf } from './pages.ts';
import { apiVersionOf, listPath, type ServedResource } from './served-resources.ts';

const PAGE_SIZE = 500;
const MAX_RESTARTS = 3;

/**
 * Yields each page with complete objects. A list that takes so long that the API server has forgotten its beginning (HTTP 410)
 * begins again, without the objects that were there before. Rejects like `request`.
 */
export async function* listedObjects(
  api: ClusterApi,
  resource: ServedResource,
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal?: AbortSignal },
): AsyncGenerator<readonly JsonObject[], void> {
  const seen = new Set<unknown>();
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  for (let restarts = 0; ; restarts += 1) {
    try {
      const request = { path: listPath(resource, namespace), pageSize: PAGE_SIZE, maxPages: Infinity };
      for await (const { list } of pagesOf(api, request, signal)) {
        const items = Array.isArray(list['items']) ? list['items'].filter(isObject) : [];
        // Items of a list have no type.
        yield items.filter((item) => isNew(item, seen)).map((item) => ({ apiVersion, kind, ...item }));
      }
      return;
    } catch (error) {
      if (!isExpired(error) || restarts === MAX_RESTARTS) throw error;
    }
  }
}

function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410;
}

function isNew({ metadata }: JsonObject, seen: Set<unknown>): boolean {
  const uid = isObject(metadata) ? metadata['uid'] : undefined;
  if (uid === undefined) return true;
  if (seen.has(uid)) return false;
  seen.add(uid);
  return true;
}
