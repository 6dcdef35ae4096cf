// Replicas with a self-managed certificate and policies that change, registered with a real API server. LOAD_SECONDS=60 makes the load
// longer.
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
import type { Registration } from '../../src/cluster/certificate/registration.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { emptyConfigurations } from '../../src/install/webhooks.ts';
import { plain } from '../../src/install/yaml.ts';
import { type Files, type MountedFiles, mountFiles } from '../support/mounted-files.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { createAuthority } from './certificates.ts';
import { auditedReviews } from './audited-reviews.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createNamespace, podOf } from './objects.ts';
import { byUrl, defaultConfigurations, register } from './registration.ts';
import type { ReplicaEvent, ReplicaOptions } from './rotating-replica.ts';
import { steadyLoad } from './steady-load.ts';

vi.setConfig({ testTimeout: 120_000 });

const soon = { timeout: 20_000, interval: 50 };
const LOAD_MS = Number(process.env['LOAD_SECONDS'] ?? 15) * 1000;
const CREATES_A_SECOND = 200;
const IN_PROGRESS = 64;
const POLICIES_MS = 2000;
/** The longest time between two certificates on a busy machine. */
const RENEWAL_MS = 20_000;
/** CA and leaf change about every 3 s, and a replica that lags on a busy machine has several times as long until its leaf expires. */
const FAST: Pick<ReplicaOptions, 'lifetimes' | 'times'> = {
  lifetimes: { caMs: 24_000, caRenewMs: 22_000, leafMs: 20_000, leafRenewMs: 17_000 },
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

/** Two policies that change together: both deny the tag 1, or both deny the tag 2. No two versions are equal. */
function policiesOf(version: number): Files {
  const tags = JSON.stringify([String((version % 2) + 1), `version-${version}`]);
  const rule = `{rule: image-tag, parameters: {deny: ${tags}}}`;
  return Object.fromEntries(
    ['first', 'second'].map((name) => [
      `${name}.yaml`,
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: ${name}}, spec: {rules: [${rule}]}}\n`,
    ]),
  );
}

const imageOf = (tag: number): string => `registry.example.com/shop/web:${tag}`;

function startReplica(kubeconfig: string, policies: string): Replica {
  const options: ReplicaOptions = { kubeconfig, policies, ...FAST };
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
  let policies: string;
  let mounted: MountedFiles;

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
    policies = path.join(path.dirname(plane.kubeconfig), 'policies');
    mounted = mountFiles(policies, policiesOf(0));
    replicas = [startReplica(kubeconfig, policies), startReplica(kubeconfig, policies)];
    await vi.waitFor(() => replicas.map((one) => one.port()), { timeout: 60_000, interval: 50 });
    balancer = await startBalancer(replicas.map((one) => one.port()));
    for (const configuration of defaultConfigurations()) {
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

  /** Resolves with undefined if both policies allow the Pod, or if both deny it. */
  const create = async (tag: number): Promise<string | undefined> => {
    const at = '/api/v1/namespaces/load/pods?dryRun=All';
    const { status, body } = await plane.request('POST', at, podOf('web', imageOf(tag)));
    const text = JSON.stringify(body);
    const denials = ['first', 'second'].filter((name) => text.includes(`[${name}/image-tag]`));
    const isWhole = (status === 201 && denials.length === 0) || (status === 403 && denials.length === 2);
    return isWhole ? undefined : `${status} ${text}`;
  };

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
    await vi.waitFor(async () => expect(await create(1)).toBeUndefined(), soon);
  });

  test('no review fails while CA, leaf, and policies change, connections close, one replica sleeps, and the Secret is deleted', async () => {
    const [first] = replicas;
    if (first === undefined || balancer === undefined) throw new Error('not started');
    // An API server keeps idle connections, and a review on a connection to a process that is asleep fails. So the third replica
    // sleeps before it gets its first connection, and gets connections as soon as it is awake, with its old certificate.
    const third = startReplica(kubeconfig, policies);
    replicas = [...replicas, third];
    await vi.waitFor(() => expect(third.notReady()).toBeUndefined(), { timeout: 60_000, interval: 50 });
    const end = new AbortController();
    const running = steadyLoad((count) => create((count % 2) + 1), {
      perSecond: CREATES_A_SECOND,
      inProgress: IN_PROGRESS,
      signal: end.signal,
    });
    let version = 0;
    const changes = setInterval(() => mounted.swap(policiesOf((version += 1))), POLICIES_MS);
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
    await vi.waitFor(() => expect(first.serials().length).toBeGreaterThan(missed), soon);
    third.child.kill('SIGCONT');
    balancer.take(third.port());
    await delay(LOAD_MS / 6);
    await plane.request('DELETE', secretPath);
    await delay(LOAD_MS / 4);
    end.abort();
    clearInterval(changes);
    const { sent, perSecond, failures } = await running;
    await watching.catch(() => undefined);
    const leaves = first.serials().length - beforeRotations;
    const reviews = auditedReviews(plane.auditLog, 'load');
    console.info(
      `${sent} creates (${Math.round(perSecond)}/s), ${failures.length} failed; ${seen.size} CAs, ${leaves} certificates, ${version} policy changes, ${reviews.size} generations`,
    );
    expect(failures).toEqual([]);
    expect(seen.size).toBeGreaterThan(LOAD_MS / RENEWAL_MS);
    expect(leaves).toBeGreaterThan(LOAD_MS / RENEWAL_MS);
    expect(reviews.size).toBeGreaterThan(LOAD_MS / POLICIES_MS / 2);
    // No generation has allowed and denied the same image.
    for (const [generation, results] of reviews) {
      const images = new Set([...results].map((result) => result.split(' ')[0]));
      expect({ generation, results: results.size }).toEqual({ generation, results: images.size });
    }
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

  const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tidewaiter';

  interface Stored {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
    readonly failurePolicy: string;
  }
  const stored = async (): Promise<readonly Stored[]> => {
    const { webhooks = [] } = (await plane.request('GET', VALIDATING)).body as {
      readonly webhooks?: readonly Stored[];
    };
    return webhooks;
  };
  const kubectl = async (args: readonly string[], object: object): Promise<void> => {
    const { code, stderr } = await plane.kubectl([...args, '-f', '-'], JSON.stringify(object));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  const unregistered = async (): Promise<void> => {
    for (const kind of ['validating', 'mutating']) {
      await plane.kubectl(['delete', `${kind}webhookconfiguration`, 'tidewaiter', '--ignore-not-found']);
    }
  };

  test('serve registers its webhooks when a probe has found it ready, and keeps them in the configuration', async () => {
    await unregistered();
    const empty = {
      apiVersion: 'v1',
      kind: 'List',
      items: emptyConfigurations().map(plain),
    };
    await kubectl(['apply'], empty);
    const { log, get, stop } = await startServe('--registration', 'self', '--fail', 'closed');
    await vi.waitFor(() => expect(log.join('\n')).toContain('listening'), soon);
    await delay(1000);
    expect(await stored()).toEqual([]);
    await vi.waitFor(async () => expect(await get('/readyz')).toBe('ok\n'), soon);
    const expectRegistered = async (): Promise<void> => {
      await vi.waitFor(async () => {
        const webhooks = await stored();
        expect(webhooks.map(({ name, failurePolicy }) => [name, failurePolicy])).toEqual([
          ['open.validate.tidewaiter.dev', 'Ignore'],
          ['validate.tidewaiter.dev', 'Fail'],
        ]);
        for (const { clientConfig } of webhooks) expect(clientConfig.caBundle).toBeDefined();
      }, soon);
    };
    await expectRegistered();
    expect(await get('/readyz')).toBe('ok\n');
    // The validating and the mutating one.
    expect(log.filter((line) => line.includes('registered'))).toHaveLength(2);
    for (const how of [['apply'], ['apply', '--server-side', '--force-conflicts'], ['replace']]) {
      await kubectl(how, empty);
      await expectRegistered();
    }
    expect(await stop()).toBe(0);
    await expectRegistered();
  });

  const webhook = (name: string): object => ({
    name,
    clientConfig: { service: { namespace: 'tidewaiter', name: 'tidewaiter' } },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    namespaceSelector: { matchLabels: { nowhere: 'true' } },
  });
  const manifestWith = (...names: readonly string[]): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'tidewaiter' },
    webhooks: names.map((name) => webhook(`${name}.tidewaiter.dev`)),
  });

  function startManager(registration?: Registration): void {
    const api = clientOf(kubeconfig);
    const managed = manageCertificate(api, {
      names: ['tidewaiter.tidewaiter.svc'],
      times: { settleMs: 100, checkMs: 500, retryMs: 50 },
      registration,
      onStatus: () => undefined,
      onNote: () => undefined,
    });
    onTestFinished(async () => {
      managed.stop();
      await api.close();
    });
  }

  /** Whether these webhooks, and no others, get a CA soon. */
  const trusted = async (...names: readonly string[]): Promise<boolean> => {
    const wanted = names.map((name) => `${name}.tidewaiter.dev`).join();
    return untilTrue(async () => {
      const webhooks = await stored();
      const hasCa = webhooks.every(({ clientConfig }) => clientConfig.caBundle !== undefined);
      return hasCa && webhooks.map(({ name }) => name).join() === wanted;
    });
  };

  test('a server does not stay the owner of the webhooks that it registered, so that a manifest can contain them later', async () => {
    await unregistered();
    await kubectl(['apply', '--server-side'], emptyConfigurations().map(plain)[0] as object);
    let isReady = true;
    startManager({ objects: () => [manifestWith('one', 'two') as JsonObject], isReady: () => isReady });
    expect(await trusted('one', 'two')).toBe(true);
    interface Owned {
      readonly metadata: { readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: object }[] };
    }
    // It owns caBundle if the CA changes later, but no webhook (`.`).
    const owned = async (): Promise<string> => {
      const { metadata } = (await plane.request('GET', VALIDATING)).body as Owned;
      return JSON.stringify(metadata.managedFields.filter(({ manager }) => manager === 'tidewaiter'));
    };
    await vi.waitFor(async () => expect(await owned()).not.toContain('".":{}'), soon);
    isReady = false;
    await kubectl(['apply', '--server-side'], manifestWith('one', 'two'));
    await kubectl(['apply', '--server-side'], manifestWith('one', 'three'));
    expect(await trusted('one', 'three')).toBe(true);
  });

  test.each<readonly [first: readonly string[], later: readonly string[]]>([
    [['apply'], ['apply']],
    [
      ['apply', '--server-side'],
      ['apply', '--server-side'],
    ],
    [['create'], ['replace']],
    [['apply'], ['apply', '--server-side', '--force-conflicts']],
  ])('a webhook of a manifest can be renamed and removed, with kubectl %j, then %j', async (first, later) => {
    await unregistered();
    await kubectl(first, manifestWith('one', 'two'));
    startManager();
    expect(await trusted('one', 'two')).toBe(true);
    for (const names of [['one', 'two'], ['one', 'three'], ['one'], ['four', 'five']]) {
      await kubectl(later, manifestWith(...names));
      expect(await trusted(...names)).toBe(true);
    }
  });

  test('says which permission is missing, and works with exactly the rules that the documentation lists', async () => {
    const namespace = 'no-rights';
    await unregistered();
    for (const configuration of defaultConfigurations()) {
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

async function untilTrue(isTrue: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + soon.timeout; performance.now() < end; await delay(soon.interval)) {
    if (await isTrue()) return true;
  }
  return isTrue();
}

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
