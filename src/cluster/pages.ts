/** The pages of a list. */
import { objectOf, textOf } from '../pod/pod-status.ts';
import type { JsonObject } from '../pod/pointer.ts';
import type { ApiRequest, ClusterApi } from './api.ts';

export interface Page {
  readonly list: JsonObject;
  /** Whether another page follows, also if it is not read. */
  readonly hasNext: boolean;
}

export interface PagesRequest extends Omit<ApiRequest, 'method' | 'body'> {
  readonly pageSize: number;
  readonly maxPages: number;
}

/** Rejects like `request`. */
export async function* pagesOf(
  api: ClusterApi,
  { pageSize, maxPages, query, ...request }: PagesRequest,
  signal?: AbortSignal,
): AsyncGenerator<Page, void, undefined> {
  let next = '';
  for (let count = 0; count < maxPages; count++) {
    const position = next === '' ? {} : { continue: next };
    const list = await api.request({ ...request, query: { ...query, limit: String(pageSize), ...position } }, signal);
    next = textOf(objectOf(list['metadata'])['continue']) ?? '';
    yield { list, hasNext: next !== '' };
    if (next === '') return;
  }
}
