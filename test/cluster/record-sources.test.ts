// Recordings from a real API server: of its audit log, and of what runs in the cluster.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordingFiles } from '../../src/files/recording-files.ts';
import { recordedEntries } from '../../src/files/recording-lines.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { RecordedReview } from '../../src/recording/format.ts';
import type { RecordingReport } from '../../src/report/recording.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { created } from './live-pods.ts';
import { podOf, workload } from './objects.ts';

vi.setConfig({ testTimeout: 60_000 });

const POLICIES = '/apis/admissionregistration.k8s.io/v1';
const NO_LATEST = {
  metadata: { name: 'no-latest' },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    },
    validations: [
      { expression: "object.spec.containers.all(c, !c.image.endsWith(':latest'))", message: 'use a version' },
    ],
  },
};

describeWith(assetsMissing, 'recordings of a real cluster', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-sources-'));
  const out = (name: string): string => path.join(folder, name);
  let plane: ControlPlane;

  async function kubectl(args: readonly string[], object?: object): Promise<string> {
    const { code, stderr } = await plane.kubectl(args, object && JSON.stringify(object));
    return code === 0 ? '' : stderr;
  }

  async function succeed(args: readonly string[], object?: object): Promise<void> {
    const problem = await kubectl(args, object);
    if (problem !== '') throw new Error(problem);
  }

  beforeAll(async () => {
    plane = await startControlPlane();
    await created(plane, `${POLICIES}/validatingadmissionpolicies`, NO_LATEST);
    await created(plane, `${POLICIES}/validatingadmissionpolicybindings`, {
      metadata: { name: 'everywhere' },
      spec: { policyName: 'no-latest', validationActions: ['Deny'] },
    });
    const web = workload('Deployment', 'web', 'registry.example.com/web:1');
    await succeed(['create', '-f', '-'], web);
    await succeed(['set', 'image', 'deployment/web', 'main=registry.example.com/web:2']);
    await succeed(['scale', 'deployment/web', '--replicas=2']);
    const applied = workload('StatefulSet', 'db', 'registry.example.com/db:1');
    await succeed(['apply', '--server-side', '-f', '-'], applied);
    await succeed(['create', '--dry-run=server', '-f', '-'], podOf('dry', 'registry.example.com/dry:1'));
    await succeed(['create', '-f', '-'], podOf('bare', 'registry.example.com/bare:1'));
    const debug = ['debug', 'bare', '--image=registry.example.com/debug:1', '--profile=general', '--attach=false'];
    await succeed(debug);
    const denied = async (): Promise<string> => kubectl(['create', '-f', '-'], podOf('bad', 'nginx:latest'));
    await vi.waitUntil(async () => (await denied()).includes('use a version'), 20_000);
    await vi.waitUntil(() => readFileSync(plane.auditLog, 'utf8').includes('"name":"db-0"'), 20_000);
  }, 120_000);
  afterAll(async () => {
    await plane.stop();
    rmSync(folder, { recursive: true });
  });

  async function reviewsIn(name: string): Promise<readonly (RecordedReview & { readonly request: JsonObject })[]> {
    const found: (RecordedReview & { readonly request: JsonObject })[] = [];
    for (const file of recordingFiles(out(name)))
      for await (const entry of recordedEntries(file))
        if ('recorded' in entry && entry.recorded.type === 'review')
          found.push({ ...entry.recorded, request: entry.recorded.review['request'] as JsonObject });
    return found;
  }

  test('import-audit converts each change of a workload, and refuses the rest with its reason', async () => {
    const args = ['import-audit', plane.auditLog, '--out', out('audit'), '--each', 'review', '-o', 'json'];
    const { code, out: text } = await runCommand(args);
    const report = JSON.parse(text) as RecordingReport;
    expect({ code, errors: report.errors }).toEqual({ code: 0, errors: [] });
    expect(report.refused.filter(({ reason }) => !EXPECTED_REFUSALS.has(reason))).toEqual([]);
    expect(report.refused.map(({ reason }) => reason)).toContain('subresource');
    const reviews = await reviewsIn('audit');
    const byName = (kind: string, name: string): readonly (typeof reviews)[number][] =>
      reviews.filter(({ request }) => (request['kind'] as JsonObject)['kind'] === kind && request['name'] === name);
    expect(byName('Deployment', 'web')[0]).toMatchObject({
      origin: { object: 'stored', admitted: true },
      request: { operation: 'CREATE', object: { spec: { template: { spec: { restartPolicy: 'Always' } } } } },
    });
    const patched = byName('Deployment', 'web').find(({ request }) =>
      JSON.stringify(request['object']).includes('web:2'),
    );
    expect(patched).toMatchObject({
      origin: { hasOldObject: true },
      request: {
        operation: 'UPDATE',
        oldObject: { spec: { template: { spec: { containers: [{ image: 'registry.example.com/web:1' }] } } } },
      },
    });
    expect(byName('StatefulSet', 'db')[0]).toMatchObject({ request: { operation: 'CREATE' } });
    expect(byName('Pod', 'dry')).toMatchObject([{ dryRun: true, request: { operation: 'CREATE' } }]);
    const ephemeral = byName('Pod', 'bare').find(({ request }) => request['subResource'] === 'ephemeralcontainers');
    expect(ephemeral).toMatchObject({ request: { operation: 'UPDATE' }, origin: { object: 'stored' } });
    expect(byName('Pod', 'bad').at(-1)).toMatchObject({
      origin: { object: 'sent', admitted: false },
      said: [
        {
          by: 'validating-admission-policy',
          policy: 'no-latest',
          rule: 'everywhere',
          result: 'fail',
          action: 'deny',
          message: 'use a version',
        },
      ],
    });
    const pods = reviews.filter(({ request }) => String(request['name']).startsWith('web-'));
    expect(pods.length).toBeGreaterThan(1);
    expect((await runCommand(['replay', out('audit')])).note).toBe('');
  });

  test('import-audit adds facts of the cluster as it is today', async () => {
    const args = [
      'import-audit',
      plane.auditLog,
      '--kubeconfig',
      plane.kubeconfig,
      '--out',
      out('facts'),
      '-o',
      'json',
    ];
    const { code, out: text } = await runCommand(args);
    const { errors, summary } = JSON.parse(text) as RecordingReport;
    expect({ code, errors, unknownFacts: summary.unknownFacts }).toEqual({ code: 0, errors: [], unknownFacts: 0 });
    const [line] = await reviewsIn('facts');
    expect(line?.facts).toMatchObject({
      sources: ['namespaces', 'secrets', 'serviceAccounts'],
      namespaceLabels: { state: 'yes', value: { 'kubernetes.io/metadata.name': 'default' } },
    });
  });

  test('record --from-cluster records workloads without what they own, with facts', async () => {
    const args = ['record', '--from-cluster', '--kubeconfig', plane.kubeconfig, '--out', out('cluster'), '-o', 'json'];
    const { code, out: text } = await runCommand(args);
    const report = JSON.parse(text) as RecordingReport;
    expect({ code, errors: report.errors }).toEqual({ code: 0, errors: [] });
    expect(report.refused).toMatchObject([{ reason: 'owned' }]);
    const reviews = await reviewsIn('cluster');
    expect(
      reviews.map(({ request }) => `${(request['kind'] as JsonObject)['kind'] as string} ${String(request['name'])}`),
    ).toEqual(['Deployment web', 'StatefulSet db', 'Pod bare']);
    expect(reviews[0]?.facts).toMatchObject({
      namespaceLabels: { state: 'yes', value: { 'kubernetes.io/metadata.name': 'default' } },
      serviceAccounts: [{ name: 'default', fact: { state: 'yes', value: [] } }],
    });
    expect(JSON.stringify(reviews)).not.toMatch(/managedFields|"status":\{"/);
    const replayed = await runCommand(['replay', out('cluster'), '-o', 'json']);
    expect(JSON.parse(replayed.out)).toMatchObject({ summary: { reviews: 3 }, errors: [] });
  });
});

const EXPECTED_REFUSALS: ReadonlySet<string> = new Set([
  'stage',
  'read',
  'delete',
  'subresource',
  'no-images',
  'failed',
  'unauthorized',
]);
