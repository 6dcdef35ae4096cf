// doctor in difficult clusters: a user without permissions, and 500 configurations of other webhooks.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { DoctorReport } from '../../src/report/doctor.ts';
import { kubeconfigFor } from '../support/api-client.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { otherWebhook } from './doctor-breaks.ts';
import { createNamespace } from './objects.ts';
import { create, endpointAddress, install, type Installation } from './installation.ts';

vi.setConfig({ testTimeout: 60_000 });

const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: all}
spec: {pin: {}, rules: [{rule: image-reference}]}
`;

const addressMissing = endpointAddress === undefined ? 'this machine has only loopback addresses' : undefined;

describeWith(assetsMissing ?? addressMissing, 'doctor in a difficult cluster', () => {
  let plane: ControlPlane | undefined;
  let installation: Installation | undefined;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewaiter-doctor-'));
    writeFileSync(join(folder, 'policy.yaml'), POLICY);
    plane = await startControlPlane();
    installation = await install(plane, [join(folder, 'policy.yaml')]);
  }, 120_000);

  afterAll(async () => {
    await installation?.stop();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const started = (): ControlPlane => {
    if (plane === undefined) throw new Error('the control plane is not ready');
    return plane;
  };

  async function doctor(kubeconfig: string): Promise<{ readonly code: number; readonly report: DoctorReport }> {
    const { code, out, note } = await runCommand(['doctor', '--kubeconfig', kubeconfig, '-o', 'json']);
    if (out === '') throw new Error(note);
    return { code, report: JSON.parse(out) as DoctorReport };
  }

  /** The kubeconfig of a ServiceAccount without permissions. */
  async function strangerConfig(): Promise<string> {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const { body } = await started().request('POST', path, { spec: {} });
    const { status } = body as { readonly status: { readonly token: string } };
    const file = join(folder, 'stranger');
    writeFileSync(file, kubeconfigFor(started().url, { token: status.token }, started().ca));
    return file;
  }

  test('names the permissions that are missing, and these are enough', async () => {
    const config = await strangerConfig();
    const first = await doctor(config);
    expect([first.code, first.report.summary.problems]).toEqual([2, 0]);
    const roleName = 'doctor';
    const api = 'rbac.authorization.k8s.io';
    const role = { apiVersion: `${api}/v1`, kind: 'ClusterRole', metadata: { name: roleName }, rules: [] };
    await create(started(), role);
    const binding = {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: roleName },
      roleRef: { apiGroup: api, kind: 'ClusterRole', name: roleName },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    };
    await create(started(), binding);
    const rules: object[] = [];
    let last = first;
    for (let round = 0; round < 6 && last.code !== 0; round += 1) {
      expect(last.report.findings.filter(({ permission }) => permission === null)).toEqual([]);
      for (const { permission } of last.report.findings) {
        if (permission === null) continue;
        const { verb, group, resource } = permission;
        rules.push({ verbs: [verb], apiGroups: [group], resources: [resource] });
      }
      await started().request('PATCH', `/apis/${api}/v1/clusterroles/${roleName}`, { rules });
      await vi.waitFor(async () => {
        const next = await doctor(config);
        expect(next.report.findings).not.toEqual(last.report.findings);
        last = next;
      }, 10_000);
    }
    expect(last.report.findings).toEqual([]);
    expect(last.code).toBe(0);
  });

  test('reads 500 configurations of other webhooks', async () => {
    await createNamespace(started(), 'other');
    const names = Array.from({ length: 500 }, (_, index) => `other-${index}`);
    await Promise.all(
      names.map(async (name) => {
        const other = otherWebhook('ValidatingWebhookConfiguration', 'tidewaiter');
        await create(started(), { ...other, metadata: { name } });
      }),
    );
    const start = performance.now();
    const { code, report } = await doctor(started().kubeconfig);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect([code, report.findings.map(({ check }) => check)]).toEqual([1, ['webhook-deadlock']]);
    expect(report.findings[0]?.subject).toContain('and 497 more');
  });
});
