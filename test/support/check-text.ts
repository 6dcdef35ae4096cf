/** `check` with manifests and a policy that stand in the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from './command.ts';

export async function checkText(manifests: string, policy: object): Promise<CheckReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-check-'));
  try {
    const [manifest, policyFile] = [path.join(folder, 'manifest.yaml'), path.join(folder, 'policy.json')];
    writeFileSync(manifest, manifests);
    writeFileSync(policyFile, JSON.stringify(policy));
    const { out, note } = await runCommand(['check', manifest, '--policy', policyFile, '-o', 'json']);
    if (out === '') throw new Error(note);
    return JSON.parse(out) as CheckReport;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
