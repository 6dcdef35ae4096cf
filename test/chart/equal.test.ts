/** The three outputs of src/install have the same objects: `manifests`, manifests/install, and the chart with Helm 3 and 4. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAddressRange } from '../../src/install/options.ts';
import { createAuthority } from '../cluster/certificates.ts';
import { render, ROOT } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { helmMissing, pathOf, type Program } from './assets.ts';

interface Case {
  readonly name: string;
  readonly policy?: string;
  /** For `manifests` and for `manifests values`. */
  readonly both?: readonly string[];
  readonly flags?: readonly string[];
  /** The same for the chart. */
  readonly values?: object;
}

const LABELS = 'match: {namespaceSelector: {matchLabels: {team: a}}}';

const PLUGIN = `import { defineRule } from 'tidewaiter';
import { LIMIT } from './limit.ts';
export default [defineRule({
  name: 'few-containers',
  description: 'A Pod has few containers',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  check: ({ containers }) => (containers.length > LIMIT ? [{ message: \`more than \${LIMIT}\` }] : []),
})];
`;

const CONFIGURATION = `
kinds:
  - {group: example.com, kind: Widget, resource: widgets, podSpecs: [/spec]}
  - {group: example.com, kind: Fleet, resource: fleets, images: [/spec/image], clusterScoped: true}
  - {group: corp.example, kind: Farm, images: [/spec/image], clusterScoped: true}
registries: [{host: registry.corp.example, allowPrivate: true}]
logLevel: warn
certsDir: /tmp/certs
`;

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
    name: 'a server that registers itself, closed',
    policy: '{pin: {}}',
    flags: ['--registration', 'self', '--fail', 'closed'],
    values: { registration: 'self', fail: 'closed' },
  },
  {
    name: 'webhooks in the manifests',
    policy: '{pin: {}}',
    flags: ['--registration', 'external'],
    values: { registration: 'external' },
  },
  {
    name: 'webhooks in the manifests, closed',
    flags: ['--registration', 'external', '--fail', 'closed'],
    values: { registration: 'external', fail: 'closed' },
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
    name: 'custom rules, and what a policy and a configuration name',
    policy: '{match: {kinds: [Workflow]}, rules: [{rule: few-containers}], pin: {}}',
    both: ['--plugin', 'rules.ts', '--config', 'tidewaiter.yaml'],
  },
  {
    name: 'custom kinds, closed',
    policy: '{pin: {}}',
    both: ['--webhook-kinds', 'all', '--config', 'tidewaiter.yaml'],
    flags: ['--fail', 'closed', '--registration', 'external'],
    values: { fail: 'closed', registration: 'external' },
  },
  {
    name: 'recordings on the nodes',
    flags: ['--record-size', '143'],
    values: { record: { sizeMib: 143 } },
  },
  {
    name: 'recordings in a claim, with settings',
    both: ['--config', 'record.yaml'],
    flags: ['--record-size', '2048', '--record-claim', 'recordings'],
    values: { record: { sizeMib: 2048, claim: 'recordings' } },
  },
  {
    name: 'another image',
    flags: ['--image', 'registry.corp.example/tidewaiter:7'],
    values: { image: { repository: 'registry.corp.example/tidewaiter', tag: '7' } },
  },
];

const CHART = join(ROOT, 'manifests/chart');

const RANGES = `
  10.0.0.0/24 10.0.0.1/24 10.0.0.1/32 10.0.0.1/33 0.0.0.0/0 10.0.0.0/8 10.128.0.0/9 10.128.0.0/8 10.0.0.6/31
  10.0.0.7/31 10.0.0.4/30 10.0.0.6/30 10.0.0.8/29 10.0.0/24 10.0.0.256/32 10.0.0.01/32 110.0.0.0/8
  1110.0.0.0/8 10.0.0.0.0/8 10.0.0.0 ::/0 ::1/128 ::1/127 fd00::/8 FD00::/8 fd00::1/64 2001:db8::/32
  2001:db8::/28 2001:db8::/29 1::2::/64 1:2:3:4:5:6:7:8/128 1:2:3:4:5:6:7:8/127 1:2:3:4:5:6:7/128
  1:2:3:4:5:6:7::/128 :1::/64 ::1:/128 1:2:3:4:5:6:7:8::/128 1:2:3:4:5:6:7:8:9/128 12345::/32
  ::ffff:10.0.0.0/104 ::ffff:a00:0/104 ::10.0.0.0/104 64:ff9b::10.0.0.1/128 10.0.0.1::/128 ::/129 /8 :/8
  :::/8 a/8
`
  .trim()
  .split(/\s+/);

/** Texts in ConfigMaps that are YAML count as their values; checksums and suffixes of names are left out. */
function normalized(text: string): ReadonlyMap<string, unknown> {
  const objects = loadAll(
    text.replaceAll(/\b(tidewaiter-(?:config|policies|plugins))-[a-z0-9]{10}$/gm, '$1'),
  ) as readonly (Readonly<Record<string, unknown>> | null | undefined)[];
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
  writeFileSync(join(folder, 'rules.ts'), PLUGIN);
  writeFileSync(join(folder, 'limit.ts'), 'export const LIMIT = 3;\n');
  writeFileSync(join(folder, 'tidewaiter.yaml'), CONFIGURATION);
  writeFileSync(join(folder, 'record.yaml'), '{recordTotalMib: 1843, recordSegmentMib: 900, recordRate: 0.1}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (flag: string): string => (/^\w+\.(crt|ts|yaml)$/.test(flag) ? join(folder, flag) : flag);

async function output(...argv: readonly string[]): Promise<string> {
  const { code, out, note } = await runCommand(['manifests', ...argv]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return out;
}

describeWith(helmMissing, 'the chart', () => {
  const helm = (program: Program, ...argv: readonly string[]): string =>
    execFileSync(pathOf(program), argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  test.each(CASES)('has the objects of the command: $name', async ({ policy, both = [], flags = [], values = {} }) => {
    const file = join(folder, 'policy.yaml');
    const metadata = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\n';
    writeFileSync(file, `${metadata}spec: ${policy}\n`);
    const policies = [...(policy === undefined ? [] : ['--policy', file]), ...both.map(inFolder)];
    const expected = without(normalized(await output(...policies, ...flags.map(inFolder))), 'Namespace');
    const derived = join(folder, 'derived.yaml');
    writeFileSync(derived, policies.length === 0 ? '{}' : await output('values', ...policies));
    const chosen = join(folder, 'chosen.json');
    writeFileSync(chosen, JSON.stringify(values).replace('"ca.crt"', JSON.stringify(authority)));
    const namespace = flags.includes('gate') ? 'gate' : 'tidewaiter';
    for (const program of ['helm3', 'helm4'] as const) {
      const options = ['--namespace', namespace, '--kube-version', '1.37.2', '-f', derived, '-f', chosen];
      const rendered = helm(program, 'template', 'any', CHART, ...options);
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
    ['registration=self,tls.mode=files', /registration|anyOf/],
    ['timeoutSeconds=15', /timeoutSeconds|anyOf/],
    ['nonsense=1', /nonsense/],
    ['configuration.registryAcess=any', /registryAcess/],
    ['configuration.registryAccess=some', /registryAccess/],
    ['image.digest=sha256:1', /digest/],
    ['record.sizeMib=142', /sizeMib/],
    ['record.claim=a', /record\.claim requires record\.sizeMib/],
    ['record.sizeMib=200,record.claim=A', /claim/],
    ['configuration.record=/tmp', /record/],
    [
      'record.sizeMib=1000,configuration.recordTotalMib=901',
      /record\.sizeMib: recordTotalMib, 901, must be at most 90 % of the volume, which are 900 MiB/,
    ],
    [
      'record.sizeMib=1000,configuration.recordSegmentMib=451',
      /900 MiB of recordings must have room for two files \(recordSegmentMib, 451 MiB each\)/,
    ],
    ['plugins.load={rules.ts}', /plugins\.load: the plugin "rules\.ts" is not in plugins\.files; tidewaiter/],
    ['plugins.load={rules.ts},plugins.files.rules=a', /plugins\.load: the plugin "rules\.ts" is not in/],
  ])('rejects --set %s', (set, message) => {
    for (const program of ['helm3', 'helm4'] as const) {
      const options = ['-n', 'tidewaiter', '--kube-version', '1.37.2', '--set', set];
      expect(() => helm(program, 'template', 'any', CHART, ...options), program).toThrow(message);
    }
  });

  test.each(['helm3', 'helm4'] as const)('accepts with %s the API server ranges of the command', (program) => {
    const template = (ranges: readonly string[]): string => {
      const options = ['--kube-version', '1.37.2', '--set', `apiServerRanges={${ranges.join(',')}}`];
      return helm(program, 'template', 'any', CHART, '-n', 'tidewaiter', ...options);
    };
    const accepted = RANGES.filter(isAddressRange);
    const rendered = template(accepted);
    expect([...rendered.matchAll(/cidr: "(.*)"/g)].map(([, range]) => range)).toEqual(accepted);
    for (const range of RANGES.filter((each) => !isAddressRange(each)))
      expect(() => template([range]), range).toThrow(/apiServerRanges/);
  });

  test.each<readonly [options: readonly string[], namespace: string]>([
    [[], 'default'],
    [['-n', 'kube-system'], 'kube-system'],
  ])('rejects the namespace of helm template %j, which others use', (options, namespace) => {
    for (const program of ['helm3', 'helm4'] as const) {
      const argv = ['template', 'any', join(ROOT, 'manifests/chart'), '--kube-version', '1.37.2', ...options];
      expect(() => helm(program, ...argv), program).toThrow(
        `namespace ${namespace}: use a namespace that only tidewaiter uses: -n tidewaiter --create-namespace`,
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
