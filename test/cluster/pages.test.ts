// Lists whose objects are so large that a page is longer than a response can be.
import { describe, expect, test } from 'vitest';
import { type ApiRequest, ApiOutage, ApiResponseTooLong, type ClusterApi } from '../../src/cluster/api.ts';
import { pagesOf } from '../../src/cluster/pages.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';

const MAX = 64;

/** A cluster that has objects of these sizes, and the limits of the requests that it gets. */
function clusterOf(sizes: readonly number[]): { readonly api: ClusterApi; readonly limits: number[] } {
  const limits: number[] = [];
  const request = async ({ query = {} }: ApiRequest): Promise<JsonObject> => {
    const limit = Number(query['limit']);
    limits.push(limit);
    const from = Number(query['continue'] ?? 0);
    const items = sizes.slice(from, from + limit);
    if (items.reduce((sum, size) => sum + size, 0) > MAX) throw new ApiResponseTooLong('too long');
    const to = from + limit;
    return { items, metadata: to < sizes.length ? { continue: String(to) } : {} };
  };
  const api = { request } as Partial<ClusterApi> as ClusterApi;
  return { api, limits };
}

async function read(api: ClusterApi, maxPages: number): Promise<readonly [items: readonly unknown[], more: boolean]> {
  const items: unknown[] = [];
  let more = false;
  for await (const { list, hasNext } of pagesOf(api, { path: '/api/v1/pods', pageSize: 8, maxPages })) {
    items.push(...(list['items'] as readonly unknown[]));
    more = hasNext;
  }
  return [items, more];
}

describe('pages of large objects', () => {
  test.each<readonly [string, readonly number[], readonly number[]]>([
    ['stay as they are if they fit', Array(9).fill(8), [8, 8]],
    ['become smaller, and stay so', Array(9).fill(20), [8, 4, 2, 2, 2, 2, 2]],
    ['become smaller in the middle of a list', [...Array(8).fill(1), ...Array(3).fill(30)], [8, 8, 4, 2, 2]],
    ['have a single object in the end', [60, 60], [8, 4, 2, 1, 1]],
  ])('%s', async (_what, sizes, limits) => {
    const cluster = clusterOf(sizes);
    expect(await read(cluster.api, Infinity)).toEqual([sizes, false]);
    expect(cluster.limits).toEqual(limits);
  });

  test('do not let a command read fewer objects', async () => {
    const cluster = clusterOf(Array(20).fill(20));
    const [items, more] = await read(cluster.api, 2);
    expect([items.length, more]).toEqual([16, true]);
  });

  test('end with an error if one object is too long, or the response has another fault', async () => {
    await expect(read(clusterOf([1, 65]).api, Infinity)).rejects.toThrow('too long');
    const failing = { request: async () => Promise.reject(new ApiOutage('damaged')) } as Partial<ClusterApi>;
    await expect(read(failing as ClusterApi, Infinity)).rejects.toThrow('damaged');
  });
});
