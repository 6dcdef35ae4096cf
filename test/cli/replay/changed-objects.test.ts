/**
 * Serves, records, and replays policies that change objects, with a real origin and a real mirror: the answers of a replay are those
 * of the server, byte for byte.
 */
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyPatch, type Operation } from 'rfc6902';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generationOf } from '../../../src/cli/generation-hash.ts';
import { type Config, loadConfig } from '../../../src/config/config.ts';
import { clusterObjectsIn } from '../../../src/files/cluster-objects.ts';
import { inflated } from '../../../src/files/inflate.ts';
import { loadManifests } from '../../../src/files/manifests.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { createRecorder } from '../../../src/server/recording/recorder.ts';
import { compose, openRegistries } from '../../../src/wiring.ts';
import { settingsFor } from '../../recording/batches.ts';
import { startAdmissionServer } from '../../support/admission-server.ts';
import { runCommand } from '../../support/command.ts';
import { makeImage, pushImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_USER,
  type RunningRegistry,
  startRegistry,
} from '../../support/registry-process.ts';
import { createReview } from '../../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-changed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { username, password } = HTPASSWD_USER;
const AMD64 = { os: 'linux', architecture: 'amd64' };
const [SAME, OTHER] = ['2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'].map((created) => makeImage(AMD64, created)) as [
  ReturnType<typeof makeImage>,
  ReturnType<typeof makeImage>,
];

interface Step {
  readonly what: string;
  readonly object: JsonObject;
  readonly oldObject?: JsonObject;
  readonly more?: JsonObject;
  /** What the answers contain. */
  readonly expected: readonly string[];
}

/** A recording has hashes of the names of users. */
function withoutUsers(text = ''): string {
  // A warning that is cut has less of its end if the user name is longer.
  return text.replaceAll(/\(user [^)]*\)/g, '(user)').replaceAll(/\(user\)[^"…]*…/g, '(user)…');
}

interface Answer {
  readonly response: { readonly patch?: string };
}

describeWith(dockerRegistryMissing, 'a recording of a server whose policies change objects', () => {
  let [origin, mirror]: readonly RunningRegistry[] = [];
  let steps: readonly Step[] = [];
  let policy = '';
  let config: Config;
  const served: { readonly what: string; readonly endpoint: string; readonly text: string }[] = [];
  const recording = mkdtempSync(path.join(folder, 'recording-'));

  const host = (registry: RunningRegistry | undefined): string => registry?.host ?? '';
  const policyText = (registry: string, path_ = 'hub'): string => `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: mirror}
spec:
  match: {namespaceSelector: {matchLabels: {mirror: hub}}}
  rewrite:
    - {from: "${host(origin)}/**", to: "${registry}/${path_}/**", annotate: true, onFailure: warn}
  pin: {onFailure: warn, annotate: true}
  pullSecrets:
    - {images: ["${registry}/**"], add: [mirror-pull, wrong-secret, gone]}
    - {images: ["${registry}/**"], add: [mirror-pull], mode: workload}
  pullPolicy: [{digest: true, set: IfNotPresent}, {set: Always}]
  rules:
    - {rule: cel, parameters: {expression: 'original.registry == "${host(origin)}"', message: from elsewhere}}
    - {rule: pull-secret-coverage, action: warn, parameters: {}}
    - {rule: image-exists, action: warn}
`;

  const spec = (...images: readonly string[]): JsonObject => ({
    containers: images.map((image, index) => ({
      name: `c${index}`,
      image,
      imagePullPolicy: 'IfNotPresent',
      env: [{ name: 'API_PASSWORD', value: 'hunter22' }],
    })),
  });
  const pod = (name: string, podSpec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: podSpec,
  });
  const deployment = (name: string, podSpec: JsonObject, { metadata = {}, template = {} } = {}): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { template: { metadata: { labels: { app: name }, ...template }, spec: podSpec } },
  });

  beforeAll(async () => {
    [origin, mirror] = await Promise.all([
      startRegistry('docker-registry', { kind: 'open' }),
      startRegistry('docker-registry', { kind: 'htpasswd' }),
    ]);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    for (const [name, tag, image, copy] of [
      ['shop/web', '1', SAME, SAME],
      ['shop/two', '2', SAME, OTHER],
      ['shop/only-here', '1', SAME, undefined],
      ['shop/late', '1', SAME, SAME],
    ] as const) {
      await pushImage({ origin: origin?.origin ?? '', repository: name }, image, tag);
      if (copy !== undefined)
        await pushImage({ origin: mirror?.origin ?? '', repository: `hub/${name}`, authorization }, copy, tag);
    }
    policy = path.join(folder, 'policy.yaml');
    writeFileSync(policy, policyText(host(mirror)));
    const registries = [origin, mirror].map((one) => ({ host: host(one), insecure: true, allowPrivate: true }));
    const file = path.join(folder, 'tidewaiter.yaml');
    writeFileSync(file, JSON.stringify({ registries }));
    ({ config } = await loadConfig({ config: file, policy: [policy] }, {}));
    steps = stepsFor(host(origin), host(mirror));
    await serve();
  }, 120_000);
  afterAll(async () => {
    await origin?.stop();
    await mirror?.stop();
  });

  function stepsFor(from: string, to: string): readonly Step[] {
    const web = `${from}/shop/web:1`;
    const pinned = `${to}/hub/shop/web:1@${SAME.manifest.digest}`;
    const live = { name: 'live', namespace: 'shop' };
    const restart = { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01' } };
    const claim = { annotations: { 'tidewaiter.dev/original-images': JSON.stringify({ '/spec/containers/c0': web }) } };
    const applied = {
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(deployment('web', spec(web))),
      },
    };
    return [
      {
        what: 'a Pod',
        object: pod('a', spec(web), { annotations: { team: 'private note' } }),
        expected: [pinned, 'mirror-pull', 'wrong-secret', '"gone'],
      },
      {
        what: 'a Pod with a list of its own',
        object: pod('b', { ...spec(web), imagePullSecrets: [{ name: 'own' }] }),
        expected: [pinned],
      },
      {
        what: 'an image with a digest that the mirror does not have',
        object: pod('c', spec(`${from}/shop/two:2@${SAME.manifest.digest}`)),
        expected: ['is not rewritten to'],
      },
      {
        what: 'a tag that is another image in the mirror',
        object: pod('d', spec(`${from}/shop/two:2`)),
        expected: [OTHER.manifest.digest],
      },
      {
        what: 'an image that the mirror lacks',
        object: pod('e', spec(`${from}/shop/only-here:1`, web)),
        expected: [`${from}/shop/only-here:1@${SAME.manifest.digest}`, pinned],
      },
      { what: 'a Deployment', object: deployment('web', spec(web)), expected: [pinned, 'sa-pull'] },
      {
        what: 'a Deployment that is applied again',
        object: deployment('web', spec(web), { metadata: applied }),
        oldObject: deployment('web', spec(pinned), { metadata: applied }),
        expected: [pinned],
      },
      {
        what: 'a Deployment that is restarted',
        object: deployment('web', spec(pinned), { metadata: applied, template: restart }),
        oldObject: deployment('web', spec(pinned), { metadata: applied }),
        expected: [],
      },
      {
        what: 'a Deployment that is applied and restarted',
        object: deployment('web', spec(web), { metadata: applied, template: restart }),
        oldObject: deployment('web', spec(pinned), { metadata: applied }),
        expected: [pinned],
      },
      {
        what: 'a live Pod that is applied again',
        object: pod('live', spec(web), live),
        oldObject: pod('live', spec(pinned), live),
        expected: [pinned],
      },
      {
        what: 'a claimed original',
        object: pod('f', spec('127.0.0.1:9/evil/web:1'), claim),
        expected: ['from elsewhere'],
      },
      {
        what: 'an ephemeral container',
        object: pod('live', { ...spec(pinned), ephemeralContainers: [{ name: 'debug', image: web }] }, live),
        oldObject: pod('live', spec(pinned), live),
        more: { subResource: 'ephemeralcontainers' },
        expected: ['/spec/ephemeralContainers/0/image'],
      },
      { what: 'another namespace', object: pod('g', spec(web), { namespace: 'away' }), expected: [] },
    ];
  }

  const secret = (name: string, user: string = username, secretText: string = password): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'shop' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: {
        '.dockerconfigjson': JSON.stringify({ auths: { [host(mirror)]: { username: user, password: secretText } } }),
      },
    });

  /** The objects of the cluster. */
  async function cluster(): Promise<ReturnType<typeof clusterObjectsIn>> {
    const file = path.join(folder, 'cluster.yaml');
    const objects = [
      secret('mirror-pull'),
      secret('wrong-secret', 'eve', 'guess'),
      secret('own', 'eve', 'guess'),
      secret('sa-pull', 'eve', 'guess'),
      ...['shop', 'away'].map((name) => {
        const metadata = { name, labels: name === 'shop' ? { mirror: 'hub' } : {} };
        return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata });
      }),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: 'shop' },
        imagePullSecrets: [{ name: 'sa-pull' }],
      }),
    ];
    writeFileSync(file, objects.join('\n---\n'));
    const { kinds } = config;
    const { manifests } = await loadManifests([file], { kinds, namespace: 'default', stdin: process.stdin });
    return clusterObjectsIn(manifests);
  }

  /** Reviews as the API server sends them: the mutated object is validated. The mirror is stopped before the last round. */
  async function serve(): Promise<void> {
    const { errors: _none, ...objects } = await cluster();
    const registry = await openRegistries(config, { credentials: 'node', callers: 'tenants', warn: () => undefined });
    const { context } = await compose(config, { world: { ...objects, ...registry.sources } });
    const loaded = await loadConfig({ policy: [policy] }, {});
    const generation = generationOf(loaded, await compose(loaded.config), '');
    const recorder = createRecorder(settingsFor(recording, { each: 'review' }), {
      version: '0.1.0',
      log: { info: () => undefined, error: () => undefined },
      metrics: { count: () => undefined, setFailing: () => undefined },
    });
    const server = await startAdmissionServer({ ...context, generation }, { recorder });
    const post = async (endpoint: string, review: unknown, what: string): Promise<Answer> => {
      const { text } = await server.post(`/${endpoint}?timeout=10s`, JSON.stringify(review));
      served.push({ what, endpoint, text });
      return JSON.parse(text) as Answer;
    };
    const late = {
      what: 'an image that is new',
      object: pod('late', spec(`${host(origin)}/shop/late:1`)),
      expected: [],
    };
    for (const round of ['up', 'down']) {
      if (round === 'down') await mirror?.stop();
      const all: readonly Step[] = round === 'down' ? [...steps, late] : steps;
      for (const { what, object, oldObject, more = {} } of all) {
        const old = oldObject === undefined ? {} : { operation: 'UPDATE', oldObject };
        const namespace = (object['metadata'] as JsonObject)['namespace'];
        const reviewOf = (changed: JsonObject): JsonObject => createReview(changed, { ...old, ...more, namespace });
        const { response } = await post('mutate', reviewOf(object), `${what}, mirror ${round}`);
        const changed = structuredClone(object);
        applyPatch(changed, JSON.parse(Buffer.from(response.patch ?? 'W10=', 'base64').toString()) as Operation[]);
        await post('validate', reviewOf(changed), `${what}, mirror ${round}`);
      }
    }
    await server.stop();
    await recorder.close(60_000);
    await registry.close();
  }

  async function replayed(...argv: readonly string[]): Promise<ReplayDocument> {
    const { out, note } = await runCommand(['replay', recording, '--all', '-o', 'json', ...argv]);
    expect(note).toBe('');
    return JSON.parse(out) as ReplayDocument;
  }

  test('has changed the objects as the policies say', () => {
    for (const { what, expected } of steps) {
      const texts = served.filter((one) => one.what === `${what}, mirror up`).map(({ text }) => text);
      const all = texts.map((text) => {
        const { response } = JSON.parse(text) as Answer;
        return text + Buffer.from(response.patch ?? '', 'base64').toString();
      });
      for (const part of expected) expect(all.join('\n'), what).toContain(part);
      if (expected.length === 0) expect(all.join('\n'), what).not.toContain('"patch"');
    }
  });

  test('has kept an image while the mirror was down', () => {
    const [first, second] = served.slice(-2).map(({ text }) => text);
    expect(first).toContain('is not rewritten to');
    expect(first).toContain('ECONNREFUSED');
    expect(second).not.toContain(`${host(mirror)}/hub`);
  });

  test('gives the same answers again', async () => {
    const report = await replayed('-p', policy);
    expect(report.reviews).toHaveLength(served.length);
    const answers = report.reviews.map(({ answers: own, endpoint }) => own?.[endpoint ?? 'validate']);
    const different = served.flatMap((one, index) =>
      withoutUsers(answers[index]) === withoutUsers(one.text) ? [] : [{ ...one, replayed: answers[index] }],
    );
    expect(different).toEqual([]);
    expect(report.reviews.filter(({ change }) => change !== 'same')).toEqual([]);
  });

  test('contains the facts and no secret', async () => {
    const chunks: Buffer[] = [];
    for (const name of readdirSync(recording))
      for await (const chunk of inflated(createReadStream(path.join(recording, name)))) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    for (const hidden of [password, 'hunter22', 'guess', 'private note']) expect(text).not.toContain(hidden);
    for (const kept of ['original-images', 'imagePullSecrets', 'mirror-pull']) expect(text).toContain(kept);
  });

  test('does not know another mirror', async () => {
    const other = path.join(folder, 'other.yaml');
    writeFileSync(other, policyText('other.example.com'));
    const { reviews, summary } = await replayed('-p', other);
    const mutations = reviews.filter(({ endpoint }) => endpoint === 'mutate');
    const [first] = mutations;
    expect(first).toMatchObject({
      change: 'unknown',
      missing: expect.arrayContaining(['the digest of image "other.example.com/hub/shop/web:1"']),
    });
    // Images that the policy does not rewrite are known.
    expect(new Set(mutations.map(({ change }) => change))).toEqual(new Set(['unknown', 'same', 'patch']));
    expect(summary.missingFacts).toBeGreaterThanOrEqual(mutations.filter(({ change }) => change === 'unknown').length);
  });

  test('shows the patch that a policy changes', async () => {
    const other = path.join(folder, 'path.yaml');
    const onlyRewrite = `{rewrite: [{from: "${host(origin)}/**", to: "new.example.com/**", when: always}]}`;
    writeFileSync(
      other,
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: mirror}, spec: ${onlyRewrite}}`,
    );
    const { reviews } = await replayed('-p', other);
    expect(reviews[0]).toMatchObject({
      change: 'patch',
      after: { patch: [{ op: 'replace', value: 'new.example.com/shop/web:1', path: '/spec/containers/0/image' }] },
    });
    const { out } = await runCommand(['replay', recording, '-p', other]);
    expect(out).toContain('another patch');
    expect(out).toContain('is {"op":"replace","path":"/spec/containers/0/image","value":"new.example.com/shop/web:1"}');
  });
});
