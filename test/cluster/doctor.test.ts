// Each check of doctor: an installation that is broken in one way has exactly that finding, and a healthy one has none.
// At the end, difficult clusters: a user without permissions, and 500 configurations of other webhooks.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { beforeAll, expect, test, vi } from 'vitest';

import type { DoctorReport } from '../../src/report/doctor.ts';
import { kubeconfigFor } from '../support/api-client.ts';
import { describeWith } from '../support/real-part.ts';
import { otherWebhook } from './doctor-breaks.ts';
import { CASES, UNKNOWN_REASONS } from './doctor-cases.ts';
import { create } from './installation.ts';
import { installationMissing, installedClusterWith } from './installed-cluster.ts';
import { createNamespace } from './objects.ts';

vi.setConfig({ testTimeout: 60_000 });

const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: shop}
spec:
  match: {namespaceSelector: {matchLabels: {team: shop}}}
  pin: {}
  rules:
    - {rule: image-tag, parameters: {deny: [latest]}}
    - rule: pull-secret-usable
`;

describeWith(installationMissing, 'doctor with an installation', () => {
  const cluster = installedClusterWith(POLICY);
  beforeAll(async () => createNamespace(cluster().plane, 'other'));

  /** `expected`: the checks with problems, and the reasons of unknown results. The API server heeds a change of a webhook configuration after about a second. */
  async function untilFindings(expected: readonly string[]): Promise<DoctorReport> {
    const giveUpAt = performance.now() + 15_000;
    for (;;) {
      const { report: last } = await cluster().doctor();
      const found = [...new Set(last.findings.map(({ check, reason }) => reason ?? check))];
      if (JSON.stringify(found) === JSON.stringify(expected) || performance.now() > giveUpAt) {
        expect(found, JSON.stringify(last.findings, null, 2)).toEqual(expected);
        return last;
      }
      await delay(200);
    }
  }

  test('finds nothing in a healthy installation', async () => {
    const { probes } = await untilFindings([]);
    expect(probes.map(({ outcome, mutated }) => [outcome, mutated])).toEqual([['answered', true]]);
  });

  test.each(CASES)('finds %s (%s), and nothing else', async (check, _how, breakIt) => {
    const unknown = UNKNOWN_REASONS[check];
    const mend = await breakIt(cluster());
    try {
      expect(await untilFindings([check, ...(unknown === undefined ? [] : [unknown])])).toBeDefined();
    } finally {
      await mend();
    }
    await untilFindings([]);
  });

  /** The kubeconfig of a ServiceAccount without permissions. */
  async function strangerConfig(): Promise<string> {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const { plane, folder } = cluster();
    const { body } = await plane.request('POST', path, { spec: {} });
    const { status } = body as { readonly status: { readonly token: string } };
    const file = join(folder, 'stranger');
    writeFileSync(file, kubeconfigFor(plane.url, { token: status.token }, plane.ca));
    return file;
  }

  test('names the permissions that are missing, and these are enough', async () => {
    const { plane, doctor } = cluster();
    const config = await strangerConfig();
    const first = await doctor(config);
    expect([first.code, first.report.summary.problems]).toEqual([2, 0]);
    const roleName = 'doctor';
    const api = 'rbac.authorization.k8s.io';
    const role = { apiVersion: `${api}/v1`, kind: 'ClusterRole', metadata: { name: roleName }, rules: [] };
    await create(plane, role);
    const binding = {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: roleName },
      roleRef: { apiGroup: api, kind: 'ClusterRole', name: roleName },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    };
    await create(plane, binding);
    const rules: object[] = [];
    let last = first;
    for (let round = 0; round < 6 && last.code !== 0; round += 1) {
      expect(last.report.findings.filter(({ permission }) => permission === null)).toEqual([]);
      for (const { permission } of last.report.findings) {
        if (permission === null) continue;
        const { verb, group, resource } = permission;
        rules.push({ verbs: [verb], apiGroups: [group], resources: [resource] });
      }
      await plane.request('PATCH', `/apis/${api}/v1/clusterroles/${roleName}`, { rules });
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
    const { plane, doctor } = cluster();
    const names = Array.from({ length: 500 }, (_, index) => `other-${index}`);
    await Promise.all(
      names.map(async (name) => {
        const other = otherWebhook('ValidatingWebhookConfiguration', 'tidewaiter');
        await create(plane, { ...other, metadata: { name } });
      }),
    );
    const { code, report } = await doctor();
    expect([code, report.findings.map(({ check }) => check)]).toEqual([1, ['webhook-deadlock']]);
    expect(report.findings[0]?.subject).toContain('and 497 more');
  });
});
