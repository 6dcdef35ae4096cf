/** `explain pod POD --cluster` against a scripted API server: hostile objects, missing permissions, outages. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainLivePods } from '../../../src/cli/explain/live-pod.ts';
import type { LivePodSummary } from '../../../src/report/live-pod.ts';
import { type ApiServer, sendStatus, startApiServer } from '../../support/api-server.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-live-pod-'));
afterAll(() => rmSync(folder, { recursive: true }));
const KUBECONFIG = path.join(folder, 'kubeconfig');

let server: ApiServer;
beforeEach(async () => {
  server = await startApiServer();
  writeFileSync(
    KUBECONFIG,
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

const NS = '/api/v1/namespaces/shop';
const ANSI = '\u001B[31mred\u009B2J\u202E';

function putPod(name: string, spec: object, more: object = {}): void {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: '2026-01-02T03:04:05Z' };
  server.put(`${NS}/pods`, name, { apiVersion: 'v1', kind: 'Pod', metadata, spec, ...more });
}

const explain = (name: string, ...more: readonly string[]): Promise<CommandResult> =>
  runCommand(['explain', 'pod', name, '--kubeconfig', KUBECONFIG, '--offline', ...more]);

async function summaryOf(name: string): Promise<LivePodSummary> {
  const { code, out } = await explain(name, '-o', 'json');
  expect(code).toBe(0);
  return JSON.parse(out) as LivePodSummary;
}

/** Answers requests whose path matches with a Status. */
function reject(pattern: RegExp, status: number, reason: string): void {
  server.scripts.push((request, response) => {
    if (!pattern.test(request.path)) return false;
    sendStatus(response, status, reason);
    return true;
  });
}

const WEB = { containers: [{ name: 'web', image: 'nginx:1.27' }] };

describe('explain pod --cluster', () => {
  test('uses the namespace of the context, and draws a Pod that is not scheduled', async () => {
    putPod('web', WEB, { status: { phase: 'Pending' } });
    server.put(`${NS}/serviceaccounts`, 'default', { imagePullSecrets: [{ name: 'regcred' }] });
    const { code, out, note } = await explain('pod/web');
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(out.replace(/created \d+ days ago/, 'created DAYS ago'))
      .toBe(`Pod shop/web  Pending, not scheduled to a node, created DAYS ago
├─ secrets     none; ServiceAccount default now also lists regcred
└─ web  not started
     image       docker.io/library/nginx:1.27
     credential  anonymous
`);
    expect(server.requests.map(({ path: requested }) => requested)).not.toContain('/api/v1/nodes/');
  });

  test('shows the original of an image that a policy rewrites, whatever an annotation claims', async () => {
    const images = ['mirror.example.com/hub/library/nginx:1.27', 'evil.example.com/nginx:1.27'];
    const containers = images.map((image, index) => ({ name: `c${index}`, image }));
    const claimed = Object.fromEntries(containers.map(({ name }) => [`/spec/containers/${name}`, 'nginx:1.27']));
    const annotations = { 'tidewaiter.dev/original-images': JSON.stringify(claimed) };
    putPod('web', { containers }, { metadata: { name: 'web', namespace: 'shop', annotations } });
    server.put('/api/v1/namespaces', 'shop', { metadata: { name: 'shop', labels: { mirror: 'hub' } } });
    const policy = path.join(folder, 'policy.yaml');
    const scope = 'match: {namespaceSelector: {matchLabels: {mirror: hub}}}';
    writeFileSync(
      policy,
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: p}, spec: {${scope}, rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]}}`,
    );
    const { code, out, note } = await explain('web', '-p', policy);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(out.match(/original .*/g)).toEqual(['original    docker.io/library/nginx:1.27']);
    expect((await explain('web')).out).not.toContain('original');
  });

  test('names the option if a Pod is given without a cluster', async () => {
    const { code, note } = await runCommand(['explain', 'pod', 'web-1']);
    expect(code).toBe(2);
    expect(note).toContain('to show a live Pod, add --cluster\n');
  });

  test.each(['credentials', 'image'])('explain %s rejects -n without a cluster', async (command) => {
    const { code, note } = await runCommand(['explain', command, 'nginx', '-n', 'shop']);
    expect({ code, note }).toEqual({ code: 2, note: '--namespace and --service-account require --cluster\n' });
  });

  test('draws a Pod that is being deleted, with a node that no longer exists', async () => {
    putPod('web', { ...WEB, nodeName: 'node-1' });
    server.scripts.push((request) => {
      if (request.path.endsWith('/pods/web')) server.remove(`${NS}/pods`, 'web');
      return false;
    });
    const metadata = { name: 'old', namespace: 'shop', uid: 'u', deletionTimestamp: '2026-01-02T03:04:05Z' };
    server.put(`${NS}/pods`, 'old', { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...WEB, nodeName: 'node-1' } });
    const { code, out } = await explain('old', 'web');
    expect(code).toBe(1);
    expect(out).toContain('Node node-1  the node no longer exists\n└─ Pod shop/old  being deleted\n');
  });

  test.each(['a..b', 'A', 'pod/..'])('sends no request for %j, which is no name of a Pod', async (name) => {
    const { code } = await explain(name);
    expect(code).toBe(1);
    expect(server.requests).toEqual([]);
  });

  test('reports a Pod that does not exist with exit code 1, and draws the others', async () => {
    putPod('web', WEB);
    const { code, out, note } = await runCommand([
      'explain',
      'pod',
      'gone',
      'web',
      '--kubeconfig',
      KUBECONFIG,
      '--offline',
    ]);
    expect(code).toBe(1);
    expect(note).toBe(`Pod "shop/gone" not found in "${server.url}"\n`);
    expect(out).toContain('Pod shop/web');
  });

  test('reads a file as before, with Secrets and ServiceAccounts of the cluster', async () => {
    const config = Buffer.from('{"auths": {"docker.io": {"username": "ci", "password": "hush"}}}').toString('base64');
    server.put(`${NS}/serviceaccounts`, 'default', { imagePullSecrets: [{ name: 'regcred' }] });
    server.put(`${NS}/secrets`, 'regcred', {
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': config },
    });
    const file = path.join(folder, 'web.yaml');
    writeFileSync(file, `{apiVersion: v1, kind: Pod, metadata: {name: file}, spec: ${JSON.stringify(WEB)}}`);
    const { code, out } = await explain(file);
    expect(code).toBe(0);
    expect(out).toContain('Pod shop/file');
    expect(out).toContain('regcred > docker.io (user ci)');
    expect(out).not.toContain('hush');
  });

  test.each([
    [/\/events$/, 'the events are unknown (HTTP 403): grant list on events with a Role in namespace "shop"'],
    [/\/nodes\//, 'the node is unknown (HTTP 403): grant get on nodes with a ClusterRole'],
    [/\/secrets\//, 'you cannot get secrets in namespace "shop" (HTTP 403): grant get on secrets'],
    [/\/serviceaccounts\//, ''],
  ])('draws the rest if %s is forbidden, and names the permission', async (pattern, message) => {
    putPod('web', { ...WEB, nodeName: 'node-1', imagePullSecrets: [{ name: 'regcred' }] });
    reject(pattern, 403, 'Forbidden');
    const { code, out } = await explain('web');
    expect(code).toBe(0);
    expect(out).toContain(message);
    expect(out).toContain('docker.io/library/nginx:1.27');
  });

  test.each([
    [401, 'Unauthorized', /rejects the credentials of the kubeconfig \(HTTP 401\); log in again/],
    [403, 'Forbidden', /returned HTTP 403/],
    [500, 'InternalError', /returned HTTP 500/],
  ])('ends with 2 if the Pod cannot be read: HTTP %i', async (status, reason, message) => {
    reject(/\/pods\//, status, reason);
    const { code, out, note } = await explain('web');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toMatch(message);
    expect(note).not.toContain('hush');
  });

  test('ends with 2 if the server is down', async () => {
    await server.close();
    const { code, note } = await explain('web');
    expect(code).toBe(2);
    expect(note).toContain(server.url);
  });

  test('prints no control characters of the cluster', async () => {
    const status = {
      phase: ANSI,
      reason: ANSI,
      containerStatuses: [{ name: ANSI, imageID: ANSI, state: { waiting: { reason: `ErrImagePull`, message: ANSI } } }],
    };
    const spec = {
      containers: [{ name: ANSI, image: ANSI }],
      nodeName: ANSI,
      serviceAccountName: ANSI,
      imagePullSecrets: [{ name: ANSI }],
    };
    putPod('web', spec, { status });
    const involvedObject = { fieldPath: `spec.containers{${ANSI}}` };
    server.put(`${NS}/events`, 'e', {
      reason: 'Failed',
      message: `Failed to pull image ${ANSI}`,
      lastTimestamp: ANSI,
      involvedObject,
    });
    const { code, out, note } = await explain('web');
    expect(code).toBe(0);
    expect(`${out}${note}`.replace(/\n/g, '')).not.toMatch(/\p{Cc}|\u202E/u);
    expect(out).toContain('\\u001b[31m');
  });

  test('draws 200 containers, each with its own events', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `c${index}`);
    putPod('web', { containers: names.map((name) => ({ name, image: `registry.example.com/${name}:1` })) });
    for (const name of names)
      server.put(`${NS}/events`, name, {
        reason: 'Failed',
        message: `Failed to pull image "registry.example.com/${name}:1": not found`,
        involvedObject: { fieldPath: `spec.containers{${name}}` },
      });
    const { containers } = await summaryOf('web');
    expect(containers).toHaveLength(200);
    expect(containers.every(({ name, errors }) => errors[0]?.message.includes(`/${name}:1`))).toBe(true);
    expect(containers[7]?.cause?.cause).toBe('image-missing');
  });

  test('reads a few pages of events, and shortens their messages', async () => {
    putPod('web', WEB);
    const item = {
      reason: 'Failed',
      message: `Failed to pull image ${'x'.repeat(30_000)}`,
      involvedObject: { fieldPath: 'spec.containers{web}' },
    };
    server.scripts.push((request, response) => {
      if (!request.path.endsWith('/events')) return false;
      expect(request.query.get('fieldSelector')).toBe('involvedObject.kind=Pod,involvedObject.uid=uid-web');
      response.end(JSON.stringify({ metadata: { continue: 'more' }, items: Array.from({ length: 100 }, () => item) }));
      return true;
    });
    const { containers, eventsProblem } = await summaryOf('web');
    expect(server.requests.filter(({ path: requested }) => requested.endsWith('/events'))).toHaveLength(5);
    expect(eventsProblem).toBe('the Pod has more than 500 events; the rest are not read');
    expect(JSON.stringify(containers).length).toBeLessThan(20_000);
  });

  test('looks up each image once, with the credentials of the Pod', async () => {
    const containers = ['a', 'b'].map((name) => ({ name, image: 'nginx:1.27' }));
    putPod('web', { containers });
    const looked: string[] = [];
    let out = '';
    const failure = { cause: 'timeout', message: 'docker.io: no response', remedy: undefined } as const;
    const terminal = {
      out: (text: string) => void (out += text),
      note: () => undefined,
      isTerminal: true,
      colors: false,
      columns: 60,
      async *input() {},
    };
    const code = await explainLivePods(
      ['web'],
      {
        kubeconfig: KUBECONFIG,
        output: 'text',
        openRegistry: async () => ({
          sources: {},
          tracer: {
            async trace({ reference }) {
              looked.push(reference.fullName);
              return { attempts: [], image: { state: 'unknown', failure }, details: undefined };
            },
          },
          close: async () => undefined,
        }),
      },
      terminal,
    );
    expect({ code, looked }).toEqual({ code: 0, looked: ['docker.io/library/nginx:1.27'] });
    expect(out).toContain('unknown: docker.io: no response');
    expect(out.split('\n').every((line) => line.length <= 75)).toBe(true);
  });
});
