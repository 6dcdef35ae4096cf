/** Mirrors that hang, are slow, or are down, under load: nobody gets more than the share that docs/availability.md states, and others do not wait. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type AdmissionResponse, type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { type FaultServer, type React, startFaultServer } from '../../support/fault-registry.ts';

vi.setConfig({ testTimeout: 180_000 });

/** One namespace may have so many lookups at a time, and one review; see docs/availability.md. */
const [PER_NAMESPACE, PER_REVIEW] = [64, 32];
/** The time of a review, before the HTTP client gives up the mirror. */
const DEADLINE = '20s';

let server: BuiltServer | undefined;
const mirrors: FaultServer[] = [];
afterEach(async () => {
  await server?.stop();
  await Promise.all(mirrors.splice(0).map((mirror) => mirror.close()));
});

async function startMirror(react: React): Promise<FaultServer> {
  const mirror = await startFaultServer();
  mirror.reactWith(react);
  mirrors.push(mirror);
  return mirror;
}

const hostOf = ({ port }: FaultServer): string => `127.0.0.1:${port}`;

const hang: React = () => ({ how: 'hang' });
const found: React = () => ({
  headers: {
    'content-type': 'application/vnd.oci.image.index.v1+json',
    'docker-content-digest': `sha256:${'1'.repeat(64)}`,
  },
});

/** A policy for the namespace of its name. */
const policy = (name: string, rewrite: readonly object[]): string =>
  `${JSON.stringify({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name },
    spec: { match: { namespaces: [name] }, rewrite },
  })}\n`;

async function start(policies: readonly string[], hosts: readonly string[]): Promise<BuiltServer> {
  const folder = newFolder();
  const entries = hosts.map((host) => ({ host, insecure: true, allowPrivate: true, concurrency: 100 }));
  writeFileSync(path.join(folder, 'tidewaiter.yaml'), JSON.stringify({ registries: entries }));
  writeFileSync(path.join(folder, 'policies.yaml'), policies.join('---\n'));
  return (server = await startBuiltServer(folder, ['-p', 'policies.yaml']));
}

function podOf(namespace: string, images: readonly string[]): object {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace }, spec: { containers } };
}

const mutate = (pod: object, timeout = DEADLINE): Promise<AdmissionResponse> =>
  server?.send(`/mutate?timeout=${timeout}`, pod) ?? Promise.reject(new Error('no server'));

function patched({ patch = '' }: AdmissionResponse): string {
  return Buffer.from(patch, 'base64').toString();
}

/** The number of values of a metric for a policy, by outcome. */
async function outcomes(running: BuiltServer, name: string): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = {};
  for (const [labels, value] of await running.metrics('tidewaiter_rewrites_total')) {
    const [, of = '', outcome = ''] = /policy="(.*)",outcome="(.*)",cause/.exec(labels) ?? [];
    if (of === name) sums[outcome] = (sums[outcome] ?? 0) + value;
  }
  return sums;
}

test('mirrors that accept connections and never answer', async () => {
  const hung = await Promise.all([startMirror(hang), startMirror(hang), startMirror(hang)]);
  const healthy = await startMirror(found);
  const toHung = (other: string): readonly object[] =>
    hung.map((mirror, index) => {
      const onFailure = { notFound: 'keep', other };
      return { from: `r${index}.example.com/**`, to: `${hostOf(mirror)}/hub/**`, when: 'available', onFailure };
    });
  const actions = { shop: 'warn', large: 'warn', strict: 'deny', quiet: 'keep' };
  const others = [
    policy('always', [{ from: 'r0.example.com/**', to: `${hostOf(healthy)}/hub/**`, when: 'always' }]),
    policy('healthy', [{ from: 'r0.example.com/**', to: `${hostOf(healthy)}/hub/**` }]),
  ];
  const running = await start(
    [...Object.entries(actions).map(([name, other]) => policy(name, toHung(other))), ...others],
    [...hung, healthy].map(hostOf),
  );
  const imagesOf = (namespace: string, count: number, from = 0): readonly string[] =>
    Array.from({ length: count }, (_, index) => `r${index % hung.length}.example.com/${namespace}/a${from + index}:1`);
  /** The requests that the hung mirrors got for images of a namespace. */
  const asked = (namespace: string): number =>
    hung.flatMap(({ received }) => received.filter(({ url }) => url.includes(`/${namespace}/`))).length;

  // 120 images of 24 reviews, 50 of one review, and a few of others.
  const load = [
    ...Array.from({ length: 24 }, (_, index) => podOf('shop', imagesOf('shop', 5, index * 5))),
    podOf('large', imagesOf('large', 50)),
    podOf('strict', imagesOf('strict', 2)),
    podOf('quiet', imagesOf('quiet', 2)),
  ];
  let answered = 0;
  const affected = load.map((pod) => mutate(pod).finally(() => (answered += 1)));
  const counts = (): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.keys(actions).map((name) => [name, asked(name)]));
  const shares = { shop: PER_NAMESPACE, large: PER_REVIEW, strict: 2, quiet: 2 };
  await vi.waitFor(() => expect(counts()).toEqual(shares), { timeout: 15_000, interval: 20 });

  const free = await Promise.all(
    ['always', 'healthy', 'elsewhere'].map((namespace) => mutate(podOf(namespace, ['r0.example.com/web:1']))),
  );
  expect(answered).toBe(0);
  const web = `${hostOf(healthy)}/hub/web:1`;
  expect(free.map(patched)).toEqual([expect.stringContaining(web), expect.stringContaining(web), '']);
  expect(healthy.received).toHaveLength(1);
  expect(counts()).toEqual(shares);

  const answers = await Promise.all(affected);
  const isKept = /^container "c\d+": image "r\d\.example\.com\/\S+" is not rewritten to "127\.0\.0\.1:\d+\/hub\/\S+": /;
  for (const { allowed, warnings = [], patch } of answers.slice(0, 25)) {
    expect([allowed, patch]).toEqual([true, undefined]);
    expect(warnings).toContainEqual(expect.stringContaining(' did not respond before the deadline '));
    expect(warnings.slice(0, 5).filter((warning) => !isKept.test(warning))).toEqual([]);
  }
  const [denied, kept] = answers.slice(25);
  expect([denied?.allowed, denied?.status?.message]).toEqual([
    false,
    expect.stringContaining('[strict/rewrite, unknown -> deny]'),
  ]);
  expect([kept?.allowed, kept?.warnings, kept?.patch]).toEqual([true, undefined, undefined]);
  expect(await outcomes(running, 'shop')).toEqual({ failed: 120 });
  expect(await outcomes(running, 'large')).toEqual({ failed: 50 });
  expect(await outcomes(running, 'healthy')).toEqual({ rewritten: 1 });
  expect((await running.metrics('tidewaiter_rejected_requests_total')).size).toBe(0);

  // The failures are remembered: a new image costs no request, and the review does not wait for one.
  let tries = 0;
  await vi.waitFor(
    async () => {
      const image = `r0.example.com/shop/late${(tries += 1)}:1`;
      const { warnings } = await mutate(podOf('shop', [image]), '2s');
      expect(warnings).toEqual([expect.stringContaining('failed 5 times in a row and is skipped for ')]);
      expect(hung.flatMap(({ received }) => received.filter(({ url }) => url.includes(`/late${tries}/`)))).toEqual([]);
    },
    { timeout: 60_000, interval: 100 },
  );
});

test('a mirror that is slow: the image gets its name as soon as the mirror answers', async () => {
  const release = Promise.withResolvers<undefined>();
  const slow = await startMirror((received, before) => ({ ...found(received, before), after: release.promise }));
  const to = `${hostOf(slow)}/hub`;
  const running = await start([policy('shop', [{ from: 'r.example.com/**', to: `${to}/**` }])], [hostOf(slow)]);
  let answered = 0;
  const pods = Array.from({ length: 12 }, (_, index) => podOf('shop', [`r.example.com/a${index % 4}:1`]));
  const affected = pods.map((pod) => mutate(pod, '30s').finally(() => (answered += 1)));
  await vi.waitFor(() => expect(slow.received).toHaveLength(4), { timeout: 15_000, interval: 20 });
  expect(patched(await mutate(podOf('elsewhere', ['r.example.com/web:1'])))).toBe('');
  expect(answered).toBe(0);
  release.resolve(undefined);
  const names = (await Promise.all(affected)).map((answer) => patched(answer));
  expect(names).toEqual(pods.map((_, index) => expect.stringContaining(`"value":"${to}/a${index % 4}:1"`)));
  expect(slow.received).toHaveLength(4);
  expect(await outcomes(running, 'shop')).toEqual({ rewritten: 12 });
});

test('a mirror that is down', async () => {
  const down = await startMirror(found);
  const healthy = await startMirror(found);
  const rewrite = (mirror: FaultServer, other: string): readonly object[] => [
    { from: 'r.example.com/**', to: `${hostOf(mirror)}/hub/**`, onFailure: { notFound: 'keep', other } },
  ];
  const running = await start(
    [
      policy('shop', rewrite(down, 'warn')),
      policy('strict', rewrite(down, 'deny')),
      policy('healthy', rewrite(healthy, 'deny')),
    ],
    [down, healthy].map(hostOf),
  );
  await down.close();
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => mutate(podOf('shop', [`r.example.com/a${index}:1`]))),
  );
  expect(new Set(answers.map(({ allowed, patch }) => `${allowed} ${patch}`))).toEqual(new Set(['true undefined']));
  expect(answers.flatMap(({ warnings = [] }) => warnings)).toHaveLength(40);
  const { warnings = [] } = await mutate(podOf('shop', ['r.example.com/last:1']));
  expect(warnings).toEqual([expect.stringMatching(/ECONNREFUSED|refused|skipped for/)]);
  const [strict, other] = await Promise.all(
    ['strict', 'healthy'].map((name) => mutate(podOf(name, ['r.example.com/web:1']))),
  );
  expect([strict?.allowed, other && patched(other)]).toEqual([
    false,
    expect.stringContaining(`${hostOf(healthy)}/hub/web:1`),
  ]);
  expect(await outcomes(running, 'shop')).toEqual({ failed: 41 });
  expect(await outcomes(running, 'strict')).toEqual({ failed: 1 });
});
