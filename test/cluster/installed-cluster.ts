// An installation on a control plane of its own, for the tests of a suite, and doctor for it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import type { DoctorReport } from '../../src/report/doctor.ts';
import { runCommand } from '../support/command.ts';
import { assetsMissing } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { endpointAddress, install, type Installation } from './installation.ts';

export interface InstalledCluster {
  readonly plane: ControlPlane;
  readonly installation: Installation;
  /** For files of the tests; removed afterward. */
  readonly folder: string;
  /** More flags of doctor, which tests add and remove. */
  readonly flags: string[];
  /** By default as the admin. */
  readonly doctor: (kubeconfig?: string) => Promise<{ readonly code: number; readonly report: DoctorReport }>;
}

/** Why no installation can be tested; undefined: it can. */
export const installationMissing =
  assetsMissing ?? (endpointAddress === undefined ? 'this machine has only loopback addresses' : undefined);

const startTimeoutMs = 120_000;

/** Called in the body of a suite; the returned function is called in its tests. */
export function installedClusterWith(policy: string): () => InstalledCluster {
  const folder = mkdtempSync(join(tmpdir(), 'tidewaiter-installed-'));
  const flags: string[] = [];
  let plane: ControlPlane | undefined;
  let installation: Installation | undefined;

  beforeAll(async () => {
    const file = join(folder, 'policy.yaml');
    writeFileSync(file, policy);
    plane = await startControlPlane();
    installation = await install(plane, [file]);
  }, startTimeoutMs);

  // Runs even if the start failed.
  afterAll(async () => {
    await installation?.stop();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  return () => {
    if (plane === undefined || installation === undefined) throw new Error('the installation is not ready');
    const { kubeconfig: admin } = plane;
    return {
      plane,
      installation,
      folder,
      flags,
      doctor: async (kubeconfig = admin) => {
        const { code, out, note } = await runCommand(['doctor', '--kubeconfig', kubeconfig, '-o', 'json', ...flags]);
        if (out === '') throw new Error(note);
        return { code, report: JSON.parse(out) as DoctorReport };
      },
    };
  };
}
