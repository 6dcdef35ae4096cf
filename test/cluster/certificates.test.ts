// Replicas with a self-managed certificate, registered with a real API server.
import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { certificatesIn } from '../../src/certificate/managed-state.ts';
import { openClusterApi } from '../../src/cluster/client.ts';
import { manageCertificate, type ManagedStatus } from '../../src/cluster/certificate/managed-certificate.ts';
import { applyBundle, readConfigurations } from '../../src/cluster/certificate/webhook-configurations.ts';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { createAuthority } from './certificates.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createNamespace, pinned, podOf } from './objects.ts';
import { byUrl, committedConfigurations, register } from './registration.ts';
import type { ReplicaEvent, ReplicaOptions } from './rotating-replica.ts';

vi.setConfig({ testTimeout: 120_000 });

const soon = { timeout: 20_000, interval: 50 };
const LOAD_MS = 60_000;
const CREATES_A_SECOND = 150;
const IN_PROGRESS = 32;
const SLEEP_MS = 6000;
/** CA and leaf change about every 3 s. */
const FAST: Pick<ReplicaOptions, 'lifetimes' | 'times'> = {
  lifetimes: { caMs: 18_000, caRenewMs: 16_000, leafMs: 12_000, leafRenewMs: 9000 },
  // On a busy machine, the API server takes more than a second to use a new caBundle.
  times: { settleMs: 2500, checkMs: 600, retryMs: 100 },
};

interface Replica {
  readonly child: ChildProcess;
  readonly events: readonly ReplicaEvent[];
  port(): number;
  serials(): readonly string[];
  notReady(): string | undefined;
}

function startReplica(kubeconfig: string): Replica {
  const options: ReplicaOptions = { kubeconfig, ...FAST };
  const file = path.join(import.meta.dirname, 'rotating-replica.ts');
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events: ReplicaEvent[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line) as ReplicaEvent));
  return {
    child,
    events,
    port() {
      const found = events.find((one) => one.event === 'listening');
      if (found === undefined) throw new Error('the replica does not listen yet');
      return found.port;
    },
    serials: () => events.flatMap((one) => (one.event === 'serving' ? one.serial : [])),
    notReady() {
      const last = events.findLast((one) => one.event === 'ready');
      return last === undefined ? 'no status yet' : last.notReady;
    },
  };
}

describeWith(assetsMissing, 'certificates that replicas manage', () => {
  let plane: ControlPlane;
  let kubeconfig: string;
  let balancer: Balancer | undefined;
  let replicas: readonly Replica[] = [];

  /** The kubeconfig of the admin, with a namespace; or of another user with a token. */
  function kubeconfigFor(namespace: string, token?: string): string {
    const config = JSON.parse(readFileSync(plane.kubeconfig, 'utf8')) as {
      readonly contexts: readonly { readonly context: object }[];
    };
    const contexts = config.contexts.map((one) => ({ ...one, context: { ...one.context, namespace } }));
    const users = token === undefined ? {} : { users: [{ name: 'admin', user: { token } }] };
    const file = `${plane.kubeconfig}-${namespace}${token === undefined ? '' : '-token'}`;
    writeFileSync(file, JSON.stringify({ ...config, contexts, ...users }), { mode: 0o600 });
    return file;
  }

  function clientOf(file: string): ClusterApi {
    return openClusterApi(
      { mode: 'on', from: 'the test', kubeconfig: file, context: undefined },
      { env: process.env, originOf: () => '' },
    );
  }

  const secretPath = '/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls';

  beforeAll(async () => {
    plane = await startControlPlane();
    for (const name of ['tidewaiter', 'load', 'no-rights']) await createNamespace(plane, name);
    kubeconfig = kubeconfigFor('tidewaiter');
    // As an installation ships it.
    const metadata = { name: 'tidewaiter-tls' };
    await plane.request('POST', secretPath.replace('/tidewaiter-tls', ''), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
    });
    replicas = [startReplica(kubeconfig), startReplica(kubeconfig)];
    await vi.waitFor(() => replicas.map((one) => one.port()), { timeout: 60_000, interval: 50 });
    balancer = await startBalancer(replicas.map((one) => one.port()));
    for (const configuration of committedConfigurations()) {
      const { webhooks, ...rest } = byUrl(configuration, { url: balancer.url, caBundle: '' });
      const onlyThere = {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['load'] }],
      };
      // Without an answer, the request fails; nothing is let through.
      const strict = webhooks.map((one) => ({
        ...one,
        failurePolicy: 'Fail',
        timeoutSeconds: 10,
        namespaceSelector: onlyThere,
      }));
      await register(plane, { ...rest, webhooks: strict });
    }
    await vi.waitFor(() => {
      const reasons = replicas.map((one) => one.notReady()).filter((reason) => reason !== undefined);
      if (reasons.length > 0) throw new Error(reasons.join('; '));
    }, soon);
  }, 180_000);

  afterAll(async () => {
    for (const { child } of replicas) child.kill('SIGKILL');
    await balancer?.stop();
    await plane?.stop();
  });

  const create = async (): Promise<string | undefined> => {
    const { status, body } = await plane.request(
      'POST',
      '/api/v1/namespaces/load/pods?dryRun=All',
      podOf('web', pinned),
    );
    return status === 201 ? undefined : `${status} ${JSON.stringify(body)}`;
  };

  interface Load {
    readonly created: number;
    readonly failures: readonly string[];
  }

  /** Creates Pods at a steady rate until `signal` aborts. */
  async function load(signal: AbortSignal): Promise<Load> {
    const failures: string[] = [];
    let created = 0;
    const startMs = performance.now();
    const worker = async (): Promise<void> => {
      while (!signal.aborted) {
        const dueMs = startMs + (created * 1000) / CREATES_A_SECOND;
        created += 1;
        await delay(Math.max(0, dueMs - performance.now()));
        const failure = await create();
        if (failure !== undefined) failures.push(`after ${Math.round(performance.now() - startMs)} ms: ${failure}`);
      }
    };
    await Promise.all(Array.from({ length: IN_PROGRESS }, worker));
    return { created, failures };
  }

  async function authorities(): Promise<readonly string[]> {
    const { body } = await plane.request('GET', secretPath);
    // It is missing for a moment after it was deleted.
    const { data = {} } = body as { readonly data?: Readonly<Record<string, string>> };
    return certificatesIn(Buffer.from(data['ca.crt'] ?? '', 'base64').toString()).map(
      ({ fingerprint256 }) => fingerprint256,
    );
  }

  test('two replicas that start at once with an empty Secret agree', async () => {
    await vi.waitFor(() => expect(replicas[0]?.serials().at(-1)).toBe(replicas[1]?.serials().at(-1)), soon);
    const generated = replicas
      .flatMap(({ events }) => events)
      .filter((one) => one.event === 'note' && one.note.startsWith('generated a CA'));
    expect(generated).toHaveLength(1);
    await vi.waitFor(async () => expect(await create()).toBeUndefined(), soon);
  });

  test('no review fails while CA and leaf rotate, connections close, one replica sleeps, and the Secret is deleted', async () => {
    const [first] = replicas;
    if (first === undefined || balancer === undefined) throw new Error('not started');
    // An API server keeps idle connections, and a review on a connection to a process that is asleep fails. So the third replica
    // sleeps before it gets its first connection, and gets connections as soon as it is awake, with its old certificate.
    const third = startReplica(kubeconfig);
    replicas = [...replicas, third];
    await vi.waitFor(() => expect(third.notReady()).toBeUndefined(), { timeout: 60_000, interval: 50 });
    const end = new AbortController();
    const running = load(end.signal);
    const seen = new Set<string>();
    const watching = (async () => {
      while (!end.signal.aborted) {
        for (const one of await authorities()) seen.add(one);
        await delay(500);
      }
    })();
    const beforeRotations = first.serials().length;
    await delay(LOAD_MS / 3);
    const missed = first.serials().length;
    third.child.kill('SIGSTOP');
    await delay(SLEEP_MS);
    third.child.kill('SIGCONT');
    balancer.take(third.port());
    expect(first.serials().length).toBeGreaterThan(missed);
    await delay(LOAD_MS / 6);
    await plane.request('DELETE', secretPath);
    await delay(LOAD_MS / 2 - SLEEP_MS);
    end.abort();
    const { created, failures } = await running;
    await watching.catch(() => undefined);
    const leaves = first.serials().length - beforeRotations;
    console.info(`${created} creates, ${failures.length} failed, ${seen.size} CAs, ${leaves} certificates`);
    expect(failures).toEqual([]);
    expect(created).toBeGreaterThan((CREATES_A_SECOND * LOAD_MS) / 1000 / 3);
    expect(seen.size).toBeGreaterThan(5);
    expect(leaves).toBeGreaterThan(5);
  });

  test('a caBundle is applied only to the version of the configuration that was read', async () => {
    for (const { child } of replicas) child.kill('SIGKILL');
    const api = clientOf(kubeconfig);
    onTestFinished(() => api.close());
    const { signal } = new AbortController();
    const [before] = (await readConfigurations(api, signal)).configurations;
    if (before === undefined) throw new Error('no configuration');
    const [webhook] = before.webhooks;
    const bundle = `${webhook?.caBundle}`;
    const one = certificatesIn(bundle)[0] as X509Certificate;
    const after = await applyBundle(api, before, { bundle: one.toString() }, signal);
    expect(after.webhooks.map(({ caBundle }) => caBundle)).toEqual(before.webhooks.map(() => one.toString()));
    await expect(applyBundle(api, before, { bundle }, signal)).rejects.toMatchObject({ status: 409 });
    await expect(applyBundle(api, after, { bundle: 'rubbish' }, signal)).rejects.toThrow(/no certificate/);
  });

  interface Served {
    readonly log: readonly string[];
    readonly get: (at: string) => Promise<string>;
    /** Sends SIGTERM; resolves with the exit code. */
    readonly stop: () => Promise<unknown>;
  }

  /** The command, from its sources. */
  async function startServe(...more: readonly string[]): Promise<Served> {
    const port = await freePort();
    const main = path.join(import.meta.dirname, '../../src/main.ts');
    const flags = [
      '--kubeconfig',
      kubeconfig,
      '--tls-mode',
      'self',
      '--listen',
      '127.0.0.1:0',
      '--operations-port',
      `${port}`,
    ];
    const child = spawn(process.execPath, [main, 'serve', ...flags, ...more], {
      cwd: path.dirname(plane.kubeconfig),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const log: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => log.push(line));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return {
      log,
      get: async (at) => (await fetch(`http://127.0.0.1:${port}${at}`)).text(),
      stop: () => {
        child.kill('SIGTERM');
        return ended;
      },
    };
  }

  test('serve answers probes before it has a certificate, and is ready with one that the webhooks trust', async () => {
    // As left by another CA.
    await plane.request('PUT', secretPath, secretOf({ 'tls.crt': (await createAuthority()).cert }));
    const { log, get, stop } = await startServe();
    await vi.waitFor(async () => {
      expect(await get('/readyz')).toMatch(
        /^no serving certificate: Secret "tidewaiter-tls" in namespace "tidewaiter" has a certificate of another CA/,
      );
    }, soon);
    expect(await get('/healthz')).toBe('ok\n');
    expect(log.join('\n')).not.toContain('listening');
    await plane.request('DELETE', secretPath);
    await vi.waitFor(async () => expect(await get('/readyz')).toBe('ok\n'), { timeout: 60_000, interval: 50 });
    await vi.waitFor(() => expect(log.join('\n')).toContain('listening'), soon);
    const metrics = await get('/metrics');
    expect(metrics).toMatch(/^tidewaiter_certificate_untrusted 0$/m);
    expect(metrics).toMatch(/^tidewaiter_ca_expiry_timestamp_seconds\{ca="[0-9a-f]{16}"\} \d+$/m);
    const expiry = Number(/^tidewaiter_certificate_expiry_timestamp_seconds (\d+)$/m.exec(metrics)?.[1]);
    expect(expiry).toBeGreaterThan(Date.now() / 1000);
    expect(log.join('\n')).not.toMatch(/PRIVATE KEY|BEGIN/);
    expect(await stop()).toBe(0);
  });

  test('serve registers its webhook configuration, which the cluster deletes with the ClusterRole', async () => {
    for (const kind of ['validating', 'mutating']) {
      await plane.kubectl(['delete', `${kind}webhookconfiguration`, 'tidewaiter', '--ignore-not-found']);
    }
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'tidewaiter' } };
    const ofRole = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    await plane.request('POST', ofRole, { ...role, rules: [] });
    const { log, get, stop } = await startServe('--registration', 'self');
    const at = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tidewaiter';
    interface Registered {
      readonly webhooks?: readonly {
        readonly clientConfig: { readonly caBundle?: string };
        readonly failurePolicy: string;
      }[];
    }
    const registered = async (): Promise<NonNullable<Registered['webhooks']>> => {
      const { webhooks = [] } = (await plane.request('GET', at)).body as Registered;
      return webhooks;
    };
    await vi.waitFor(async () => {
      const webhooks = await registered();
      expect(webhooks).toHaveLength(2);
      for (const { clientConfig } of webhooks) expect(clientConfig.caBundle).toBeDefined();
    }, soon);
    expect(new Set((await registered()).map(({ failurePolicy }) => failurePolicy))).toEqual(
      new Set(['Ignore', 'Fail']),
    );
    await vi.waitFor(async () => expect(await get('/readyz')).toBe('ok\n'), soon);
    // The validating and the mutating one.
    expect(log.filter((line) => line.includes('registered'))).toHaveLength(2);
    await stop();
    await plane.request('DELETE', `${ofRole}/tidewaiter`);
    for (const one of [at, at.replace('validating', 'mutating')]) {
      await vi.waitFor(async () => expect((await plane.request('GET', one)).status).toBe(404), {
        timeout: 60_000,
        interval: 100,
      });
    }
  });

  test('says which permission is missing, and works with exactly the rules that the documentation lists', async () => {
    const namespace = 'no-rights';
    for (const configuration of committedConfigurations()) {
      await register(plane, byUrl(configuration, { url: 'https://127.0.0.1:1', caBundle: '' }));
    }
    const role = (kind: 'Role' | 'ClusterRole', rules: readonly object[]): Promise<unknown> =>
      plane.kubectl(['apply', '-f', '-'], JSON.stringify(bound(kind, namespace, rules)));
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'tidewaiter', namespace } };
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(account));
    await plane.request('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tidewaiter-tls' },
    });
    const { stdout } = await plane.kubectl(['create', 'token', 'tidewaiter', '-n', namespace]);
    const api = clientOf(kubeconfigFor(namespace, stdout.trim()));
    let status: ManagedStatus | undefined;
    const managed = manageCertificate(api, {
      names: ['tidewaiter.no-rights.svc'],
      times: { settleMs: 100, checkMs: 500, retryMs: 50 },
      onStatus: (next) => (status = next),
      onNote: () => undefined,
    });
    onTestFinished(async () => {
      managed.stop();
      await api.close();
    });
    const expectNotReady = (reason: RegExp): Promise<unknown> =>
      vi.waitFor(() => expect(status?.notReady).toMatch(reason), { timeout: 60_000, interval: 50 });
    await expectNotReady(/cannot get secrets "tidewaiter-tls" in namespace "no-rights" \(HTTP 403\)/);
    const secret = { apiGroups: [''], resources: ['secrets'], resourceNames: ['tidewaiter-tls'] };
    await role('Role', [{ ...secret, verbs: ['get', 'list', 'watch'] }]);
    await expectNotReady(/cannot update secrets "tidewaiter-tls" in namespace "no-rights" \(HTTP 403\): grant update/);
    await role('Role', [{ ...secret, verbs: ['get', 'list', 'watch', 'update'] }]);
    await expectNotReady(/cannot get validatingwebhookconfigurations "tidewaiter" \(HTTP 403\)/);
    const configurations = {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      resourceNames: ['tidewaiter'],
    };
    await role('ClusterRole', [{ ...configurations, verbs: ['get', 'list', 'watch'] }]);
    await expectNotReady(/does not contain the CA .*cannot patch (validating|mutating)webhookconfigurations/);
    await role('ClusterRole', [{ ...configurations, verbs: ['get', 'list', 'watch', 'patch'] }]);
    await vi.waitFor(() => expect(status).toMatchObject({ notReady: undefined, problem: undefined }), {
      timeout: 60_000,
      interval: 50,
    });
  });
});

function secretOf(entries: Readonly<Record<string, string>>): object {
  const encoded = Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const metadata = { name: 'tidewaiter-tls', namespace: 'tidewaiter' };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(encoded) as unknown };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function bound(kind: 'Role' | 'ClusterRole', namespace: string, rules: readonly object[]): object {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'tidewaiter', ...(kind === 'Role' ? { namespace } : {}) };
  const subjects = [{ kind: 'ServiceAccount', name: 'tidewaiter', namespace }];
  const roleRef = { apiGroup, kind, name: 'tidewaiter' };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: `${apiGroup}/v1`, kind, metadata, rules },
      { apiVersion: `${apiGroup}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects },
    ],
  };
}
