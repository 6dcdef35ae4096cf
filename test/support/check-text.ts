/** Runs `check` and `test` with manifests and a policy from the text of a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckReport } from '../../src/report/check.ts';
import type { RegistryResponses } from '../../src/policy/registry-responses.ts';
import type { TestCaseRow, TestReport } from '../../src/report/test.ts';
import { runCommand } from './command.ts';

export function checkText(manifests: string, policy: object): Promise<CheckReport> {
  return inFolder({ 'manifest.yaml': manifests, 'policy.json': JSON.stringify(policy) }, async (folder) => {
    const files = [path.join(folder, 'manifest.yaml'), '--policy', path.join(folder, 'policy.json')];
    const { out, note } = await runCommand(['check', ...files, '-o', 'json']);
    if (out === '') throw new Error(note);
    return JSON.parse(out) as CheckReport;
  });
}

/** Runs `test` with these registry responses. */
export function testText(manifests: string, policy: object, registry: RegistryResponses): Promise<TestCaseRow> {
  const suite = {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicyTest',
    metadata: { name: 'text' },
    spec: {
      policies: ['policy.json'],
      registry,
      cases: [{ name: 'it', resources: ['manifest.yaml'], expect: 'pass' }],
    },
  };
  const files = {
    'manifest.yaml': manifests,
    'policy.json': JSON.stringify(policy),
    'suite.json': JSON.stringify(suite),
  };
  return inFolder(files, async (folder) => {
    const { out, note } = await runCommand(['test', path.join(folder, 'suite.json'), '-o', 'json']);
    const row = out === '' ? undefined : (JSON.parse(out) as TestReport).suites[0]?.cases[0];
    if (row === undefined) throw new Error(`${note}${out}`);
    return row;
  });
}

async function inFolder<T>(files: Readonly<Record<string, string>>, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-check-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
