/** Measure 11: `serve` with a real API server (test/cluster): readiness, memory, requests, and a long even load with changes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { createNamespace, pinned as pinnedImage, pod, workload } from '../cluster/objects.ts';
import { byUrl, defaultConfigurations, register } from '../cluster/registration.ts';
import { statusMiB } from './confined.ts';
import { load } from './load.ts';
import { atMost, median, type Outcome, spread } from './outcome.ts';
import { pinned, rssMiB, SERVER_CORE, start } from './processes.ts';
import { type Answering, ENV, fileIn, folderIn, freePort, MAIN, NODE } from './program.ts';
import { reviewBodies } from './reviews.ts';

const WARM_UPS = 1;
const STARTS = 7;
const REVIEWS = 20_000;
const CREATES_PER_SECOND = 40;
const CHANGE_POLICY_MS = 7000;
const ROTATE_MS = 11_000;

export interface ClusterOptions {
  readonly minutes: number;
  readonly note: (text: string) => void;
}

export async function measureCluster({ minutes, note }: ClusterOptions): Promise<readonly Outcome[]> {
  const plane = await startControlPlane();
  try {
    const port = await freePort();
    const kubeconfig = await prepare(plane, port);
    const setup: Setup = { plane, port, kubeconfig };
    note('cluster: starts');
    const first = await starts(setup, true);
    const later = await starts(setup, false);
    const server = await startReady(setup);
    try {
      note(`cluster: ${REVIEWS} reviews`);
      const reviewed = await reviews(server);
      note(`cluster: ${minutes} minutes of creates`);
      return [...first, ...later, ...reviewed, ...(await steady(setup, server, minutes))];
    } finally {
      await server.stop();
    }
  } finally {
    await plane.stop();
  }
}

interface Setup {
  readonly plane: ControlPlane;
  readonly port: number;
  readonly kubeconfig: string;
}

/** The namespaces, a pull secret, the webhook configurations, and a kubeconfig of the server's namespace. */
async function prepare(plane: ControlPlane, port: number): Promise<string> {
  for (const name of ['tidewaiter', 'shop']) await createNamespace(plane, name);
  await plane.request('PATCH', '/api/v1/namespaces/shop', { metadata: { labels: { env: 'prod' } } });
  const auths = { 'registry.example.com': { username: 'ci', password: 'example' } };
  await plane.request('POST', '/api/v1/namespaces/shop/secrets', {
    metadata: { name: 'pull' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
  });
  writePolicy(0);
  const target = { url: `https://127.0.0.1:${port}`, caBundle: '' };
  for (const configuration of defaultConfigurations()) {
    const { webhooks, ...rest } = byUrl(configuration, target);
    await register(plane, { ...rest, webhooks: webhooks.map((webhook) => ({ ...webhook, failurePolicy: 'Fail' })) });
  }
  const config = JSON.parse(readFileSync(plane.kubeconfig, 'utf8'));
  config.contexts[0].context.namespace = 'tidewaiter';
  const file = fileIn('kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

const policyFolder = folderIn('cluster-policies');

/** A policy that allows the Pods of this measure; each version has another parameter. */
function writePolicy(version: number): void {
  const spec = {
    match: { namespaceSelector: { matchLabels: { env: 'prod' } } },
    rules: [
      { rule: 'pull-secret-usable' },
      {
        rule: 'image-registry',
        parameters: { allow: ['registry.example.com/**', 'docker.io/**', `v${version}.example.com/**`] },
      },
    ],
  };
  const policy = { apiVersion: 'tidewaiter.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'cluster' }, spec };
  writeFileSync(`${policyFolder}/policy.yaml`, JSON.stringify(policy));
}

interface Serving extends Answering {
  readonly operationsPort: number;
  /** From the start to the first 200 of /readyz. */
  readonly readyMs: number;
  /** MiB of objects after each full garbage collection. */
  readonly heap: readonly number[];
}

async function startReady({ port, kubeconfig }: Setup): Promise<Serving> {
  const operationsPort = await freePort();
  const flags = ['--listen', `127.0.0.1:${port}`, '--operations-listen', `127.0.0.1:${operationsPort}`];
  const cluster = ['--kubeconfig', kubeconfig, '--tls-mode', 'self', '--policy', policyFolder];
  const argv = pinned(SERVER_CORE, [...NODE, '--trace-gc', MAIN, 'serve', ...flags, ...cluster]);
  const heap: number[] = [];
  const onOutput = (piece: string): void => {
    for (const [, after] of piece.matchAll(FULL_COLLECTION)) heap.push(Number(after));
  };
  const begin = performance.now();
  const server = start(argv, { env: ENV, cwd: folderIn('empty'), onOutput });
  for (;;) {
    const { status, body } = await ready(port);
    if (status === 200) return { ...server, port, operationsPort, readyMs: performance.now() - begin, heap };
    const why =
      server.ended() ?? (performance.now() - begin > 20_000 ? `not ready after 20 s: ${status} ${body}` : undefined);
    if (why !== undefined) throw new Error(why);
    await delay(2);
  }
}

/** `Mark-Compact (reduce) 31.2 (60.1) -> 23.4 (52.0) MB, …` */
const FULL_COLLECTION = /Mark-Compact[^\n]*? -> ([\d.]+) \(/g;

function ready(port: number): Promise<{ readonly status: number; readonly body: string }> {
  const options = { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false };
  return new Promise((resolve) => {
    getHttps(options, (response) => {
      const status = response.statusCode ?? 0;
      text(response).then(
        (body) => resolve({ status, body }),
        (error: unknown) => resolve({ status: 0, body: String(error) }),
      );
    }).once('error', (error) => resolve({ status: 0, body: error.message }));
  });
}

/** `isFirst`: the cluster has no certificate yet. */
async function starts(setup: Setup, isFirst: boolean): Promise<readonly Outcome[]> {
  const times: number[] = [];
  for (let round = 0; round < WARM_UPS + STARTS; round += 1) {
    if (isFirst) await setup.plane.request('DELETE', TLS_SECRET);
    const server = await startReady(setup);
    await server.stop();
    times.push(server.readyMs);
  }
  const measured = times.slice(WARM_UPS);
  const what = isFirst ? 'without a certificate in the cluster' : 'with the certificate of an earlier start';
  return [
    {
      measure: `cluster: start to ready, ${what}`,
      value: median(measured),
      unit: 'ms',
      goal: atMost(1500),
      detail: spread(measured),
    },
  ];
}

const TLS_SECRET = '/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls';

async function reviews(server: Serving): Promise<readonly Outcome[]> {
  const bodyFile = fileIn('cluster-review.json');
  writeFileSync(bodyFile, bodyWithPullSecret());
  const callsBefore = await clusterRequests(server);
  let done = 0;
  let us = 0;
  while (done < REVIEWS) {
    const { requests, failed, us: took } = await load({ port: server.port, bodyFile, seconds: 1 });
    if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`);
    done += requests;
    us += took;
  }
  const calls = (await clusterRequests(server)) - callsBefore;
  const seconds = us / 1e6;
  const detail = `${done.toLocaleString('en')} reviews in ${seconds.toFixed(0)} s`;
  return [
    {
      measure: 'cluster: RSS after 20,000 reviews',
      value: rssMiB(server.pid),
      unit: 'MiB',
      goal: atMost(130),
      detail,
    },
    {
      measure: 'cluster: requests for a remembered pull secret',
      value: calls,
      unit: '',
      goal: atMost(Math.ceil(seconds / 10) + 1),
      detail: `${detail}; a Secret is remembered for 10 s`,
    },
  ];
}

function bodyWithPullSecret(): string {
  const review = JSON.parse(reviewBodies().find(({ name }) => name === '10 KB')?.text ?? '');
  review.request.object.spec.imagePullSecrets = [{ name: 'pull' }];
  return JSON.stringify(review);
}

/** `tidewaiter_cluster_requests_total`, of all resources and results. */
async function clusterRequests(server: Serving): Promise<number> {
  const values = [...(await metricsOf(server)).matchAll(/^tidewaiter_cluster_requests_total\S* (\d+)$/gm)];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

async function policyGeneration(server: Serving): Promise<string> {
  return /^tidewaiter_policy_generation\{.*generation="([^"]*)"/m.exec(await metricsOf(server))?.[1] ?? 'unknown';
}

function metricsOf({ operationsPort }: Serving): Promise<string> {
  return new Promise((resolve, reject) => {
    getHttp({ host: '127.0.0.1', port: operationsPort, path: '/metrics' }, (response) => {
      text(response).then(resolve, reject);
    }).once('error', reject);
  });
}

/** Creates at an even rate, while policies change and the certificate is replaced, with a new CA. */
async function steady({ plane }: Setup, server: Serving, minutes: number): Promise<readonly Outcome[]> {
  const failures: string[] = [];
  const memory: number[] = [];
  const collectedBefore = server.heap.length;
  const pending = new Set<Promise<void>>();
  let created = 0;
  let policies = 0;
  const certificates = new Set([await servedCertificate(server)]);
  const generations = new Set([await policyGeneration(server)]);
  const timers = [
    setInterval(() => writePolicy((policies += 1)), CHANGE_POLICY_MS),
    setInterval(() => void plane.request('DELETE', TLS_SECRET), ROTATE_MS),
    setInterval(() => {
      Promise.all([servedCertificate(server), policyGeneration(server)]).then(
        ([certificate, generation]) => [certificates.add(certificate), generations.add(generation)],
        (error: unknown) => failures.push(String(error)),
      );
    }, 1000),
    setInterval(() => memory.push(statusMiB(server.pid, 'RssAnon')), Math.max(200, minutes * 600)),
  ];
  const create = async (object: ReturnType<typeof pod>, path: string): Promise<void> => {
    const { status, body } = await plane.request('POST', `${path}?dryRun=All`, object);
    if (status !== 201) failures.push(`${status} ${JSON.stringify(body).slice(0, 300)}`);
  };
  const end = performance.now() + minutes * 60_000;
  for (let next = performance.now(); next < end; next += 1000 / CREATES_PER_SECOND) {
    await delay(Math.max(0, next - performance.now()));
    created += 1;
    const name = `web-${created}`;
    const spec = { imagePullSecrets: [{ name: 'pull' }], containers: [{ name: 'main', image: pinnedImage }] };
    const one =
      created % 2 === 0
        ? create(pod(name, spec), '/api/v1/namespaces/shop/pods')
        : create(workload('Deployment', name, pinnedImage), '/apis/apps/v1/namespaces/shop/deployments');
    const watched = one
      .catch((error: unknown) => void failures.push(String(error)))
      .finally(() => pending.delete(watched));
    pending.add(watched);
  }
  await Promise.all(pending);
  for (const timer of timers) clearInterval(timer);
  const died = server.ended();
  if (died !== undefined) throw new Error(died);
  const heap = server.heap.slice(collectedBefore);
  const changes = `${created} creates at ${CREATES_PER_SECOND} per second, ${generations.size - 1} new generations of policies, ${certificates.size - 1} new certificates and CAs`;
  return [
    {
      measure: `cluster: ${minutes} minutes of creates, failed`,
      // Without a new certificate and new policies, nothing was measured.
      value: Math.min(certificates.size, generations.size) === 1 ? Number.NaN : failures.length,
      unit: '',
      goal: atMost(0),
      detail: [changes, ...failures.slice(0, 2)].join('; '),
    },
    {
      measure: 'cluster, the same: heap, second half',
      value: (part(heap, 0.8, 1) / part(heap, 0.4, 0.6) - 1) * 100,
      unit: '%',
      goal: atMost(5),
      detail: `${heap.length} full collections: ${part(heap, 0.4, 0.6).toFixed(1)} -> ${part(heap, 0.8, 1).toFixed(1)} MiB; RssAnon ${part(memory, 0.4, 0.6).toFixed(0)} -> ${part(memory, 0.8, 1).toFixed(0)} MiB`,
    },
  ];
}

/** The median of a part of what was measured, from 0 to 1. */
function part(measured: readonly number[], from: number, to: number): number {
  return median(measured.slice(Math.floor(measured.length * from), Math.ceil(measured.length * to)));
}

/** Its fingerprint. */
function servedCertificate({ port }: Serving): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
