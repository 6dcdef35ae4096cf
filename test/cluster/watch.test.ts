/** The watch loop against a scripted API server: what interrupts a watch must neither lose a change nor flood the server. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { type Watch, watchObjects, type WatchTimes } from '../../src/cluster/watch.ts';
import { isObject } from '../../src/pod/pointer.ts';
import { apiClient } from '../support/api-client.ts';
import {
  type ApiServer,
  bookmarkLine,
  eventLine,
  type Script,
  sendJson,
  sendStatus,
  startApiServer,
  statusObject,
} from '../support/api-server.ts';

const NAMESPACES = '/api/v1/namespaces';
const FAST: Partial<WatchTimes> = { delayMs: 5, maxDelayMs: 20, idleMs: 5000, initialMs: 300 };

let server: ApiServer;
let api: ClusterApi;
let stop: AbortController;

beforeEach(async () => {
  server = await startApiServer();
  api = apiClient(server.url);
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await api.close();
  await server.close();
});

const team = (name: string): { metadata: object } => ({ metadata: { labels: { team: name } } });

function watchTeams(times: Partial<WatchTimes> = FAST, onChange?: () => void): Watch<unknown> {
  return watchObjects(api, {
    path: NAMESPACES,
    signal: stop.signal,
    times,
    onChange,
    valueOf: ({ metadata }) => (isObject(metadata) && isObject(metadata['labels']) ? metadata['labels']['team'] : ''),
  });
}

const teamsIn = (watch: Watch<unknown>): unknown => Object.fromEntries(watch.objects);

/** Answers the first `count` watches with the script. */
function firstWatches(count: number, script: Script): void {
  let left = count;
  server.scripts.push((request, response) => {
    if (request.query.get('watch') === null || left === 0) return false;
    left -= 1;
    return script(request, response);
  });
}

const watchQueries = (): readonly string[] =>
  server.requests.map(({ query }) => query.get('resourceVersion') ?? (query.get('sendInitialEvents') ? 'all' : 'list'));

describe('a watch', () => {
  test('is synced after the initial events, and follows changes', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    const watch = watchTeams();
    expect(watch.isSynced).toBe(false);
    await watch.synced;
    expect(teamsIn(watch)).toEqual({ shop: 'a' });
    server.put(NAMESPACES, 'shop', team('b'));
    server.put(NAMESPACES, 'bank', team('c'));
    await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ shop: 'b', bank: 'c' }));
    server.remove(NAMESPACES, 'shop');
    await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ bank: 'c' }));
    expect(server.requests).toHaveLength(1);
  });

  test('asks for a resourceVersion from the last bookmark when the API server has ended it', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    const watch = watchTeams();
    await watch.synced;
    server.put('/api/v1/secrets', 'unrelated');
    server.put('/api/v1/secrets', 'unrelated');
    server.bookmark();
    server.endWatches();
    await vi.waitFor(() => expect(watchQueries()).toEqual(['all', '103']));
    server.put(NAMESPACES, 'shop', team('b'));
    await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ shop: 'b' }));
  });

  test('never reads all objects again while each connection works until the API server ends it', async () => {
    const watch = watchTeams({ ...FAST, maxDelayMs: 0 });
    await watch.synced;
    for (let round = 0; round < 6; round++) {
      await vi.waitFor(() => expect(server.watches).toBe(1));
      server.bookmark();
      server.endWatches();
    }
    await vi.waitFor(() => expect(watchQueries()).toEqual(['all', ...Array.from({ length: 6 }, () => '100')]));
  });

  test.each<[string, Script]>([
    ['as HTTP status', (_request, response) => (sendStatus(response, 410, 'Expired'), true)],
    [
      'as an event',
      (_request, response) => (response.end(eventLine('ERROR', statusObject(410, 'Expired', 'too old'))), true),
    ],
  ])('starts over after 410 %s, and forgets an object that was deleted between', async (_how, gone) => {
    server.put(NAMESPACES, 'shop', team('a'));
    server.put(NAMESPACES, 'bank', team('b'));
    const watch = watchTeams();
    await watch.synced;
    firstWatches(1, gone);
    server.endWatches();
    server.remove(NAMESPACES, 'bank');
    await vi.waitFor(() => expect(watchQueries()).toEqual(['all', '102', 'all']));
    await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ shop: 'a' }));
    expect(watch.isSynced).toBe(true);
  });

  test('keeps its objects while it starts over, and takes no half of them', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    server.put(NAMESPACES, 'bank', team('b'));
    const watch = watchTeams();
    await watch.synced;
    firstWatches(1, (_request, response) => (sendStatus(response, 410, 'Expired'), true));
    server.scripts.push(({ query }, response) => {
      if (query.get('sendInitialEvents') === null) return false;
      response.write(eventLine('ADDED', { metadata: { name: 'shop', resourceVersion: '1', labels: { team: 'z' } } }));
      return true;
    });
    server.endWatches();
    await vi.waitFor(() => expect(watchQueries()).toEqual(['all', '102', 'all']));
    expect(teamsIn(watch)).toEqual({ shop: 'a', bank: 'b' });
  });

  test('survives resets without losing a change', async () => {
    const watch = watchTeams();
    await watch.synced;
    for (let round = 0; round < 5; round++) {
      server.resetWatches();
      await vi.waitFor(() => expect(server.watches).toBe(1));
      server.put(NAMESPACES, 'shop', team(String(round)));
      await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ shop: String(round) }));
    }
  });

  test('takes duplicates and a storm of events', async () => {
    const watch = watchTeams();
    await watch.synced;
    const storm = Array.from({ length: 5000 }, (_, index) => ({
      metadata: { name: `n${index % 100}`, resourceVersion: String(1000 + index), labels: { team: String(index) } },
    }));
    firstWatches(1, (_request, response) => {
      for (const object of storm) response.write(eventLine('ADDED', object) + eventLine('MODIFIED', object));
      response.end(eventLine('DELETED', storm[0]) + eventLine('DELETED', storm[0]));
      return true;
    });
    server.endWatches();
    await vi.waitFor(() => expect(watch.objects.size).toBe(99), { timeout: 20_000 });
    expect(watch.objects.get('n99')).toBe('4999');
  });

  test.each([422, 400])(
    'lists in pages and then watches if the API server answers %i to watch-list',
    async (status) => {
      server.scripts.push(({ query }, response) => {
        if (query.get('sendInitialEvents') === null) return false;
        sendStatus(response, status, 'Invalid', 'sendInitialEvents is forbidden');
        return true;
      });
      server.scripts.push(({ query }, response) => {
        if (query.get('watch') !== null) return false;
        const isLast = query.get('continue') === 'next';
        const name = isLast ? 'bank' : 'shop';
        sendJson(response, 200, {
          metadata: { resourceVersion: '200', ...(isLast ? {} : { continue: 'next' }) },
          items: [{ metadata: { name, labels: { team: name } } }],
        });
        return true;
      });
      const watch = watchTeams();
      await watch.synced;
      expect(teamsIn(watch)).toEqual({ shop: 'shop', bank: 'bank' });
      await vi.waitFor(() => expect(watchQueries()).toEqual(['all', 'list', 'list', '200']));
      server.put(NAMESPACES, 'late', team('c'));
      await vi.waitFor(() => expect(watch.objects.get('late')).toBe('c'));
    },
  );

  test('lists if the API server never ends the initial events', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    server.scripts.push(({ query }, response) => {
      if (query.get('sendInitialEvents') === null) return false;
      response.writeHead(200).flushHeaders();
      return true;
    });
    const watch = watchTeams();
    await watch.synced;
    expect(teamsIn(watch)).toEqual({ shop: 'a' });
  });

  test('backs off while each connection ends at once, and goes on with what it has', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    const watch = watchTeams({ ...FAST, delayMs: 20, maxDelayMs: 10_000 });
    await watch.synced;
    server.scripts.push(({ query }, response) => (query.get('watch') === null ? false : (response.end(), true)));
    server.endWatches();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // 20, 40, 80, 160, 320, 640 ms, each at least halved.
    expect(server.requests.length).toBeGreaterThan(3);
    expect(server.requests.length).toBeLessThan(9);
    expect(teamsIn(watch)).toEqual({ shop: 'a' });
  });

  test('does not reset the delay for an event that comes early', async () => {
    const watch = watchTeams({ ...FAST, delayMs: 20, maxDelayMs: 10_000 });
    await watch.synced;
    server.scripts.push(({ query }, response) =>
      query.get('watch') === null ? false : (response.end(bookmarkLine(500, true)), true),
    );
    server.endWatches();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(server.requests.length).toBeLessThan(9);
  });

  test.each<[string, Script]>([
    ['an expired token', (_request, response) => (sendStatus(response, 401, 'Unauthorized'), true)],
    ['a missing RBAC rule', (_request, response) => (sendStatus(response, 403, 'Forbidden'), true)],
    ['too many requests', (_request, response) => (sendStatus(response, 429, 'TooManyRequests'), true)],
    ['HTML', (_request, response) => (response.end('<html>sign in</html>\n'), true)],
    ['events that are no objects', (_request, response) => (response.end('1\nnull\n[]\n'), true)],
    ['objects without a name', (_request, response) => (response.end(eventLine('ADDED', { metadata: {} })), true)],
    ['an object without a version', (_request, response) => (response.end(eventLine('BOOKMARK', {})), true)],
    ['an error event of another kind', (_request, response) => (response.end(eventLine('ERROR', 7)), true)],
    ['a cut event', (_request, response) => (response.end(eventLine('ADDED', team('a')).slice(0, 20)), true)],
  ])('recovers from %s', async (_what, script) => {
    server.put(NAMESPACES, 'shop', team('a'));
    firstWatches(2, script);
    const failures: unknown[] = [];
    server.scripts.push(() => failures.push(watch.failure) < 0);
    const watch = watchTeams();
    await watch.synced;
    expect(failures).toEqual([expect.any(Error)]);
    expect(teamsIn(watch)).toEqual({ shop: 'a' });
    expect(watch.failure).toBeUndefined();
  });

  test('reads events that come byte by byte', async () => {
    firstWatches(1, async (_request, response) => {
      const lines = eventLine('ADDED', { metadata: { name: 'shöp', labels: { team: 'ü' } } }) + bookmarkLine(7, true);
      for (const byte of Buffer.from(lines)) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => void setImmediate(resolve));
      }
      return true;
    });
    const watch = watchTeams({ ...FAST, initialMs: 5000 });
    await watch.synced;
    expect(teamsIn(watch)).toEqual({ shöp: 'ü' });
  });

  test('connects again when a connection is half-open, and nothing comes for the idle limit', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    const watch = watchTeams({ ...FAST, idleMs: 200 });
    await watch.synced;
    const before = server.requests.length;
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(before), { timeout: 3000 });
    server.put(NAMESPACES, 'shop', team('b'));
    await vi.waitFor(() => expect(teamsIn(watch)).toEqual({ shop: 'b' }));
  });

  test('reads all objects again when an API server answers the version with errors', async () => {
    server.put(NAMESPACES, 'shop', team('a'));
    const watch = watchTeams();
    await watch.synced;
    server.scripts.push(({ query }, response) => {
      if (query.get('resourceVersion') === null) return false;
      sendStatus(response, 504, 'Timeout', 'Too large resource version');
      return true;
    });
    server.endWatches();
    await vi.waitFor(() => expect(watchQueries().filter((query) => query === 'all')).toHaveLength(2));
    expect(teamsIn(watch)).toEqual({ shop: 'a' });
  });

  test('counts the seconds since the last event or bookmark', async () => {
    let ms = 0;
    const watch = watchObjects(api, { path: NAMESPACES, signal: stop.signal, now: () => ms, valueOf: () => true });
    await watch.synced;
    ms = 5000;
    expect(watch.idleSeconds()).toBe(5);
    server.bookmark();
    await vi.waitFor(() => expect(watch.idleSeconds()).toBe(0));
  });

  test('ends with the signal, also during a delay', async () => {
    const watch = watchTeams();
    await watch.synced;
    stop.abort();
    await vi.waitFor(() => expect(server.watches).toBe(0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
  });
});
