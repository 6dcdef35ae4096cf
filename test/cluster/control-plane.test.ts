import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing, kubernetesVersion } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

const startTimeoutMs = 120_000;

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'web', image: 'nginx' }] },
});

describeWith(assetsMissing, 'the control plane', () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
  }, startTimeoutMs);

  afterAll(() => plane.stop());

  test('is the release that go.mod pins', async () => {
    const { status, body } = await plane.request('GET', '/version');
    expect({ status, body }).toMatchObject({ status: 200, body: { gitVersion: `v${kubernetesVersion}` } });
  });

  test('takes Pods, patches of both kinds, and says what is wrong', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    expect(await plane.request('POST', pods, pod('web'))).toMatchObject({ status: 201 });
    expect(await plane.request('PATCH', `${pods}/web`, { metadata: { labels: { a: '1' } } })).toMatchObject({
      status: 200,
      body: { metadata: { labels: { a: '1' } } },
    });
    const replace = [{ op: 'replace', path: '/metadata/labels/a', value: '2' }];
    expect(await plane.request('PATCH', `${pods}/web`, replace)).toMatchObject({
      body: { metadata: { labels: { a: '2' } } },
    });
    expect(await plane.request('POST', pods, pod('Web'))).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
  });

  test('writes an audit event with both objects for a Pod', async () => {
    await plane.request('POST', '/api/v1/namespaces/default/pods', pod('audited'));
    const events = readFileSync(plane.auditLog, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ responseObject }) => responseObject?.metadata?.name === 'audited');
    expect(events).toMatchObject([
      {
        kind: 'Event',
        level: 'RequestResponse',
        stage: 'ResponseComplete',
        requestObject: { spec: { containers: [{ image: 'nginx' }] } },
        responseObject: { spec: { containers: [{ image: 'nginx', imagePullPolicy: 'Always' }] } },
      },
    ]);
  });

  describeWith(kubectlMissing, 'with kubectl', () => {
    test('runs its controllers, and kubectl', async () => {
      const created = await plane.kubectl(['create', 'deployment', 'shop', '--image=nginx']);
      expect(created).toMatchObject({ code: 0, stdout: 'deployment.apps/shop created\n' });
      await vi.waitFor(
        async () => {
          const { stdout } = await plane.kubectl(['get', 'pods', '--selector=app=shop', '--output=name']);
          expect(stdout).toMatch(/^pod\/shop-/);
        },
        { timeout: 20_000, interval: 200 },
      );
      const refused = await plane.kubectl(['create', '-f', '-'], JSON.stringify(pod('Web')));
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('The Pod "Web" is invalid') });
    });
  });

  test('leaves nothing behind when the process that started it is killed', { timeout: startTimeoutMs }, async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'control-plane.ts'));
    const script = `const { startControlPlane } = await import(${module}); console.log((await startControlPlane()).kubeconfig);`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const kubeconfig = await new Promise<string>((resolve, reject) => {
      createInterface({ input: parent.stdout }).once('line', resolve).once('close', reject);
    });
    const folder = dirname(kubeconfig);
    expect(processesOf(folder)).toHaveLength(4);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect([processesOf(folder), existsSync(folder)]).toEqual([[], false]), { timeout: 10_000 });
  });

  test('says which program ended when one does', { timeout: startTimeoutMs }, async () => {
    const broken = await startControlPlane();
    const [etcd] = processesOf(dirname(broken.kubeconfig)).filter(({ command }) => command.includes('/etcd '));
    process.kill(etcd?.pid ?? Number.NaN, 'SIGKILL');
    await vi.waitFor(() => expect(broken.request('GET', '/readyz')).rejects.toThrow('etcd ended with SIGKILL'), {
      timeout: 10_000,
    });
    await broken.stop();
  });

  // The last test, because it stops the control plane of all others.
  test('leaves nothing behind when it is stopped', async () => {
    const folder = dirname(plane.kubeconfig);
    expect(processesOf(folder)).toHaveLength(4); // with the guard
    await plane.stop();
    expect(processesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** All processes of the machine that name this folder in their arguments. */
function processesOf(folder: string): readonly RunningProcess[] {
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line }));
}
