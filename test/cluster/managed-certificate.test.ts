/** The certificate that replicas manage together, on an API server in memory; certificates.test.ts uses a real one. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { certificatesIn, isTrusted, readManagedState } from '../../src/certificate/managed-state.ts';
import { type Lifetimes, LIFETIMES } from '../../src/certificate/rotation.ts';
import { ensureCertificate } from '../../src/certificate/generated-certificate.ts';
import { ApiError, ApiOutage } from '../../src/cluster/api.ts';
import {
  manageCertificate,
  type ManagedOptions,
  type ManagedStatus,
} from '../../src/cluster/certificate/managed-certificate.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SECRET = '/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls';
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
const VALIDATING = `${REGISTRATION}/validatingwebhookconfigurations/tidewaiter`;
const MUTATING = `${REGISTRATION}/mutatingwebhookconfigurations/tidewaiter`;
const NAMES = ['tidewaiter.tidewaiter.svc', '127.0.0.1'];
const MINUTE_MS = 60_000;
const soon = { timeout: 8000, interval: 20 };

vi.setConfig({ testTimeout: 30_000 });

function webhooks(...names: readonly string[]): JsonObject {
  return { webhooks: names.map((name) => ({ name, clientConfig: { service: { name: 'tidewaiter' } } })) };
}

function newCluster(): MemoryCluster {
  const cluster = memoryCluster();
  cluster.put(VALIDATING, webhooks('validate.tidewaiter.dev', 'closed.validate.tidewaiter.dev'));
  cluster.put(MUTATING, webhooks('mutate.tidewaiter.dev'));
  return cluster;
}

function entriesOf(cluster: MemoryCluster): Readonly<Record<string, string>> {
  const data = (cluster.objects.get(SECRET)?.['data'] ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
}

function putSecret(cluster: MemoryCluster, entries: Readonly<Record<string, string>>, metadata: JsonObject = {}): void {
  const data = Object.fromEntries(
    Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  cluster.put(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata, data });
}

function bundles(cluster: MemoryCluster): readonly string[] {
  return [VALIDATING, MUTATING].flatMap((at) =>
    (
      (cluster.objects.get(at)?.['webhooks'] ?? []) as readonly {
        readonly clientConfig: { readonly caBundle?: string };
      }[]
    ).map(({ clientConfig: { caBundle = '' } }) => Buffer.from(caBundle, 'base64').toString()),
  );
}

interface Replica {
  status(): ManagedStatus;
  /** The certificate in use. */
  leaf(): X509Certificate;
  readonly notes: readonly string[];
  stop(): void;
}

const TIMES = { settleMs: 50, checkMs: 50, retryMs: 20 };

function replica(cluster: MemoryCluster, options: Partial<ManagedOptions> = {}): Replica {
  let status: ManagedStatus | undefined;
  const notes: string[] = [];
  const { stop } = manageCertificate(cluster.client(), {
    names: NAMES,
    onStatus: (next) => (status = next),
    onNote: (note) => notes.push(note),
    times: TIMES,
    ...options,
  });
  onTestFinished(stop);
  const statusNow = (): ManagedStatus => {
    if (status === undefined) throw new Error('no status yet');
    return status;
  };
  const leaf = (): X509Certificate => {
    const served = statusNow().leaf;
    if (served === undefined) throw new Error('no certificate yet');
    return served.certificate;
  };
  return { status: statusNow, leaf, notes, stop };
}

async function ready(...replicas: readonly Replica[]): Promise<void> {
  await vi.waitFor(() => {
    for (const one of replicas) {
      expect(one.status()).toMatchObject({ notReady: undefined, problem: undefined });
      one.leaf();
    }
  }, soon);
}

/** Whether API servers accept the certificate at each webhook. */
function isAccepted(cluster: MemoryCluster, leaf: X509Certificate): boolean {
  return bundles(cluster).every((bundle) => isTrusted(leaf, certificatesIn(bundle), Date.now()));
}

describe('one replica', () => {
  test('generates a CA and a certificate, sets caBundle in all webhooks, and is ready', async () => {
    const cluster = newCluster();
    const one = replica(cluster);
    await ready(one);
    const entries = entriesOf(cluster);
    expect(Object.keys(entries).sort()).toEqual(['ca-previous-until', 'ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    expect(new Set(bundles(cluster))).toEqual(new Set([entries['ca.crt']]));
    expect(isAccepted(cluster, one.leaf())).toBe(true);
    expect(NAMES.map((name) => one.leaf().checkHost(name) ?? one.leaf().checkIP(name))).toEqual(NAMES);
    const days = (one.leaf().validToDate.getTime() - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    expect(one.leaf().validFromDate.getTime()).toBeLessThanOrEqual(Date.now() - 5 * MINUTE_MS);
    expect(one.status().authorities).toHaveLength(1);
    const before = cluster.writes.length;
    await delay(300);
    expect(cluster.writes).toHaveLength(before);
  });

  test('is ready before there is a webhook configuration, and sets caBundle as soon as there is one', async () => {
    const cluster = memoryCluster();
    const one = replica(cluster, { times: { ...TIMES, checkMs: 3_600_000 } });
    await ready(one);
    cluster.put(VALIDATING, webhooks('validate.tidewaiter.dev'));
    await vi.waitFor(() => expect(isAccepted(cluster, one.leaf())).toBe(true), soon);
  });

  test('fills in an empty Secret, and keeps entries and labels that are not its own', async () => {
    const cluster = newCluster();
    putSecret(cluster, { note: 'mine' }, { labels: { team: 'a' } });
    await ready(replica(cluster));
    expect(entriesOf(cluster)).toMatchObject({ note: 'mine', 'tls.crt': expect.stringContaining('BEGIN') });
    expect(cluster.objects.get(SECRET)).toMatchObject({ metadata: { labels: { team: 'a' } } });
  });

  test('repairs a caBundle that was removed or replaced, by the watch', async () => {
    const cluster = newCluster();
    const one = replica(cluster, { times: { ...TIMES, checkMs: 3_600_000 } });
    await ready(one);
    for (const caBundle of [undefined, 'cnViYmlzaA==']) {
      cluster.put(VALIDATING, {
        webhooks: [{ name: 'validate.tidewaiter.dev', clientConfig: { service: {}, caBundle } }],
      });
      expect(isAccepted(cluster, one.leaf())).toBe(false);
      await vi.waitFor(() => expect(isAccepted(cluster, one.leaf())).toBe(true), soon);
    }
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['text', { 'ca.crt': 'rubbish', 'ca.key': 'rubbish', 'tls.crt': 'rubbish', 'tls.key': 'rubbish' }],
    ['a half certificate', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nMIIB', 'ca.key': '\0', 'tls.crt': '' }],
    ['a certificate that is not one', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
  ])('replaces rubbish in the Secret: %s', async (_name, entries) => {
    const cluster = newCluster();
    putSecret(cluster, entries);
    const one = replica(cluster);
    await ready(one);
    expect(isAccepted(cluster, one.leaf())).toBe(true);
    expect(one.notes[0]).toMatch(/which was damaged/);
  });

  test('never writes a caBundle that is not PEM, whatever the Secret and the configuration contain', async () => {
    const cluster = newCluster();
    const wrong: string[] = [];
    cluster.after = () =>
      wrong.push(...bundles(cluster).filter((one) => one !== '' && certificatesIn(one).length === 0));
    const one = replica(cluster);
    await ready(one);
    const good = entriesOf(cluster);
    for (const [key, text] of Object.entries(good)) {
      putSecret(cluster, { ...good, [key]: text.slice(0, text.length / 2) });
      await delay(150);
    }
    await ready(one);
    expect(wrong).toEqual([]);
  });

  test('keeps a certificate of another CA, and says so', async () => {
    const cluster = newCluster();
    const dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-foreign-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const { cert, key } = await ensureCertificate(dir, []);
    putSecret(cluster, { 'tls.crt': cert, 'tls.key': key });
    const one = replica(cluster);
    await vi.waitFor(
      () => expect(one.status().notReady).toMatch(/certificate of another CA, and is left unchanged/),
      soon,
    );
    putSecret(cluster, {}, { annotations: { 'cert-manager.io/certificate-name': 'tidewaiter' } });
    await vi.waitFor(() => expect(one.status().notReady).toMatch(/certificate of cert-manager/), soon);
    expect(cluster.writes).toEqual([]);
  });

  test.each([
    [
      'GET',
      SECRET,
      /^no serving certificate: tidewaiter cannot get secrets "tidewaiter-tls" in namespace "tidewaiter" \(HTTP 403\): grant get/,
    ],
    [
      'POST',
      SECRET,
      /^no serving certificate: cannot write Secret "tidewaiter-tls": tidewaiter cannot create secrets "tidewaiter-tls"/,
    ],
    [
      'GET',
      VALIDATING,
      /^cannot determine whether .*: tidewaiter cannot get validatingwebhookconfigurations "tidewaiter" \(HTTP 403\)/,
    ],
    [
      'PATCH',
      MUTATING,
      /^caBundle in MutatingWebhookConfiguration .*: cannot set caBundle in .*: tidewaiter cannot patch mutatingwebhookconfigurations/,
    ],
  ])(
    'is not ready without permission to %s %s, names the rule, and is ready when it is granted',
    async (verb, at, reason) => {
      const cluster = newCluster();
      const forbid = ({ method = 'GET', path: asked }: { readonly method?: string; readonly path: string }): void => {
        const isIt = method === verb && (asked === at || `${asked}/tidewaiter-tls` === at);
        if (isIt) throw new ApiError(403, 'Forbidden', 'forbidden');
      };
      cluster.before = forbid;
      const one = replica(cluster);
      await vi.waitFor(() => expect(one.status().notReady).toMatch(reason), soon);
      cluster.before = () => undefined;
      await ready(one);
    },
  );

  test('stays ready during an outage of the API server, and says what the problem is', async () => {
    const cluster = newCluster();
    const one = replica(cluster);
    await ready(one);
    cluster.before = () => {
      throw new ApiOutage('cannot reach the API server');
    };
    await vi.waitFor(() => expect(one.status().problem).toMatch(/cannot reach/), soon);
    expect(one.status().notReady).toBeUndefined();
  });

  test.each([
    ['PUT', SECRET, new ApiError(422, 'Invalid', 'the Secret is immutable')],
    ['PATCH', VALIDATING, new ApiError(422, 'Invalid', 'webhooks[0].sideEffects: Required value')],
    ['PATCH', MUTATING, new ApiOutage('no response')],
  ])('serves and renews as far as possible when %s %s fails', async (verb, at, error) => {
    const cluster = newCluster();
    await ready(replica(cluster));
    cluster.put(VALIDATING, webhooks('validate.tidewaiter.dev', 'new.tidewaiter.dev'));
    cluster.put(MUTATING, webhooks('mutate.tidewaiter.dev', 'new.tidewaiter.dev'));
    cluster.before = ({ method, path: asked }) => {
      if (method === verb && asked === at) throw error;
    };
    const late = replica(cluster, { now: () => Date.now() + 70 * 86_400_000 });
    await vi.waitFor(() => expect(late.status().problem).toContain(error.message), soon);
    expect(late.leaf().checkHost('tidewaiter.tidewaiter.svc')).toBeDefined();
    const days = (late.leaf().validToDate.getTime() - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(verb === 'PUT' ? 90 : 160);
    cluster.before = () => undefined;
    await ready(late);
  });

  const DAY_MS = 24 * 60 * MINUTE_MS;
  test.each<[string, number, string | undefined]>([
    ['5 minutes ahead', 5 * MINUTE_MS, undefined],
    ['5 minutes behind', -5 * MINUTE_MS, undefined],
    ['31 minutes ahead', 31 * MINUTE_MS, '31 min ahead of'],
    ['31 minutes behind', -31 * MINUTE_MS, '31 min behind'],
    ['3 years ahead', 3 * 365 * DAY_MS, '1576800 min ahead of'],
    ['30 years behind', -30 * 365 * DAY_MS, '15768000 min behind'],
  ])('with a clock that is %s generates a CA only if it is nearly right', async (_what, aheadMs, differs) => {
    const cluster = newCluster();
    cluster.time = Date.now;
    const one = replica(cluster, { now: () => Date.now() + aheadMs });
    if (differs === undefined) return ready(one);
    await vi.waitFor(() => {
      expect(one.status().notReady).toBe(
        `no serving certificate: Secret "tidewaiter-tls" is not changed, because the clock of this server is ${differs} the clock of the API server; synchronize both clocks`,
      );
    }, soon);
    expect(cluster.objects.has(SECRET)).toBe(false);
    return undefined;
  });

  test.each([
    ['for which the certificate must be renewed', 70 * DAY_MS, /^undefined$/],
    [
      'for which the certificate has expired',
      100 * DAY_MS,
      /^the serving certificate has expired: Secret .* min ahead/,
    ],
    ['for which the CA has expired', 10 * 365 * DAY_MS, /: Secret "tidewaiter-tls" is not changed, .* min ahead of/],
  ])('does not replace the certificate of others with a clock %s', async (_what, aheadMs, notReady) => {
    const cluster = newCluster();
    cluster.time = Date.now;
    const right = replica(cluster);
    await ready(right);
    const before = entriesOf(cluster);
    const wrong = replica(cluster, { now: () => Date.now() + aheadMs });
    await vi.waitFor(() => expect(wrong.status().problem).toMatch(/^Secret "tidewaiter-tls" is not changed/), soon);
    expect(String(wrong.status().notReady)).toMatch(notReady);
    expect(entriesOf(cluster)).toEqual(before);
    expect(right.status()).toMatchObject({ notReady: undefined, problem: undefined });
    expect(wrong.leaf().serialNumber).toBe(right.leaf().serialNumber);
  });

  test('replaces a certificate that would expire before the next check, although its CA is trusted', async () => {
    const cluster = newCluster();
    const times = { ...TIMES, settleMs: 60 * MINUTE_MS };
    const lifetimes = { ...LIFETIMES, leafMs: MINUTE_MS, leafRenewMs: 1000 };
    let lateMs = 0;
    const one = replica(cluster, { times, lifetimes, now: () => Date.now() + lateMs });
    await ready(one);
    const before = one.leaf().serialNumber;
    cluster.remove(SECRET);
    await vi.waitFor(() => expect(one.notes.filter((note) => note.startsWith('generated a CA'))).toHaveLength(2), soon);
    expect(one.leaf().serialNumber).toBe(before);
    lateMs = one.leaf().validToDate.getTime() - TIMES.checkMs - Date.now();
    await vi.waitFor(() => expect(one.leaf().serialNumber).not.toBe(before), soon);
  });

  test('adds names that the certificate lacks, and keeps those that it has', async () => {
    const cluster = newCluster();
    const first = replica(cluster);
    await ready(first);
    first.stop();
    const second = replica(cluster, { names: ['gate.example.com'] });
    await vi.waitFor(() => expect(second.leaf().checkHost('gate.example.com')).toBeDefined(), soon);
    expect(second.leaf().checkHost('tidewaiter.tidewaiter.svc')).toBeDefined();
  });
});

describe('the order of a rotation', () => {
  const DAY_MS = 86_400_000;

  test('stores the next CA, trusts it, signs with it, and drops the old CA after the last old leaf', async () => {
    const cluster = newCluster();
    let offset = 0;
    const one = replica(cluster, { now: () => Date.now() + offset });
    await ready(one);
    const [old] = one.status().authorities;
    const seen: string[] = [];
    cluster.after = () => {
      const read = readManagedState(entriesOf(cluster));
      if (read.state !== 'good') throw new Error('not readable');
      const { current, next, leaf } = read.value;
      const trusted = bundles(cluster).map((bundle) => certificatesIn(bundle).length);
      const signer = leaf?.certificate.checkIssued(current.certificate) === true ? 'current' : 'other';
      seen.push(
        `${current.certificate.fingerprint256 === old?.fingerprint256 ? 'old' : 'new'} ${next ? 'next' : ''} ${signer} ${String(trusted)}`,
      );
    };
    offset = 515 * DAY_MS;
    await vi.waitFor(() => expect(seen.at(-1)).toBe('new  current 2,2,2'), soon);
    // The leaf was due as well, and was signed by the old CA first.
    expect(seen).toEqual([
      'old  current 1,1,1',
      'old next current 1,1,1',
      expect.stringMatching(/^old next current (2,2,1|1,1,2)$/),
      'old next current 2,2,2',
      'new  current 2,2,2',
    ]);
    offset += 89 * DAY_MS;
    await delay(200);
    expect(one.status().authorities).toHaveLength(2);
    offset += 2 * DAY_MS;
    await vi.waitFor(
      () => expect(bundles(cluster).map((text) => certificatesIn(text).length)).toEqual([1, 1, 1]),
      soon,
    );
    expect(one.status().authorities.map(({ fingerprint256 }) => fingerprint256)).not.toContain(old?.fingerprint256);
  });

  test('does not sign with a CA that one configuration does not trust', async () => {
    const cluster = newCluster();
    let offset = 0;
    const one = replica(cluster, { now: () => Date.now() + offset });
    await ready(one);
    const [old] = one.status().authorities;
    cluster.before = ({ method, path: at }) => {
      if (method === 'PATCH' && at === MUTATING) throw new ApiError(403, 'Forbidden', 'forbidden');
    };
    offset = 515 * DAY_MS;
    await vi.waitFor(() => expect(one.status().authorities).toHaveLength(2), soon);
    await delay(300);
    expect(one.status().notReady).toBeUndefined();
    expect(old && one.leaf().checkIssued(old)).toBe(true);
    expect(isTrusted(one.leaf(), certificatesIn(bundles(cluster).at(-1) ?? ''), Date.now())).toBe(true);
    cluster.before = () => undefined;
    await vi.waitFor(() => expect(old && one.leaf().verify(old.publicKey)).toBe(false), soon);
  });

  test('keeps the certificate in use when the Secret is deleted, until the new one is trusted', async () => {
    const cluster = newCluster();
    const [one, two] = [replica(cluster), replica(cluster)];
    await ready(one, two);
    const before = one.leaf().serialNumber;
    const rejected: string[] = [];
    cluster.after = () => {
      for (const each of [one, two]) if (!isAccepted(cluster, each.leaf())) rejected.push(each.leaf().serialNumber);
    };
    cluster.remove(SECRET);
    await vi.waitFor(() => {
      expect(one.leaf().serialNumber).not.toBe(before);
      expect(two.leaf().serialNumber).toBe(one.leaf().serialNumber);
    }, soon);
    expect(rejected).toEqual([]);
    await ready(one, two);
  });
});

describe('a server that registers itself', () => {
  const webhook = (name: string): JsonObject => ({ name, clientConfig: { service: { name: 'tidewaiter' } } });
  const configuration = (...names: readonly string[]): readonly JsonObject[] => [
    { kind: 'ValidatingWebhookConfiguration', webhooks: names.map(webhook) },
  ];
  const namesIn = (cluster: MemoryCluster): readonly unknown[] =>
    ((cluster.objects.get(VALIDATING)?.['webhooks'] ?? []) as readonly JsonObject[]).map(({ name }) => name);
  const BOTH = ['validate.tidewaiter.dev', 'closed.validate.tidewaiter.dev'];
  const isReady = (): boolean => true;

  /** As the manifests contain it. */
  function emptyCluster(): MemoryCluster {
    const cluster = memoryCluster();
    cluster.put(VALIDATING, { metadata: { labels: { a: 'b' } } });
    return cluster;
  }

  test('registers its webhooks when it is ready, all at once with caBundle', async () => {
    const cluster = emptyCluster();
    let isStarted = false;
    const one = replica(cluster, { registration: { objects: () => configuration(...BOTH), isReady: () => isStarted } });
    await ready(one);
    await delay(200);
    expect(namesIn(cluster)).toEqual([]);
    isStarted = true;
    const seen: unknown[] = [];
    cluster.after = () => seen.push(namesIn(cluster).length, ...bundles(cluster).filter((bundle) => bundle === ''));
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(BOTH), soon);
    expect(new Set(seen)).toEqual(new Set([2]));
    expect(new Set(bundles(cluster))).toEqual(new Set([entriesOf(cluster)['ca.crt']]));
    expect(cluster.objects.get(VALIDATING)).toMatchObject({ metadata: { labels: { a: 'b' } } });
    await ready(one);
    expect(one.notes).toContain('registered the webhooks of ValidatingWebhookConfiguration "tidewaiter"');
  });

  test.each<readonly [what: string, change: (before: JsonObject) => JsonObject]>([
    ['replaced without its webhooks', ({ metadata }) => ({ metadata: { labels: (metadata as JsonObject)['labels'] } })],
    ['emptied', (before) => ({ ...before, webhooks: [] })],
    ['left with one webhook', (before) => ({ ...before, webhooks: [webhook('validate.tidewaiter.dev')] })],
    ['given another webhook', (before) => ({ ...before, webhooks: [...BOTH, 'old.tidewaiter.dev'].map(webhook) })],
  ])('registers them again when the configuration was %s', async (_what, change) => {
    const cluster = emptyCluster();
    const one = replica(cluster, { registration: { objects: () => configuration(...BOTH), isReady } });
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(BOTH), soon);
    cluster.put(VALIDATING, change(cluster.objects.get(VALIDATING) ?? {}));
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(BOTH), soon);
    await ready(one);
  });

  test('replaces what it registered when its policies change, and leaves what a newer replica registered', async () => {
    const cluster = emptyCluster();
    let names = BOTH;
    const old = replica(cluster, { registration: { objects: () => configuration(...names), isReady } });
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(BOTH), soon);
    const newer = ['open.validate.tidewaiter.dev', 'validate.tidewaiter.dev'];
    const other = replica(cluster, { registration: { objects: () => configuration(...newer), isReady } });
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(newer), soon);
    await delay(300);
    expect(namesIn(cluster)).toEqual(newer);
    // The CA of a lost Secret is replaced; the replica that does it keeps the webhooks of the other.
    other.stop();
    const before = bundles(cluster);
    cluster.remove(SECRET);
    await vi.waitFor(() => expect(bundles(cluster)).not.toEqual(before), soon);
    await ready(old);
    expect(namesIn(cluster)).toEqual(newer);
    names = ['validate.tidewaiter.dev'];
    await vi.waitFor(() => expect(namesIn(cluster)).toEqual(names), soon);
  });

  test('creates no configuration that was deleted, says so once, and stays ready', async () => {
    const cluster = memoryCluster();
    const one = replica(cluster, { registration: { objects: () => configuration(...BOTH), isReady } });
    await ready(one);
    await delay(300);
    expect(cluster.objects.has(VALIDATING)).toBe(false);
    expect(one.notes.filter((note) => note.includes('does not exist'))).toEqual([
      'ValidatingWebhookConfiguration "tidewaiter" does not exist, so API servers do not call it; apply the manifests again',
    ]);
  });
});

describe('several replicas', () => {
  test('that start at once with an empty Secret share one certificate', async () => {
    for (const isThere of [true, false]) {
      const cluster = newCluster();
      if (isThere) putSecret(cluster, {});
      cluster.before = () => delay(Math.random() * 10);
      const replicas = Array.from({ length: 5 }, () => replica(cluster));
      await ready(...replicas);
      expect(new Set(replicas.map((one) => one.leaf().serialNumber)).size).toBe(1);
      expect(replicas.flatMap(({ notes }) => notes).filter((note) => note.startsWith('generated'))).toHaveLength(1);
    }
  });

  test.each([5 * MINUTE_MS, -5 * MINUTE_MS])('agree when the clock of one is %i ms off', async (offMs) => {
    const cluster = newCluster();
    let offset = 0;
    const right = replica(cluster, { now: () => Date.now() + offset });
    const wrong = replica(cluster, { now: () => Date.now() + offset + offMs });
    await ready(right, wrong);
    for (const days of [59.99, 60, 63, 66, 488, 495, 512]) {
      offset = days * 86_400_000;
      await delay(400);
      const before = cluster.writes.length;
      await delay(200);
      // They do not undo what the other did.
      expect(cluster.writes.slice(before)).toEqual([]);
      expect(right.leaf().serialNumber).toBe(wrong.leaf().serialNumber);
      expect(right.leaf().validFromDate.getTime()).toBeLessThanOrEqual(Date.now() + offset - 5 * MINUTE_MS);
    }
  });

  /** The CA and the leaf change every second or so, and live long enough for a busy machine. */
  const FAST: Lifetimes = { caMs: 10_000, caRenewMs: 9000, leafMs: 8000, leafRenewMs: 7000 };

  test('never serve a certificate that a webhook does not trust, while CA and leaf rotate and requests are slow', async () => {
    const cluster = newCluster();
    cluster.before = () => delay(Math.random() * 30);
    const replicas = Array.from({ length: 3 }, () => replica(cluster, { lifetimes: FAST }));
    await ready(...replicas);
    const serials = new Set<string>();
    const cas = new Set<string>();
    const rejected: string[] = [];
    cluster.after = () => {
      for (const one of replicas) {
        const leaf = one.leaf();
        serials.add(leaf.serialNumber);
        for (const { fingerprint256 } of one.status().authorities) cas.add(fingerprint256);
        if (!isAccepted(cluster, leaf) || leaf.validToDate.getTime() < Date.now()) rejected.push(leaf.serialNumber);
      }
    };
    await delay(10_000);
    expect(rejected).toEqual([]);
    expect(serials.size).toBeGreaterThan(4);
    expect(cas.size).toBeGreaterThan(4);
    expect(Math.max(...bundles(cluster).map((bundle) => certificatesIn(bundle).length))).toBeLessThan(16);
  });
});

test('the lifetimes leave room for a leaf of the old CA', () => {
  expect(LIFETIMES.caRenewMs).toBeGreaterThan(LIFETIMES.leafMs);
});
