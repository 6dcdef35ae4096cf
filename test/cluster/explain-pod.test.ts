// `explain pod POD --cluster` against a real API server and Debian's registry.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { LivePodSummary } from '../../src/report/live-pod.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { makeImage, makeIndex, pushIndex } from '../support/push-image.ts';
import { describeWith } from '../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_USER,
  type RunningRegistry,
  startRegistry,
} from '../support/registry-process.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createLivePod, created, createNode, dockerSecret, type LivePod, running, waiting } from './live-pods.ts';
import { createNamespace } from './objects.ts';

const NAMESPACE = 'shop';
const AUTHORIZATION = `Basic ${Buffer.from(`${HTPASSWD_USER.username}:${HTPASSWD_USER.password}`).toString('base64')}`;
const OLD = `sha256:${'0d17b565'.repeat(8)}`;

vi.setConfig({ testTimeout: 60_000 });

describeWith(assetsMissing ?? dockerRegistryMissing, 'explain pod --cluster', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-live-'));
  let plane: ControlPlane;
  let registry: RunningRegistry;
  let index: ReturnType<typeof makeIndex>;

  beforeAll(async () => {
    registry = await startRegistry('docker-registry', { kind: 'htpasswd' });
    const images = ['amd64', 'arm64'].map((architecture) =>
      makeImage({ os: 'linux', architecture }, '2026-01-02T03:04:05Z'),
    );
    index = makeIndex(images);
    const to = { origin: registry.origin, authorization: AUTHORIZATION };
    await pushIndex({ ...to, repository: 'shop/web' }, index, '1.0');
    await pushIndex({ ...to, repository: 'shop/arm' }, makeIndex(images.slice(1)), '1.0');
    writeFileSync(
      path.join(folder, 'config.yaml'),
      JSON.stringify({ registries: [{ host: registry.host, insecure: true, allowPrivate: true }] }),
    );
    plane = await startControlPlane();
    await createNamespace(plane, NAMESPACE);
    await createNode(plane, 'node-1', 'amd64');
    const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets`;
    await created(plane, secrets, dockerSecret('regcred', registry.host, HTPASSWD_USER));
    await created(plane, secrets, dockerSecret('wrong', registry.host, { username: 'ci', password: 'hush-hush' }));
  }, 120_000);

  afterAll(async () => {
    await plane?.stop();
    await registry?.stop();
    rmSync(folder, { recursive: true });
  });

  const image = (name: string): string => `${registry.host}/shop/${name}`;

  async function explain(name: string, ...more: readonly string[]): Promise<CommandResult> {
    const options = ['-n', NAMESPACE, '--kubeconfig', plane.kubeconfig, '-c', path.join(folder, 'config.yaml')];
    return runCommand(['explain', 'pod', name, ...options, ...more]);
  }

  async function summaryOf(name: string, ...more: readonly string[]): Promise<LivePodSummary> {
    const { code, out, note } = await explain(name, '-o', 'json', ...more);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    return JSON.parse(out) as LivePodSummary;
  }

  /** A Pod whose container cannot pull its image. */
  async function failing(
    name: string,
    { spec = {}, wanted, reason = 'ImagePullBackOff', error }: Failing,
  ): Promise<void> {
    const containers = [{ name: 'web', image: wanted }];
    const message =
      reason === 'ImagePullBackOff' ? `Back-off pulling image "${wanted}": ErrImagePull: ${error}` : error;
    const status = { phase: 'Pending', containerStatuses: [waiting('web', wanted, reason, message)] };
    const events: LivePod['events'] = [
      { reason: 'Failed', message: `Failed to pull image "${wanted}": ${error}`, container: 'web', count: 4 },
      { reason: 'Failed', message: 'Error: ErrImagePull', container: 'web', count: 4 },
      { reason: 'BackOff', message: `Back-off pulling image "${wanted}"`, container: 'web', count: 9 },
    ];
    await createLivePod(plane, {
      namespace: NAMESPACE,
      name,
      spec: { nodeName: 'node-1', containers, ...spec },
      status,
      events,
    });
  }

  interface Failing {
    readonly spec?: object;
    readonly wanted: string;
    readonly reason?: string;
    readonly error: string;
  }

  const noBasicAuth = (wanted: string): string =>
    `rpc error: code = Unknown desc = failed to pull and unpack image "${wanted}": failed to resolve reference "${wanted}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;

  describe('a Pod that runs', () => {
    beforeAll(async () => {
      const web = image('web:1.0');
      const [amd64] = index.images;
      const spec = {
        nodeName: 'node-1',
        imagePullSecrets: [{ name: 'regcred' }, { name: 'absent' }],
        initContainers: [
          { name: 'migrate', image: web },
          { name: 'proxy', image: web, restartPolicy: 'Always' },
        ],
        containers: [{ name: 'web', image: `${web}@${index.manifest.digest}` }],
        volumes: [{ name: 'model', image: { reference: image('model:2') } }],
      };
      const repository = image('web');
      const status = {
        phase: 'Running',
        initContainerStatuses: [
          {
            ...running('migrate', web, `${repository}@${index.manifest.digest}`),
            state: { terminated: { exitCode: 0, reason: 'Completed' } },
          },
          running('proxy', web, `docker-pullable://${repository}@${OLD}`),
        ],
        containerStatuses: [running('web', web, `${repository}@${amd64?.manifest.digest}`)],
        ephemeralContainerStatuses: [running('debug', web, `sha256:${'1'.repeat(64)}`)],
      };
      await createLivePod(plane, { namespace: NAMESPACE, name: 'healthy', spec });
      const ephemeral = { spec: { ephemeralContainers: [{ name: 'debug', image: web }] } };
      const pods = `/api/v1/namespaces/${NAMESPACE}/pods/healthy`;
      await plane.request('PATCH', `${pods}/ephemeralcontainers`, ephemeral, 'application/strategic-merge-patch+json');
      await plane.request('PATCH', `${pods}/status`, { status });
    });

    test('shows what runs, and what the tag points to now', async () => {
      const { node, containers, pullSecrets } = await summaryOf('healthy');
      expect(node).toEqual({
        name: 'node-1',
        platform: 'linux/amd64',
        runtime: 'containerd://2.1.4',
        kubelet: 'v1.37.2',
        problem: null,
      });
      expect(pullSecrets.secrets.map(({ name, state }) => `${name} ${state}`)).toEqual([
        'regcred usable',
        'absent absent',
      ]);
      const rows = containers.map(({ kind, name, state, running: { state: known }, registryNow }) => {
        return [kind, name, state, known, registryNow.state, registryNow.isRunning];
      });
      expect(rows).toEqual([
        ['volume', 'model', 'none', 'none', 'no', null],
        ['init', 'migrate', 'terminated', 'known', 'yes', true],
        ['sidecar', 'proxy', 'running', 'known', 'yes', false],
        ['regular', 'web', 'running', 'known', 'yes', true],
        ['ephemeral', 'debug', 'running', 'unknown', 'yes', null],
      ]);
      expect(containers[1]?.registryNow).toMatchObject({
        digest: index.manifest.digest,
        credential: `pull secret "regcred", key "${registry.host}" (user ci)`,
      });
      expect(containers.map(({ errors, cause }) => [errors, cause])).toEqual(containers.map(() => [[], null]));
    });

    test('is a tree', async () => {
      const { code, out } = await explain('healthy');
      expect(code).toBe(0);
      const text = out.replace(/created .* ago/, 'created TIME ago').replaceAll(registry.host, 'HOST');
      expect(text).toBe(tree(index.manifest.digest, index.images[0]?.manifest.digest ?? ''));
    });
  });

  describe('a Pod whose image is not pulled', () => {
    test('reports pod-older-than-secret', async () => {
      const accounts = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
      await created(plane, accounts, { metadata: { name: 'puller' } });
      const wanted = image('web:1.0');
      await failing('older', { spec: { serviceAccountName: 'puller' }, wanted, error: noBasicAuth(wanted) });
      await plane.request('PATCH', `${accounts}/puller`, { imagePullSecrets: [{ name: 'regcred' }] });
      const { containers, serviceAccountSecrets } = await summaryOf('older');
      expect(serviceAccountSecrets).toEqual(['regcred']);
      expect(containers[0]?.cause).toEqual({
        cause: 'pod-older-than-secret',
        message: 'ServiceAccount "puller" lists pull secret "regcred", which matches the image, but the Pod does not',
        remedy: 'delete the Pod so that its controller creates it again',
      });
    });

    test('shows the event of an image volume', async () => {
      const volumes = [{ name: 'model', image: { reference: image('model:2') } }];
      const spec = { nodeName: 'node-1', containers: [{ name: 'web', image: image('web:1.0') }], volumes };
      const message = `Failed to pull image "${image('model:2')}": rpc error: code = NotFound desc = failed to pull and unpack image: not found`;
      await createLivePod(plane, {
        namespace: NAMESPACE,
        name: 'volume',
        spec,
        events: [{ reason: 'Failed', message }],
      });
      const { containers } = await summaryOf('volume', '--offline');
      expect(containers.map(({ kind, errors, cause }) => [kind, errors.length, cause?.cause])).toEqual([
        ['volume', 1, 'image-missing'],
        ['regular', 0, undefined],
      ]);
    });

    test('shows a pull secret that the kubelet did not get, what it used instead, and the last pull', async () => {
      const wanted = image('web:1.0');
      const spec = {
        nodeName: 'node-1',
        imagePullSecrets: [{ name: 'regcrd' }, { name: 'wrong' }],
        containers: [
          { name: 'web', image: wanted },
          { name: 'log', image: 'nginx:1.27' },
        ],
      };
      const error = `Failed to pull image "${wanted}": 401 Unauthorized`;
      const secrets =
        'Unable to retrieve some image pull secrets (regcrd); attempting to pull the image may not succeed.';
      const pulled =
        'Successfully pulled image "nginx:1.27" in 1.2s (2.5s including waiting). Image size: 72000000 bytes.';
      const events = [
        { reason: 'Pulling', message: `Pulling image "${wanted}"`, container: 'web' },
        { reason: 'Failed', message: error, container: 'web' },
        { reason: 'FailedToRetrieveImagePullSecret', message: secrets, count: 3 },
        { reason: 'Pulling', message: 'Pulling image "nginx:1.27"', container: 'log' },
        { reason: 'Pulled', message: pulled, container: 'log' },
      ];
      await createLivePod(plane, { namespace: NAMESPACE, name: 'events', spec, events });
      const { out } = await explain('events', '--offline');
      const text = out.replaceAll(registry.host, 'HOST').replaceAll(/\d+ minutes? ago/g, 'TIME ago');
      expect(text).toContain(`   ├─ secrets     regcrd (does not exist), wrong
   ├─ error       the kubelet did not get regcrd (3 times, last TIME ago)
   ├─ cause       pull secret "regcrd" does not exist in namespace "shop"; the kubelet used only pull secret "wrong", then the node's own credentials
   ├─ fix         create Secret "regcrd" in namespace "shop" with kubectl create secret docker-registry, or remove it from imagePullSecrets
   ├─ web  not started
   │    image       HOST/shop/web:1.0
   │    credential  wrong > HOST (user ci)
   │    error       Failed to pull image "HOST/shop/web:1.0": 401 Unauthorized (last TIME ago)
   │    cause       the registry rejects user "ci" of pull secret "wrong", and pull secret "regcrd" does not exist
`);
      expect(text).toContain(`        credential  anonymous
        last pull   took 1.2s (2.5s with waiting), 72.0 MB, TIME ago
`);
    });

    test.each<readonly [cause: string, name: string, failing: () => Failing]>([
      [
        'credential-rejected',
        'wrong-password',
        () => ({
          spec: { imagePullSecrets: [{ name: 'wrong' }] },
          wanted: image('web:1.0'),
          error: `rpc error: code = Unknown desc = failed to pull and unpack image "${image('web:1.0')}": failed to resolve reference "${image('web:1.0')}": unexpected status from HEAD request to https://${registry.host}/v2/shop/web/manifests/1.0: 401 Unauthorized`,
        }),
      ],
      ['no-credential', 'no-credential', () => ({ wanted: image('web:1.0'), error: noBasicAuth(image('web:1.0')) })],
      [
        'secret-missing',
        'secret-missing',
        () => ({
          spec: { imagePullSecrets: [{ name: 'absent' }] },
          wanted: image('web:1.0'),
          error: noBasicAuth(image('web:1.0')),
        }),
      ],
      [
        'image-missing',
        'tag-missing',
        () => ({
          spec: { imagePullSecrets: [{ name: 'regcred' }] },
          wanted: image('web:9.9'),
          reason: 'ErrImagePull',
          error: `rpc error: code = NotFound desc = failed to pull and unpack image "${image('web:9.9')}": failed to resolve reference "${image('web:9.9')}": ${image('web:9.9')}: not found`,
        }),
      ],
      [
        'platform-missing',
        'platform',
        () => ({
          spec: { imagePullSecrets: [{ name: 'regcred' }] },
          wanted: image('arm:1.0'),
          error: `rpc error: code = NotFound desc = failed to pull and unpack image "${image('arm:1.0')}": no match for platform in manifest: not found`,
        }),
      ],
      [
        'node-network',
        'node-network',
        () => ({
          spec: { imagePullSecrets: [{ name: 'regcred' }] },
          wanted: image('web:1.0'),
          error: `rpc error: code = DeadlineExceeded desc = failed to pull and unpack image "${image('web:1.0')}": failed to resolve reference "${image('web:1.0')}": failed to do request: Head "https://${registry.host}/v2/shop/web/manifests/1.0": dial tcp: lookup registry on 10.96.0.10:53: no such host`,
        }),
      ],
      [
        'resolved',
        'resolved',
        () => ({
          spec: { imagePullSecrets: [{ name: 'regcred' }] },
          wanted: image('web:1.0'),
          error: noBasicAuth(image('web:1.0')),
        }),
      ],
      [
        'registry-failing',
        'unreachable',
        () => ({
          wanted: '127.0.0.1:1/shop/web:1',
          error:
            'rpc error: code = Unknown desc = failed to pull and unpack image: failed to do request: Head "https://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
        }),
      ],
      [
        'never-pull',
        'never',
        () => ({
          wanted: image('web:1.0'),
          reason: 'ErrImageNeverPull',
          error: `Container image "${image('web:1.0')}" is not present with pull policy of Never`,
        }),
      ],
      [
        'signature',
        'signature',
        () => ({
          wanted: image('web:1.0'),
          reason: 'SignatureValidationFailed',
          error: `image pull failed for ${image('web:1.0')} because the signature validation failed: Source image rejected: A signature was required, but no signature exists`,
        }),
      ],
      [
        'invalid-name',
        'invalid-name',
        () => ({
          wanted: 'Registry/Web:1',
          reason: 'InvalidImageName',
          error:
            'Failed to apply default image tag "Registry/Web:1": couldn\'t parse image name "Registry/Web:1": invalid reference format: repository name (Registry/Web) must be lowercase',
        }),
      ],
    ])('reports %s', async (cause, name, pod) => {
      await failing(name, pod());
      const { containers } = await summaryOf(name);
      expect(containers[0]?.cause?.cause).toBe(cause);
    });
  });
});

/** What the Pod `healthy` looks like in a pipe. */
function tree(digest: string, amd64: string): string {
  const accepted = 'credential  pull secret "regcred", key "HOST" (user ci), accepted by the registry';
  return `Node node-1  linux/amd64, containerd://2.1.4, kubelet v1.37.2
└─ Pod shop/healthy  Running, created TIME ago
   ├─ secrets     regcred, absent (does not exist)
   ├─ image volume model
   │    image       HOST/shop/model:2
   │    tag now     not found: HOST does not have "shop/model:2"; tried with pull secret "regcred", key "HOST" (user ci)
   │    credential  regcred > HOST (user ci)
   ├─ init migrate  terminated: Completed
   │    image       HOST/shop/web:1.0
   │    running     ${digest}
   │    tag now     the image that runs
   │    ${accepted}
   ├─ sidecar proxy  running
   │    image       HOST/shop/web:1.0
   │    running     ${OLD}
   │    tag now     ${digest}, which is not the image that runs
   │    ${accepted}
   ├─ web  running
   │    image       HOST/shop/web:1.0@${digest}
   │    running     ${amd64}
   │    registry    the image that runs
   │    ${accepted}
   └─ ephemeral debug  running
        image       HOST/shop/web:1.0
        running     unknown: the node reports the image ID sha256:${'1'.repeat(64)}, which is not a digest of a registry
        tag now     ${digest}
        ${accepted}
`;
}
