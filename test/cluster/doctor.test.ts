// Each check of doctor: an installation that is broken in one way has exactly that finding, and a healthy one has none.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { DoctorReport } from '../../src/report/doctor.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import type { Broken } from './doctor-breaks.ts';
import { CASES } from './doctor-cases.ts';
import { endpointAddress, install, type Installation } from './installation.ts';
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

const addressMissing = endpointAddress === undefined ? 'this machine has only loopback addresses' : undefined;

describeWith(assetsMissing ?? addressMissing, 'doctor with an installation', () => {
  let plane: ControlPlane | undefined;
  let installation: Installation | undefined;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewaiter-doctor-'));
    writeFileSync(join(folder, 'policy.yaml'), POLICY);
    plane = await startControlPlane();
    await createNamespace(plane, 'other');
    installation = await install(plane, [join(folder, 'policy.yaml')]);
  }, 120_000);

  afterAll(async () => {
    await installation?.stop();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const broken = (): Broken => {
    if (plane === undefined || installation === undefined) throw new Error('the installation is not ready');
    return { plane, installation };
  };

  async function report(): Promise<DoctorReport> {
    const { out, note } = await runCommand(['doctor', '--kubeconfig', broken().plane.kubeconfig, '-o', 'json']);
    if (out === '') throw new Error(note);
    return JSON.parse(out) as DoctorReport;
  }

  /** The API server heeds a change of a webhook configuration after about a second. */
  async function untilFindings(expected: readonly string[]): Promise<DoctorReport> {
    const giveUpAt = performance.now() + 15_000;
    for (;;) {
      const last = await report();
      const found = [...new Set(last.findings.map(({ check }) => check))];
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
    const mend = await breakIt(broken());
    try {
      expect(await untilFindings([check])).toBeDefined();
    } finally {
      await mend();
    }
    await untilFindings([]);
  });
});
