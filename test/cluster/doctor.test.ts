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
import { endpointAddress, install, type Installation } from './installation.ts';

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

const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tidewaiter';
const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tidewaiter';

interface Broken {
  readonly plane: ControlPlane;
  readonly installation: Installation;
}

/** Breaks the installation, and returns how to mend it. */
type Break = (broken: Broken) => Promise<() => Promise<unknown>>;

/** Replaces an object, and restores it. */
function changing(path: string, change: (object: never) => object): Break {
  return async ({ plane }) => {
    const { body } = await plane.request('GET', path);
    const before = body as { readonly metadata: object };
    await put(plane, path, change(structuredClone(before) as never));
    return () => put(plane, path, before);
  };
}

async function put(plane: ControlPlane, path: string, object: object): Promise<void> {
  const { body } = await plane.request('GET', path);
  const { metadata } = body as { readonly metadata: { readonly resourceVersion: string } };
  const { resourceVersion } = metadata;
  const next = object as { readonly metadata: object };
  const reply = await plane.request('PUT', path, { ...next, metadata: { ...next.metadata, resourceVersion } });
  if (reply.status !== 200) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
}

interface WebhookObject {
  readonly webhooks: Record<string, unknown>[];
}

const webhook =
  (change: (webhook: never) => object): ((object: WebhookObject) => object) =>
  (object) => ({ ...object, webhooks: object.webhooks.map((one) => ({ ...one, ...change(one as never) })) });

interface Rule {
  readonly resources: readonly string[];
}

const withoutExclusion = (name: string) =>
  webhook((one: { namespaceSelector: { matchExpressions: { key: string; values?: string[] }[] } }) => ({
    namespaceSelector: {
      matchExpressions: one.namespaceSelector.matchExpressions.map((each) => ({
        ...each,
        values: each.values?.filter((value) => value !== name),
      })),
    },
  }));

const CASES: readonly (readonly [check: string, breakIt: Break])[] = [
  ['self-exclusion', changing(MUTATING, withoutExclusion('tidewaiter'))],
  ['kube-system', changing(MUTATING, withoutExclusion('kube-system'))],
  [
    'webhook-rules',
    changing(
      VALIDATING,
      webhook(({ rules }: { rules: Rule[] }) => ({
        rules: rules.map((rule) => ({
          ...rule,
          resources: rule.resources.filter((path) => path !== 'pods/ephemeralcontainers'),
        })),
      })),
    ),
  ],
  [
    'timeouts',
    changing(
      VALIDATING,
      webhook(() => ({ timeoutSeconds: 2 })),
    ),
  ],
  [
    'side-effects',
    changing(
      VALIDATING,
      webhook(() => ({ sideEffects: 'NoneOnDryRun' })),
    ),
  ],
  [
    'match-policy',
    changing(
      VALIDATING,
      webhook(() => ({ matchPolicy: 'Exact' })),
    ),
  ],
];

const addressMissing = endpointAddress === undefined ? 'this machine has only loopback addresses' : undefined;

describeWith(assetsMissing ?? addressMissing, 'doctor with an installation', () => {
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

  const broken = (): Broken => {
    if (plane === undefined || installation === undefined) throw new Error('the installation is not ready');
    return { plane, installation };
  };

  async function report(): Promise<DoctorReport> {
    const flags = ['--kubeconfig', broken().plane.kubeconfig, '-p', join(folder, 'policy.yaml')];
    const { out, note } = await runCommand(['doctor', ...flags, '-o', 'json']);
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

  test.each(CASES)('finds %s, and nothing else', async (check, breakIt) => {
    const mend = await breakIt(broken());
    try {
      expect(await untilFindings([check])).toBeDefined();
    } finally {
      await mend();
    }
    await untilFindings([]);
  });
});
