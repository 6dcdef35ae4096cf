/** `doctor` without a cluster, and with one that does not respond. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import type { DoctorReport } from '../../src/report/doctor.ts';
import { CASES } from '../cluster/doctor-cases.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('doctor');

async function doctor(...flags: readonly string[]): Promise<{ readonly code: number; readonly report: DoctorReport }> {
  const { code, out } = await runCommand(['doctor', '-o', 'json', ...flags]);
  return { code, report: JSON.parse(out) as DoctorReport };
}

const policy = (spec: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n${spec}`;

describe('doctor without a cluster', () => {
  test('finds nothing in the defaults', async () => {
    expect(await runCommand(['doctor'])).toEqual({
      code: 0,
      out: '4 checks: 4 ok, 0 problems, 0 unknown\nto check the installation in a cluster, add --cluster\n',
      note: '',
    });
  });

  test('reports a policy that cannot be loaded', async () => {
    writeFileSync('p.yaml', policy('  rules: [{rule: image-tga}]\n'));
    const { code, report } = await doctor('-p', 'p.yaml');
    expect([code, report.findings.map(({ check, status }) => `${check} ${status}`)]).toEqual([
      1,
      ['policies problem', 'policy-notices unknown'],
    ]);
    expect(report.findings[0]?.message).toContain('p.yaml:5:');
  });

  test('reports a policy that never applies', async () => {
    writeFileSync('p.yaml', policy('  match: {kinds: [Deploymentt]}\n  rules: [{rule: image-reference}]\n'));
    const { code, report } = await doctor('-p', 'p.yaml');
    expect(code).toBe(1);
    expect(report.findings.map(({ check }) => check)).not.toEqual([]);
  });

  test('reports an invalid configuration, and all that depends on it as unknown', async () => {
    writeFileSync('tidewaiter.yaml', 'listen: 7\n');
    const { code, report } = await doctor();
    expect(code).toBe(1);
    expect(report.findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
      'configuration problem',
      'policies unknown',
      'policy-notices unknown',
      'certificate-files unknown',
    ]);
  });

  test('reports certificate files that cannot be used', async () => {
    const { code, report } = await doctor();
    expect([code, report.findings]).toEqual([0, []]);
    writeFileSync('tidewaiter.yaml', 'cert: absent.crt\nkey: absent.key\n');
    expect((await doctor()).report.findings.map(({ check, subject }) => [check, subject])).toEqual([
      ['certificate-files', 'absent.crt'],
    ]);
    writeFileSync('ca.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    writeFileSync('tidewaiter.yaml', 'clientCa: ca.crt\nclientNames: [kube-apiserver]\n');
    expect((await doctor()).report.findings).toMatchObject([
      { check: 'certificate-files', subject: 'ca.crt', message: expect.stringContaining('certificate 1 is damaged') },
    ]);
  });
});

test('docs/reports.md describes every check', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/reports.md'), 'utf8');
  const described = [...text.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) => cell.match(/[\w-]+/g) ?? []);
  expect(CHECKS.map(({ id }) => id).filter((id) => !described.includes(id))).toEqual([]);
});

test('every check has a row that breaks an installation', () => {
  const broken = new Set(CASES.map(([check]) => check));
  expect(CHECKS.flatMap(({ id }) => (broken.has(id) ? [] : [id]))).toEqual([]);
});

const KUBECONFIG = (server: string): string => `apiVersion: v1
kind: Config
current-context: one
clusters: [{name: one, cluster: {server: '${server}'}}]
users: [{name: ann, user: {token: t}}]
contexts: [{name: one, context: {cluster: one, user: ann}}]
`;

describe('doctor with a cluster', () => {
  test('exits with 2 if the API server does not respond', async () => {
    writeFileSync('config', KUBECONFIG('https://127.0.0.1:1'));
    const { code, report } = await doctor('--kubeconfig', 'config');
    expect(code).toBe(2);
    expect(report.summary.problems).toBe(0);
    expect(new Set(report.findings.map(({ status }) => status))).toEqual(new Set(['unknown']));
    expect(report.findings[0]?.reason).toContain('127.0.0.1:1');
  });

  test('exits with 2 if there is no such cluster', async () => {
    expect((await runCommand(['doctor', '--cluster', '--context', 'absent'])).code).toBe(2);
  });
});
