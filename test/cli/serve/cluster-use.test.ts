/** What `serve` reads from a cluster for its policies, and when it is ready. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ClusterUse, createClusterUse } from '../../../src/cli/serve/cluster-use.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { sharedCluster } from '../../../src/wiring.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { kubeconfigFor } from '../../support/api-client.ts';
import { type ApiServer, sendStatus, startApiServer } from '../../support/api-server.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('cluster-use');

const NAMESPACES = '/api/v1/namespaces';
const PLAIN = policyOf('{rules: [{rule: image-qualified}]}');
const BY_LABEL = policyOf('{match: {namespaceSelector: {matchLabels: {env: prod}}}, rules: [{rule: image-qualified}]}');
const COVERAGE = policyOf('{rules: [{rule: pull-secret-coverage}]}');
const PIN = policyOf('{pin: {}}');

let server: ApiServer;
let use: ClusterUse;
let warnings: string[];

async function clusterUse(flags: object): Promise<ClusterUse> {
  const { config } = await loadConfig(flags, {});
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  return createClusterUse(sharedCluster(config), { log, metrics: createMetrics('0.0.0').cluster });
}

beforeEach(async () => {
  server = await startApiServer();
  writeFileSync('config', kubeconfigFor(server.url));
  warnings = [];
  use = await clusterUse({ kubeconfig: 'config' });
});

afterEach(async () => {
  vi.useRealTimers();
  await use.close();
  await server.close();
});

const sourcesOf = async (...policies: Parameters<ClusterUse['sourcesFor']>[0][number][]): Promise<readonly string[]> =>
  Object.entries(await use.sourcesFor(policies)).flatMap(([name, source]) => (source === undefined ? [] : [name]));

describe('the facts of a cluster', () => {
  test('have the sources that policies need, and no others', async () => {
    expect(await sourcesOf(PLAIN)).toEqual([]);
    expect(await sourcesOf(COVERAGE)).toEqual(['secrets', 'serviceAccounts']);
    expect(await sourcesOf(PIN)).toEqual(['secrets', 'serviceAccounts']);
    expect(use.notReady()).toBeUndefined();
    expect(server.requests).toEqual([]);
    expect(await sourcesOf(PLAIN, BY_LABEL)).toEqual(['namespaces']);
    await vi.waitFor(() => expect(server.requests.map(({ path }) => path)).toEqual([NAMESPACES]));
  });

  test('are missing without a cluster', async () => {
    use = await clusterUse({ kubeconfig: 'config', cluster: 'off' });
    expect(await sourcesOf(COVERAGE, BY_LABEL)).toEqual([]);
  });

  test('make the server ready when the labels of namespaces are known, and not before', async () => {
    const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>();
    server.scripts.push(async () => (await isLetGo, false));
    await use.sourcesFor([BY_LABEL]);
    expect(use.notReady()).toBe('the labels of the namespaces have not been read from the cluster yet');
    letGo();
    await vi.waitFor(() => expect(use.notReady()).toBeUndefined());
    expect(warnings).toEqual([]);
  });

  test('do not keep the server from being ready for more than 30 s', async () => {
    server.scripts.push((_request, response) => (sendStatus(response, 403, 'Forbidden'), true));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await use.sourcesFor([BY_LABEL]);
    await vi.waitFor(() => expect(use.notReady()).toContain('grant get, list and watch on namespaces'));
    vi.advanceTimersByTime(30_000);
    expect(use.notReady()).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringContaining('ready without all facts of the cluster: tidewaiter cannot get'),
    ]);
  });
});
