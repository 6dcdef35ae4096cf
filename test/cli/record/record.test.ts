/** `record --from-cluster` against a scripted API server: pages, lists that expire, missing permissions, hostile objects. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordingFiles } from '../../../src/files/recording-files.ts';
import { recordedEntries } from '../../../src/files/recording-lines.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { RecordedReview } from '../../../src/recording/format.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import type { RecordingReport } from '../../../src/report/recording.ts';
import { type ApiServer, sendJson, sendStatus, startApiServer } from '../../support/api-server.ts';
import { CONSTRAINT, POLICY_REPORT } from '../../files/said/reports.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('record');

const BUILT_IN =
  /\/(pods|podtemplates|replicationcontrollers|deployments|replicasets|statefulsets|daemonsets|jobs|cronjobs)$/;

let server: ApiServer;
let lists: Record<string, readonly JsonObject[]>;
beforeEach(async () => {
  server = await startApiServer();
  lists = {};
  server.scripts.push((request, response) => {
    const items = lists[request.path] ?? (BUILT_IN.test(request.path) ? [] : undefined);
    if (items === undefined) return false;
    const from = Number(request.query.get('continue') ?? 0);
    const to = from + Math.min(Number(request.query.get('limit')), 2);
    const metadata = to < items.length ? { continue: String(to) } : {};
    sendJson(response, 200, { kind: 'List', metadata, items: items.slice(from, to) });
    return true;
  });
  server.put('', 'version', { gitVersion: 'v1.37.2' });
  server.put('', 'apis', { kind: 'APIGroupList', groups: [] });
  writeFileSync(
    'kubeconfig',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: server.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token: 'hush' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'shop' } }],
      'current-context': 'test',
    }),
  );
});
afterEach(() => server.close());

interface Owner {
  readonly kind: string;
  readonly apiVersion: string;
  readonly uid: string;
}

function object(name: string, spec: JsonObject, owner?: Owner): JsonObject {
  const ownerReferences = owner === undefined ? undefined : [{ ...owner, name: 'owner', controller: true }];
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', ownerReferences, managedFields: [] },
    spec,
    status: { replicas: 1 },
  };
}

const POD_SPEC = { containers: [{ name: 'web', image: 'registry.example.com/shop/web:1' }], serviceAccountName: 'web' };
const WORKLOAD_SPEC = { template: { spec: POD_SPEC } };
const DEPLOYMENT = { kind: 'Deployment', apiVersion: 'apps/v1', uid: 'uid-a' };
const REPLICA_SET = { kind: 'ReplicaSet', apiVersion: 'apps/v1', uid: 'uid-rs' };
const ROLLOUT = { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1', uid: 'uid-roll' };
const OTHER = { kind: 'Thing', apiVersion: 'example.com/v1', uid: 'uid-thing' };

async function record(...args: readonly string[]): Promise<RecordingReport & { readonly code: number }> {
  const all = ['record', '--from-cluster', '--kubeconfig', 'kubeconfig', '--out', 'out', '-o', 'json', ...args];
  const { code, out, note } = await runCommand(all);
  if (out === '') throw new Error(note);
  return { ...(JSON.parse(out) as RecordingReport), code };
}

async function recorded(): Promise<readonly RecordedReview[]> {
  const found: RecordedReview[] = [];
  for (const file of recordingFiles('out'))
    for await (const entry of recordedEntries(file))
      if ('recorded' in entry && entry.recorded.type === 'review') found.push(entry.recorded);
  return found;
}

async function recordedNames(): Promise<readonly string[]> {
  return (await recorded()).map(({ review }) => {
    const { kind, name, namespace } = review['request'] as JsonObject;
    return `${(kind as JsonObject)['kind'] as string} ${namespace as string}/${name as string}`;
  });
}

function reject(pattern: RegExp, status: number, reason: string): void {
  server.scripts.unshift((request, response) => {
    if (!pattern.test(request.path)) return false;
    sendStatus(response, status, reason);
    return true;
  });
}

describe('record --from-cluster', () => {
  test('records workloads, and Pods that no recorded workload owns, page by page', async () => {
    lists['/apis/apps/v1/deployments'] = ['a', 'b', 'c', 'd', 'e'].map((name) => object(name, WORKLOAD_SPEC));
    lists['/apis/apps/v1/replicasets'] = [object('rs', WORKLOAD_SPEC, DEPLOYMENT)];
    lists['/api/v1/pods'] = [
      object('owned', POD_SPEC, REPLICA_SET),
      object('bare', POD_SPEC),
      object('other', POD_SPEC, OTHER),
    ];
    const { code, summary, refused } = await record();
    expect({ code, summary }).toMatchObject({ code: 0, summary: { read: 9, reviews: 7, lines: 7, create: 7 } });
    expect(refused).toMatchObject([{ reason: 'owned', count: 2, example: null }]);
    expect(await recordedNames()).toEqual([
      ...['a', 'b', 'c', 'd', 'e'].map((name) => `Deployment shop/${name}`),
      'Pod shop/bare',
      'Pod shop/other',
    ]);
    const line = (await recorded()).at(-2);
    expect(line).toMatchObject({
      origin: { source: 'cluster', object: 'stored' },
      review: { request: { operation: 'CREATE', object: { metadata: { name: 'bare' } } } },
    });
    expect(JSON.stringify(line)).not.toMatch(/managedFields|replicas|"response"/);
    expect(readdirSync('out').map((name) => statSync(path.join('out', name)).mode & 0o777)).toEqual([0o600]);
  });

  test('records what a controller owns with --owned', async () => {
    lists['/apis/apps/v1/replicasets'] = [object('rs', WORKLOAD_SPEC)];
    lists['/api/v1/pods'] = [object('owned', POD_SPEC, REPLICA_SET)];
    expect((await record('--owned')).summary.reviews).toBe(2);
  });

  test('records what is owned by an object that is not there, or that cannot be listed', async () => {
    lists['/apis/apps/v1/replicasets'] = [object('rs', WORKLOAD_SPEC, DEPLOYMENT)];
    lists['/api/v1/pods'] = [
      object('owned', POD_SPEC, REPLICA_SET),
      object('forged', POD_SPEC, { ...DEPLOYMENT, uid: 'uid-none' }),
      object('own', POD_SPEC, { kind: 'Pod', apiVersion: 'v1', uid: 'uid-own' }),
    ];
    reject(/\/deployments$/, 403, 'Forbidden');
    const { code, refused } = await record();
    expect({ code, refused }).toMatchObject({ code: 2, refused: [{ reason: 'owned', count: 1 }] });
    expect(await recordedNames()).toEqual(['ReplicaSet shop/rs', 'Pod shop/forged', 'Pod shop/own']);
  });

  test('records custom kinds that the cluster serves, by the names that it has for them', async () => {
    server.put('', 'apis', {
      groups: [
        { name: 'argoproj.io', preferredVersion: { groupVersion: 'argoproj.io/v1alpha1', version: 'v1alpha1' } },
        { name: 'unknown.example.com', preferredVersion: { version: 'v1' } },
      ],
    });
    server.put('/apis/argoproj.io', 'v1alpha1', {
      resources: [
        { name: 'rollouts', kind: 'Rollout', namespaced: true, verbs: ['list', 'get'] },
        { name: 'rollouts/status', kind: 'Rollout', namespaced: true, verbs: ['get'] },
        { name: 'applications', kind: 'Application', namespaced: true, verbs: ['get'] },
      ],
    });
    lists['/apis/argoproj.io/v1alpha1/rollouts'] = [object('roll', WORKLOAD_SPEC)];
    lists['/apis/apps/v1/replicasets'] = [object('rs', WORKLOAD_SPEC, ROLLOUT)];
    expect((await record()).code).toBe(0);
    expect(await recordedNames()).toEqual(['Rollout shop/roll']);
  });

  test('records what policy reports and constraints of the cluster say', async () => {
    server.put('', 'apis', {
      groups: [
        { name: 'wgpolicyk8s.io', preferredVersion: { version: 'v1alpha2' } },
        { name: 'constraints.gatekeeper.sh', preferredVersion: { version: 'v1beta1' } },
      ],
    });
    server.put('/apis/wgpolicyk8s.io', 'v1alpha2', {
      resources: [{ name: 'policyreports', kind: 'PolicyReport', namespaced: true, verbs: ['list'] }],
    });
    server.put('/apis/constraints.gatekeeper.sh', 'v1beta1', {
      resources: [
        { name: 'k8sallowedrepos', kind: 'K8sAllowedRepos', namespaced: false, verbs: ['list'] },
        { name: 'k8sallowedrepos/status', kind: 'K8sAllowedRepos', namespaced: false, verbs: ['get'] },
        { name: 'others', kind: 'Others', namespaced: false, verbs: ['list'] },
      ],
    });
    const untyped = ({ apiVersion: _version, kind: _kind, ...rest }: JsonObject): JsonObject => rest;
    const report = { ...POLICY_REPORT, scope: { ...POLICY_REPORT.scope, uid: 'uid-web' } };
    lists['/apis/wgpolicyk8s.io/v1alpha2/policyreports'] = [untyped(report)];
    lists['/apis/constraints.gatekeeper.sh/v1beta1/k8sallowedrepos'] = [untyped(CONSTRAINT)];
    reject(/\/others$/, 403, 'Forbidden');
    lists['/api/v1/pods'] = [object('web', POD_SPEC), object('new', POD_SPEC)];
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop' } });
    server.put('/api/v1/namespaces/shop/serviceaccounts', 'web', { metadata: { name: 'web', namespace: 'shop' } });
    const { code, summary, errors } = await record('--cluster-reports');
    expect({ code, said: summary.said, errors: errors.map(({ message }) => message) }).toEqual({
      code: 2,
      said: 1,
      errors: [expect.stringContaining('you cannot list others.constraints.gatekeeper.sh (HTTP 403)')],
    });
    expect((await recorded()).map(({ said }) => said?.map(({ by, policy }) => `${by} ${policy}`))).toEqual([
      ['kyverno disallow-latest-tag', 'kyverno disallow-latest-tag', 'gatekeeper repo-is-openpolicyagent'],
      undefined,
    ]);
  });

  test('records only the chosen namespaces', async () => {
    lists['/api/v1/namespaces/shop/pods'] = [object('one', POD_SPEC)];
    lists['/api/v1/namespaces/pay/pods'] = [object('two', POD_SPEC)];
    lists['/api/v1/pods'] = [object('three', POD_SPEC)];
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop' } });
    server.put('/api/v1/namespaces', 'pay', { metadata: { name: 'pay' } });
    const { errors } = await record('-n', 'shop,pay');
    expect(errors.map(({ message }) => message).filter((message) => message.includes('exist'))).toEqual([]);
    expect(await recordedNames()).toEqual(['Pod shop/one', 'Pod shop/two']);
  });

  test('names chosen namespaces that do not exist', async () => {
    lists['/api/v1/namespaces/shop/pods'] = [object('one', POD_SPEC)];
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop' } });
    server.put('/api/v1/namespaces/shop/serviceaccounts', 'web', { metadata: { name: 'web', namespace: 'shop' } });
    const { code, errors, summary } = await record('-n', 'shop,pya');
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 1 });
    expect(errors.map(({ message }) => message)).toEqual(['namespace "pya" (set by --namespace) does not exist']);
  });

  test('keeps what was read before the API server failed, and says what is missing', async () => {
    lists['/apis/apps/v1/deployments'] = ['a', 'b', 'c'].map((name) => object(name, WORKLOAD_SPEC));
    server.scripts.unshift((request, response) => {
      if (!request.path.endsWith('/deployments') || request.query.get('continue') === null) return false;
      response.destroy();
      return true;
    });
    const { code, errors, summary } = await record();
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 2 });
    expect(errors.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^cannot list deployments.apps: cannot reach the API server .*: it closed the connection/),
    );
  });

  test('records the facts of the cluster, without values of Secrets', async () => {
    lists['/api/v1/pods'] = [object('web', { ...POD_SPEC, imagePullSecrets: [{ name: 'regcred' }] })];
    lists['/apis/apps/v1/deployments'] = [object('web', WORKLOAD_SPEC)];
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop', labels: { team: 'web' } } });
    server.put('/api/v1/namespaces/shop/serviceaccounts', 'web', {
      metadata: { name: 'web', namespace: 'shop' },
      imagePullSecrets: [{ name: 'regcred' }],
    });
    const config = { auths: { 'registry.example.com': { username: 'ci', password: 'hush-hush' } } };
    server.put('/api/v1/namespaces/shop/secrets', 'regcred', {
      metadata: { name: 'regcred', namespace: 'shop' },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': btoa(JSON.stringify(config)) },
    });
    expect((await record()).summary.unknownFacts).toBe(0);
    const lines = await recorded();
    expect(
      lines.map(({ facts }) => [facts.namespaceLabels, facts.serviceAccounts?.length, facts.pullSecrets?.length]),
    ).toEqual([
      [{ state: 'yes', value: { team: 'web', 'kubernetes.io/metadata.name': 'shop' } }, 1, 1],
      [{ state: 'yes', value: { team: 'web', 'kubernetes.io/metadata.name': 'shop' } }, undefined, 1],
    ]);
    expect(JSON.stringify(lines)).not.toContain('hush-hush');
    writeFileSync(
      'policy.yaml',
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: pull-secret-coverage, parameters: {nodeCredentials: []}}]}\n',
    );
    const replayed = await runCommand(['replay', 'out', '-p', 'policy.yaml', '-o', 'json']);
    expect(JSON.parse(replayed.out)).toMatchObject({ summary: { reviews: 2, allowed: 2 } });
  });

  test.each([
    { flags: [], secrets: undefined, missing: ['Secret "mirror-pull"'] },
    { flags: ['-p', 'policy.yaml'], secrets: ['mirror-pull'], missing: undefined },
  ])('records the Secret that policies would add, with $flags', async ({ flags, secrets, missing }) => {
    lists['/apis/apps/v1/deployments'] = [object('web', WORKLOAD_SPEC)];
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop' } });
    server.put('/api/v1/namespaces/shop/serviceaccounts', 'web', { metadata: { name: 'web', namespace: 'shop' } });
    const auths = { 'registry.example.com': { username: 'ci', password: 'hush-hush' } };
    server.put('/api/v1/namespaces/shop/secrets', 'mirror-pull', {
      metadata: { name: 'mirror-pull', namespace: 'shop' },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
    });
    const spec = '{pullSecrets: [{images: ["registry.example.com/**"], add: [mirror-pull], mode: workload}]}';
    const policy = `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${spec}\n`;
    writeFileSync('policy.yaml', policy);
    expect((await record(...flags)).code).toBe(0);
    const [line] = await recorded();
    expect(line?.facts.pullSecrets?.map(({ name }) => name)).toEqual(secrets);
    expect(JSON.stringify(line)).not.toContain('hush-hush');
    const { out } = await runCommand(['replay', 'out', '-p', 'policy.yaml', '-o', 'json', '--all']);
    const { reviews } = JSON.parse(out) as ReplayDocument;
    expect(reviews.map((review) => review.missing)).toEqual([missing]);
  });

  test('an invalid policy is an error before anything is recorded', async () => {
    writeFileSync('policy.yaml', 'kind: ImagePolicy\n');
    const argv = ['record', '--from-cluster', '--kubeconfig', 'kubeconfig', '--out', 'out', '-p', 'policy.yaml'];
    const { code, note } = await runCommand(argv);
    expect([code, note, existsSync('out')]).toEqual([2, expect.stringContaining('policy.yaml'), false]);
  });

  test('names what it lacks access to, records the rest, and exits with 2', async () => {
    lists['/api/v1/pods'] = [object('a', POD_SPEC), object('b', POD_SPEC), object('c', POD_SPEC)];
    reject(/\/statefulsets$/, 403, 'Forbidden');
    reject(/\/serviceaccounts\//, 403, 'Forbidden');
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop' } });
    lists['/apis/apps/v1/deployments'] = [object('d', WORKLOAD_SPEC), object('e', WORKLOAD_SPEC)];
    const { code, summary, errors } = await record();
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 5 });
    expect(errors.map(({ message }) => message)).toEqual([
      'you cannot list statefulsets.apps (HTTP 403): grant list on statefulsets.apps with a ClusterRole',
      'unknown for 2 objects: you cannot get serviceaccounts in namespace "shop" (HTTP 403): grant get on serviceaccounts with a Role in that namespace, or a ClusterRole',
    ]);
  });

  test('begins a list again that has expired, and records no object twice', async () => {
    lists['/api/v1/pods'] = ['a', 'b', 'c', 'd', 'e'].map((name) => object(name, POD_SPEC));
    let expired = 0;
    server.scripts.unshift((request, response) => {
      if (request.query.get('continue') !== '4' || expired > 0) return false;
      expired += 1;
      sendStatus(response, 410, 'Expired');
      return true;
    });
    expect(await record()).toMatchObject({ code: 0, summary: { reviews: 5 } });
    expect(expired).toBe(1);
  });

  test('asks for smaller pages if the objects of a tenant make a page too long', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    lists['/api/v1/pods'] = names.map((name) => object(name, POD_SPEC));
    server.scripts.unshift((request, response) => {
      if (request.path !== '/api/v1/pods' || Number(request.query.get('limit')) <= 2) return false;
      response.end(Buffer.alloc(65 * 1024 * 1024, 0x20));
      return true;
    });
    expect(await record()).toMatchObject({ code: 0, errors: [] });
    expect(await recordedNames()).toEqual(names.map((name) => `Pod shop/${name}`));
  });

  test('does not begin again forever', async () => {
    lists['/api/v1/pods'] = ['a', 'b', 'c'].map((name) => object(name, POD_SPEC));
    server.scripts.unshift((request, response) => {
      if (request.query.get('continue') === null) return false;
      sendStatus(response, 410, 'Expired');
      return true;
    });
    const { code, errors, summary } = await record();
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 2 });
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('cannot list pods: the API server returned HTTP 410'),
    ]);
  });

  test('leaves out objects that are malformed', async () => {
    lists['/api/v1/pods'] = [
      { metadata: { name: 7 }, spec: POD_SPEC },
      { spec: POD_SPEC, metadata: 'x' },
      object('good', { containers: 'none' }),
    ];
    const { summary, refused } = await record();
    expect(summary).toMatchObject({ read: 3, reviews: 2 });
    expect(refused).toMatchObject([{ reason: 'malformed', count: 1 }]);
  });

  test.each([
    ['the API server cannot be reached', async () => server.close(), /cannot reach the API server/],
    ['the login has expired', async () => reject(/./, 401, 'Unauthorized'), /rejects the credentials/],
  ])('writes nothing if %s', async (_name, prepare, problem) => {
    await prepare();
    const { code, note } = await runCommand(['record', '--from-cluster', '--kubeconfig', 'kubeconfig', '--out', 'out']);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringMatching(problem) as string });
    expect(readdirSync('.')).not.toContain('out');
  });

  test('requires --from-cluster', async () => {
    const { code, note } = await runCommand(['record', '--out', 'out']);
    expect({ code, note }).toEqual({
      code: 2,
      note: 'record requires --from-cluster; to record what a server decides, run tidewaiter serve --record DIR\n',
    });
  });
});
