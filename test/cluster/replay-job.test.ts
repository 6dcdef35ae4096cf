/**
 * The Job of `manifests replay-job` on a real job controller. The test stands for the kubelets: it runs the arguments of each Pod in
 * this process, with directories in place of the volumes, and sets the status of the Pod.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordedReview } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

vi.setConfig({ testTimeout: 120_000 }); // a failed index is retried after 10 seconds, and later
inOwnFolders('replay-job-cluster');

const PODS = '/api/v1/namespaces/tidewaiter/pods';
const INDEX = 'batch.kubernetes.io/job-completion-index';

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly volumes: readonly { readonly name: string }[];
    readonly containers: readonly [
      {
        readonly args: readonly string[];
        readonly env: readonly {
          readonly name: string;
          readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
        }[];
        readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      },
    ];
  };
  readonly status: { readonly phase: string };
}

interface JobStatus {
  readonly succeeded?: number;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
}

describeWith(assetsMissing, 'a replay as an Indexed Job', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
    await plane.request('POST', '/api/v1/namespaces', {
      metadata: { name: 'tidewaiter', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
  }, 120_000);
  afterAll(() => plane?.stop());

  /** Names and exit codes of Pods, by index. */
  let runs: Map<string, number[]>;

  async function apply(name: string, ...flags: readonly string[]): Promise<void> {
    runs = new Map();
    const argv = ['manifests', 'replay-job', '--name', name, '--shards', '3'];
    const claims = ['--recordings', 'recordings', '--results', 'results'];
    const { code, out } = await runCommand([...argv, ...claims, ...flags]);
    expect(code).toBe(0);
    const applied = await plane.kubectl(['apply', '-f', '-'], out);
    expect(applied).toMatchObject({ code: 0, stderr: '' });
  }

  async function statusOf(name: string): Promise<JobStatus> {
    const { body } = await plane.request('GET', `/apis/batch/v1/namespaces/tidewaiter/jobs/${name}`);
    return (body as { readonly status: JobStatus }).status;
  }

  /** Runs Pods until the Job has an end. `exitOf`: other ends than that of the command. */
  async function runPods(
    name: string,
    exitOf: (index: string, attempt: number) => number | undefined,
  ): Promise<JobStatus> {
    for (;;) {
      const status = await statusOf(name);
      if (status.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed')) return status;
      const { body } = await plane.request('GET', `${PODS}?labelSelector=job-name%3D${name}`);
      for (const pod of (body as { readonly items: readonly Pod[] }).items)
        if (pod.status.phase === 'Pending' && pod.metadata.deletionTimestamp === undefined) await runPod(pod, exitOf);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function runPod(pod: Pod, exitOf: (index: string, attempt: number) => number | undefined): Promise<void> {
    const index = pod.metadata.annotations[INDEX] ?? '';
    const attempts = runs.get(index) ?? [];
    const exitCode = exitOf(index, attempts.length) ?? (await exitCodeOf(pod));
    runs.set(index, [...attempts, exitCode]);
    const ended = await plane.request('PATCH', `${PODS}/${pod.metadata.name}/status`, {
      status: {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [
          {
            name: 'replay',
            image: 'a',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode } },
          },
        ],
      },
    });
    expect(ended.status).toBe(200);
  }

  /** As a kubelet runs the container, with the variables that the job controller has added. */
  async function exitCodeOf({ metadata, spec }: Pod): Promise<number> {
    const [{ args, env, volumeMounts }] = spec.containers;
    for (const { name, valueFrom } of env) {
      const [, kind = '', key = ''] =
        /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(valueFrom.fieldRef.fieldPath) ?? [];
      vi.stubEnv(name, metadata[kind as 'labels' | 'annotations'][key]);
    }
    const here = args.map((arg) => {
      const mount = volumeMounts.find(({ mountPath }) => arg === mountPath || arg.startsWith(`${mountPath}/`));
      return mount === undefined ? arg : path.join('mounts', mount.name, arg.slice(mount.mountPath.length));
    });
    const { code } = await runCommand(here);
    vi.unstubAllEnvs();
    return code;
  }

  function fill(lines: readonly string[]): void {
    for (const name of ['recordings', 'results', 'policies']) mkdirSync(path.join('mounts', name), { recursive: true });
    writeFileSync('mounts/recordings/a.ndjson', lines.map((line) => `${line}\n`).join(''));
    writeFileSync('mounts/policies/baseline.yaml', readFileSync(BASELINE));
  }

  const BASELINE = path.resolve('manifests/policies/baseline.yaml');
  const LINES = Array.from({ length: 9 }, (_, at) =>
    JSON.stringify(recordedReview({ id: `a-${at}`, response: { allowed: false } })),
  );

  test('evaluates each shard once, and the results are those of a single replay', async () => {
    fill(LINES);
    await apply('week');
    const status = await runPods('week', () => undefined);
    expect(status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' });
    expect(Object.fromEntries(runs)).toEqual({ 0: [0], 1: [0], 2: [0] });
    const merged = await runCommand(['replay', '--merge', 'mounts/results']);
    const single = await runCommand(['replay', 'mounts/recordings', '-p', 'mounts/policies']);
    expect(merged).toEqual(single);
    expect(merged.out).toMatch(/^Of 9 reviews, none would be newly denied, and 9 differ\.\n/);
  });

  test('starts a Pod again that had too little memory, and not one whose reviews cannot be evaluated', async () => {
    fill([...LINES, '[]']);
    await apply('bad');
    const status = await runPods('bad', (index, attempt) => (index === '0' && attempt === 0 ? 137 : undefined));
    expect(runs.get('0')?.[0]).toBe(137);
    expect(runs.get('0')).toHaveLength(2);
    const failed = [...runs].filter(([, codes]) => codes.at(-1) === 2);
    expect(failed).toHaveLength(1);
    const [index, codes] = failed[0] ?? [];
    // The line without an id is in one shard, which is not evaluated again.
    expect(codes?.filter((code) => code === 2)).toEqual([2]);
    expect(status.failedIndexes).toBe(index);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', reason: 'FailedIndexes' }));
    expect(status.succeeded).toBe(2);
  });
});
