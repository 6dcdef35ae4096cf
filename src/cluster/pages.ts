/** The pages of a list. */
import { objectOf, textOf } from '../pod/pod-status.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { type ApiRequest, ApiResponseTooLong, type ClusterApi } from './api.ts';

export interface Page {
  readonly list: JsonObject;
  /** Whether another page follows, also if it is not read. */
  readonly hasNext: boolean;
}

export interface PagesRequest extends Omit<ApiRequest, 'method' | 'body'> {
  readonly pageSize: number;
  readonly maxPages: number;
}

/**
 * Asks for smaller pages as soon as one is longer than a response can be, because the authors of objects choose their size. Rejects
 * like `request`.
 */
export async function* pagesOf(
  api: ClusterApi,
  { pageSize, maxPages, query, ...request }: PagesRequest,
  signal?: AbortSignal,
): AsyncGenerator<Page, void, undefined> {
  let limit = pageSize;
  let next = '';
  for (let left = maxPages * pageSize; left > 0;) {
    const position = next === '' ? {} : { continue: next };
    const page = { ...request, query: { ...query, limit: String(limit), ...position } };
    const list = await unlessTooLong(api.request(page, signal), limit);
    if (list === undefined) {
      limit = Math.floor(limit / 2);
      continue;
    }
    left -= limit;
    next = textOf(objectOf(list['metadata'])['continue']) ?? '';
    yield { list, hasNext: next !== '' };
    if (next === '') return;
  }
}

async function unlessTooLong(response: Promise<JsonObject>, limit: number): Promise<JsonObject | undefined> {
  try {
    return await response;
  } catch (error) {
    if (limit > 1 && error instanceof ApiResponseTooLong) return undefined;
    throw error;
  }
}
