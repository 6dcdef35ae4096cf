/** The rule `mirror-differs` with an origin and a mirror: `check`, the server, and a replay of its recording give the same result. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { clusterObjectsIn } from '../../src/files/cluster-objects.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { generationOf } from '../../src/cli/generation-hash.ts';
import type { CheckReport } from '../../src/report/check.ts';
import type { ReplayDocument } from '../../src/report/replay/json.ts';
import { createRecorder } from '../../src/server/recording/recorder.ts';
import { compose, openRegistries } from '../../src/wiring.ts';
import { objectOf } from '../admission/decide.ts';
import { settingsFor } from '../recording/batches.ts';
import { startAdmissionServer } from '../support/admission-server.ts';
import { runCommand } from '../support/command.ts';
import { type FaultServer, startFaultServer } from '../support/fault-registry.ts';
import { type OriginAndMirror, startOriginAndMirror } from '../support/origin-and-mirror.ts';
import { type MadeImage, makeImage } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import { dockerRegistryMissing } from '../support/registry-process.ts';
import { createReview } from '../support/review.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-mirror-differs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const LINUX = { os: 'linux', architecture: 'amd64' };
const [ONE, TWO] = [1, 2].map((month) => makeImage(LINUX, `2026-0${month}-02T03:04:05Z`)) as [MadeImage, MadeImage];
const [FIRST, SECOND] = [ONE, TWO].map(({ manifest }) => manifest.digest);
const ABSENT = `sha256:${'a'.repeat(64)}`;

interface Row {
  readonly what: string;
  /** At the mirror, unless it has a registry. */
  readonly image: string;
  readonly parameters?: string;
  /** The registry of the original; by default, the origin. */
  readonly origin?: 'origin' | 'down' | 'locked' | 'slow' | 'several';
  readonly node?: boolean;
  /** `rule action outcome: message`; `ORIGIN` and `MIRROR` are the names of the registries. */
  readonly findings: readonly string[];
}

const SAME = 'cannot determine whether the original of image';

const ROWS: readonly Row[] = [
  { what: 'equal', image: 'hub/shop/web:both', findings: [] },
  {
    what: 'another image under the tag',
    image: 'hub/shop/web:other',
    findings: [
      `deny violation: image "MIRROR/hub/shop/web:other" has ${SECOND}, but the original "ORIGIN/shop/web:other" has ${FIRST}`,
    ],
  },
  { what: 'pinned, and the tag of the original has moved since', image: `hub/shop/web:moved@${FIRST}`, findings: [] },
  { what: 'only a digest', image: `hub/shop/web@${FIRST}`, findings: [] },
  {
    what: 'pinned to a digest that the original does not have',
    image: `hub/shop/web:other@${SECOND}`,
    findings: [
      `deny violation: image "MIRROR/hub/shop/web:other@${SECOND}" is not in its original repository "ORIGIN/shop/web": the registry has the tag "other", but not the digest`,
    ],
  },
  {
    what: 'the same, ignored',
    image: `hub/shop/web:other@${SECOND}`,
    parameters: '{onMissing: {digest: ignore}}',
    findings: [],
  },
  {
    what: 'no tag at the original, which can hide images',
    image: 'hub/shop/web:mirror',
    findings: [
      `warn unknown: ${SAME} "MIRROR/hub/shop/web:mirror" is the same: ORIGIN does not have "shop/web:mirror"`,
    ],
  },
  {
    what: 'no tag at the original',
    image: 'hub/shop/web:mirror',
    node: true,
    findings: [
      `deny unknown: ${SAME} "MIRROR/hub/shop/web:mirror" is the same: ORIGIN does not have "shop/web:mirror"`,
    ],
  },
  {
    what: 'neither tag nor digest at the original',
    image: `hub/shop/web:mirror@${ABSENT}`,
    node: true,
    parameters: '{onMissing: {image: violation}}',
    findings: [
      `deny violation: image "MIRROR/hub/shop/web:mirror@${ABSENT}" cannot be compared with its original "ORIGIN/shop/web": ORIGIN does not have "shop/web@${ABSENT}"`,
    ],
  },
  {
    what: 'an original that is down',
    image: 'hub/shop/web:both',
    origin: 'down',
    findings: [`warn unknown: ${SAME} "MIRROR/hub/shop/web:both" is the same: ORIGIN refused the connection`],
  },
  {
    what: 'an original that requires a credential',
    image: 'shop/web:both',
    origin: 'locked',
    findings: [`warn unknown: ${SAME} "MIRROR/shop/web:both" is the same: ORIGIN returned HTTP 401`],
  },
  {
    what: 'an original that does not respond',
    image: 'hub/shop/web:both',
    origin: 'slow',
    findings: [`warn unknown: ${SAME} "MIRROR/hub/shop/web:both" is the same: ORIGIN`],
  },
  {
    what: 'several originals',
    image: 'hub/shop/web:both',
    origin: 'several',
    findings: ['deny unknown: cannot determine the original of image "MIRROR/hub/shop/web:both": the rewrites of'],
  },
  { what: 'no rewrite', image: 'own/web:1', findings: [] },
];

describeWith(dockerRegistryMissing, 'mirror-differs', () => {
  let registries: OriginAndMirror;
  let slow: FaultServer;

  beforeAll(async () => {
    registries = await startOriginAndMirror();
    slow = await startFaultServer();
    slow.reactWith(() => ({ how: 'hang' }));
    for (const [at, image, tag] of [
      ['origin', ONE, 'both'],
      ['mirror', ONE, 'both'],
      ['origin', ONE, 'other'],
      ['mirror', TWO, 'other'],
      ['origin', ONE, 'moved'],
      ['origin', makeImage(LINUX, '2026-03-02T03:04:05Z'), 'moved'],
      ['mirror', ONE, 'moved'],
      ['mirror', ONE, 'mirror'],
    ] as const)
      await registries.push(at, image, tag);
  });
  afterAll(async () => {
    await registries?.stop();
    await slow?.close();
  });

  /** The hosts of a row, and its files. */
  function prepare({ image, parameters = '{}', origin = 'origin', node = false }: Row): Prepared {
    const { origin: open, mirror: locked, down, config, secret } = registries;
    const slowHost = `127.0.0.1:${slow.port}`;
    const hosts = { origin: open.host, several: open.host, down: down.host, locked: locked.host, slow: slowHost };
    const from = hosts[origin];
    const mirror = origin === 'locked' ? open.host : locked.host;
    const rewrite =
      origin === 'locked'
        ? [`{from: "${from}/hub/**", to: "${mirror}/**"}`]
        : [from, ...(origin === 'several' ? [slowHost] : [])].map(
            (host) => `{from: "${host}/**", to: "${mirror}/hub/**"}`,
          );
    const entry = `, {host: "${slowHost}", insecure: true, allowPrivate: true}]\n`;
    const policy = file(
      'policy.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rewrite: [${rewrite.join(', ')}], rules: [{rule: mirror-differs, parameters: ${parameters}}]}\n`,
    );
    const secrets = origin === 'locked' ? '' : 'imagePullSecrets: [{name: mirror}], ';
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {${secrets}containers: [{name: c, image: "${mirror}/${image}"}]}\n`;
    return {
      policy,
      config: file('tidewaiter.yaml', `${config.replace(/]\n$/, entry)}${node ? 'nodeCredentials: {}\n' : ''}`),
      input: file('pod.yaml', `${pod}---\n${secret}`),
      pod,
      shown: (text) => text.replaceAll(from, 'ORIGIN').replaceAll(mirror, 'MIRROR'),
    };
  }

  test.each(ROWS)('$what', async (row) => {
    const { findings, origin } = row;
    const prepared = prepare(row);
    const expected = findings.map((text) => expect.stringContaining(text) as string);
    expect(await servedAndReplayed(prepared, origin === 'slow' ? '1s' : '10s')).toEqual(expected);
    // A registry that hangs is slow for commands as well.
    if (origin !== 'slow') expect(await checked(prepared)).toEqual(expected);
    expect(await checked(prepared, '--offline')).toEqual(offline(row));
  });

  test('a recording from before the rule does not have the originals', async () => {
    const prepared = prepare({ what: '', image: 'hub/shop/web:other', findings: [] });
    const before = readFileSync(prepared.policy, 'utf8').replace('mirror-differs, parameters: {}', 'image-exists');
    const { directory } = await served({ ...prepared, policy: file('before.yaml', before) }, '10s');
    const { out } = await runCommand(['replay', directory, '-p', prepared.policy, '--all', '-o', 'json']);
    const [row] = (JSON.parse(out) as ReplayDocument).reviews;
    const missing = `the digest of image "ORIGIN/shop/web:other"`;
    expect([row?.change, row?.missing?.map((text) => prepared.shown(text))]).toEqual(['unknown', [missing]]);
  });

  test.each([
    { image: 'hub/shop/web:both', state: 'same' },
    { image: 'hub/shop/web:other', state: 'mirror-differs' },
    { image: `hub/shop/web:moved@${FIRST}`, state: 'same' },
    { image: `hub/shop/web:other@${SECOND}`, state: 'mirror-differs' },
  ])('explain image tells that $image is $state', async ({ image, state }) => {
    const { policy, config } = prepare({ what: '', image, findings: [] });
    const secret = file('secret.yaml', registries.secret);
    const flags = ['--resolve', '-p', policy, '-c', config, '--pull-secret', secret, '-o', 'json'];
    const { out, code } = await runCommand(['explain', 'image', `${registries.mirror.host}/${image}`, ...flags]);
    expect(JSON.parse(out)).toMatchObject({ mirror: { state } });
    expect(code).toBe(0);
  });
});

interface Prepared {
  readonly policy: string;
  readonly config: string;
  readonly input: string;
  readonly pod: string;
  readonly shown: (text: string) => string;
}

async function checked(
  { input, policy, config, shown }: Prepared,
  ...flags: readonly string[]
): Promise<readonly string[]> {
  const { out } = await runCommand(['check', input, '-p', policy, '-c', config, '-o', 'json', ...flags]);
  const { findings } = JSON.parse(out) as CheckReport;
  return findings.map(({ action, outcome, message }) => shown(`${action} ${outcome}: ${message}`));
}

/** Originals are known without a registry. */
function offline({ image, origin, findings }: Row): readonly unknown[] {
  if (image === 'own/web:1') return [];
  if (origin === 'several') return findings.map((text) => expect.stringContaining(text) as string);
  return [expect.stringMatching(/^warn unknown: .*: registry lookups are disabled$/) as string];
}

/** The recording is replayed without the registries. */
async function servedAndReplayed(prepared: Prepared, timeout: string): Promise<readonly string[]> {
  const { directory, text, findings } = await served(prepared, timeout);
  const { out } = await runCommand(['replay', directory, '-p', prepared.policy, '--all', '-o', 'json']);
  const [row] = (JSON.parse(out) as ReplayDocument).reviews;
  expect(row?.answers?.validate).toBe(text);
  expect(row?.change).toBe('same');
  return findings;
}

interface Served {
  /** Of the recording. */
  readonly directory: string;
  readonly text: string;
  readonly findings: readonly string[];
}

async function served({ policy, config: configFile, input, pod, shown }: Prepared, timeout: string): Promise<Served> {
  const directory = mkdtempSync(path.join(folder, 'r-'));
  const loaded = await loadConfig({ policy: [policy], config: configFile }, {});
  const { config } = loaded;
  const registry = await openRegistries(config, { credentials: 'node', callers: 'tenants', warn: () => undefined });
  const options = { kinds: kindTable(), namespace: 'default', stdin: process.stdin };
  const { namespaces, secrets, serviceAccounts } = clusterObjectsIn((await loadManifests([input], options)).manifests);
  const composed = await compose(config, { world: { namespaces, secrets, serviceAccounts, ...registry.sources } });
  const recorder = createRecorder(settingsFor(directory, { each: 'review' }), {
    version: '0.1.0',
    log: { info: () => undefined, error: () => undefined },
    metrics: { count: () => undefined, setFailing: () => undefined },
  });
  const server = await startAdmissionServer(
    { ...composed.context, generation: generationOf(loaded, composed, '') },
    { recorder },
  );
  const reply = await server.post(`/validate?timeout=${timeout}`, JSON.stringify(createReview(objectOf(pod))));
  await server.stop();
  await recorder.close(60_000);
  await registry.close();
  const findings = server.reviews[0]?.decision?.findings ?? [];
  return {
    directory,
    text: reply.text,
    findings: findings.map(({ action, outcome, message }) => shown(`${action} ${outcome}: ${message}`)),
  };
}
