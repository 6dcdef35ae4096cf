/** The three outputs of src/install have the same objects: `manifests`, manifests/install, and the chart with Helm 3 and 4. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../cluster/certificates.ts';
import { kubectlMissing, render, ROOT } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { helmMissing, pathOf, type Program } from './assets.ts';

interface Case {
  readonly name: string;
  readonly policy?: string;
  readonly flags?: readonly string[];
  /** The same for the chart. */
  readonly values?: object;
}

const LABELS = 'match: {namespaceSelector: {matchLabels: {team: a}}}';

const CASES: readonly Case[] = [
  { name: 'no option' },
  { name: 'a policy that pins', policy: '{pin: {}}' },
  { name: 'a policy that reads labels', policy: `{${LABELS}, rules: [{rule: image-qualified}]}` },
  { name: 'a policy that needs everything', policy: `{${LABELS}, rules: [{rule: image-exists}], pin: {}}` },
  {
    name: 'a policy that needs everything, in some namespaces',
    policy: `{${LABELS}, rules: [{rule: pull-secret-coverage}], pin: {}}`,
    flags: ['--only-namespaces', 'shop,pay'],
    values: { policies: { onlyNamespaces: ['shop', 'pay'] } },
  },
  {
    name: 'pull secrets in one namespace',
    policy: '{rules: [{rule: pull-secret-usable}]}',
    flags: ['--only-namespaces', 'shop'],
    values: { policies: { onlyNamespaces: ['shop'] } },
  },
  {
    name: 'a server that registers itself',
    policy: '{pin: {}}',
    flags: ['--registration', 'self'],
    values: { registration: 'self' },
  },
  { name: 'cert-manager', flags: ['--tls', 'cert-manager'], values: { tls: { mode: 'cert-manager' } } },
  {
    name: 'cert-manager and a policy that pins',
    policy: '{pin: {}}',
    flags: ['--tls', 'cert-manager'],
    values: { tls: { mode: 'cert-manager' } },
  },
  {
    name: 'your certificate, closed, three servers',
    policy: '{pin: {}}',
    flags: ['--tls', 'files', '--fail', 'closed', '--replicas', '3'],
    values: { tls: { mode: 'files' }, fail: 'closed', replicas: 3 },
  },
  {
    name: 'your certificate and its CA',
    policy: '{pin: {}}',
    flags: ['--tls', 'files', '--ca', 'ca.crt'],
    values: { tls: { mode: 'files', ca: 'ca.crt' } },
  },
  {
    name: 'another namespace with monitoring and known API servers',
    flags:
      '--namespace gate --service-monitor --prometheus-rule --api-server-range 10.0.0.0/24 --api-server-range fd00::/8'.split(
        ' ',
      ),
    values: { serviceMonitor: true, prometheusRule: true, apiServerRanges: ['10.0.0.0/24', 'fd00::/8'] },
  },
  {
    name: 'another image',
    flags: ['--image', 'registry.corp.example/tidewaiter:7'],
    values: { image: { repository: 'registry.corp.example/tidewaiter', tag: '7' } },
  },
];

/** Texts in ConfigMaps that are YAML count as their values; checksums and suffixes of names are left out. */
function normalized(text: string): ReadonlyMap<string, unknown> {
  const objects = loadAll(text.replaceAll(/\b(tidewaiter-(?:config|policies))-[a-z0-9]{10}$/gm, '$1')) as readonly (
    | Readonly<Record<string, unknown>>
    | null
    | undefined
  )[];
  return new Map(
    objects.flatMap((object) => {
      if (object === null || object === undefined) return [];
      const { kind, metadata } = object as { kind: string; metadata: { name: string; namespace?: string } };
      const value = JSON.parse(
        JSON.stringify(object, (key, part: unknown) => {
          if (key === 'tidewaiter.dev/configuration') return undefined;
          if (key === 'annotations' && Object.keys(part as object).every((name) => name.endsWith('/configuration')))
            return undefined;
          return key.endsWith('.yaml') ? loadAll(String(part)) : part;
        }),
      ) as unknown;
      return [[`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, value] as const];
    }),
  );
}

const without = (objects: ReadonlyMap<string, unknown>, kind: string): ReadonlyMap<string, unknown> =>
  new Map(
    [...objects].filter(([name]) => !name.startsWith(`${kind} `)).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );

let folder: string;
let authority: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewaiter-chart-'));
  authority = (await createAuthority()).cert;
  writeFileSync(join(folder, 'ca.crt'), authority);
});
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (flag: string): string => (flag === 'ca.crt' ? join(folder, flag) : flag);

async function output(...argv: readonly string[]): Promise<string> {
  const { code, out, note } = await runCommand(['manifests', ...argv]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return out;
}

describeWith(helmMissing, 'the chart', () => {
  const helm = (program: Program, ...argv: readonly string[]): string =>
    execFileSync(pathOf(program), argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  test.each(CASES)('has the objects of the command: $name', async ({ policy, flags = [], values = {} }) => {
    const file = join(folder, 'policy.yaml');
    const metadata = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\n';
    writeFileSync(file, `${metadata}spec: ${policy}\n`);
    const policies = policy === undefined ? [] : ['--policy', file];
    const expected = without(normalized(await output(...policies, ...flags.map(inFolder))), 'Namespace');
    const derived = join(folder, 'derived.yaml');
    writeFileSync(derived, policy === undefined ? '{}' : await output('values', ...policies));
    const chosen = join(folder, 'chosen.json');
    writeFileSync(chosen, JSON.stringify(values).replace('"ca.crt"', JSON.stringify(authority)));
    const namespace = flags.includes('gate') ? 'gate' : 'tidewaiter';
    for (const program of ['helm3', 'helm4'] as const) {
      const chart = join(ROOT, 'manifests/chart');
      const options = ['--namespace', namespace, '--kube-version', '1.37.2', '-f', derived, '-f', chosen];
      const rendered = helm(program, 'template', 'any', chart, ...options);
      expect(without(normalized(rendered), 'Namespace'), program).toEqual(expected);
    }
  });

  test.each(['helm3', 'helm4'] as const)('passes the lint of %s', (program) => {
    const out = helm(program, 'lint', '--strict', join(ROOT, 'manifests/chart'), '--kube-version', '1.37.2');
    expect(out).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test.each<readonly [set: string, message: RegExp]>([
    ['replicas=0', /replicas/],
    ['tls.mode=none', /tls\/mode/],
    ['registration=self,fail=closed', /fail/],
    ['nonsense=1', /nonsense/],
    ['configuration.registryAcess=any', /registryAcess/],
    ['configuration.registryAccess=some', /registryAccess/],
    ['image.digest=sha256:1', /digest/],
  ])('rejects --set %s', (set, message) => {
    for (const program of ['helm3', 'helm4'] as const) {
      const options = ['--kube-version', '1.37.2', '--set', set];
      expect(() => helm(program, 'template', 'any', join(ROOT, 'manifests/chart'), ...options), program).toThrow(
        message,
      );
    }
  });

  test('passes its suites of helm-unittest', () => {
    const out = helm('helm-unittest', '--strict', join(ROOT, 'manifests/chart'));
    expect(out).toMatch(/Tests: +[1-9]\d* passed, [1-9]\d* total/);
  });
});

describeWith(kubectlMissing, 'manifests/install', () => {
  test('has the objects of the command without an option', async () => {
    expect(without(normalized(render('manifests/install')), '')).toEqual(without(normalized(await output()), ''));
  });
});
