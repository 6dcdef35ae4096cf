import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPolicies } from '../../src/files/policies.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { runCommand } from '../support/command.ts';
import { readManifests, ROOT } from './documents.ts';

const EXAMPLES = path.join(ROOT, 'manifests/policies/examples');
const vocabulary = { rules: RULES, kinds: kindTable() };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-manifests-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function pod(namespace: string, image: string, rest = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: ${namespace}}\nspec: {containers: [{name: web, image: "${image}"${rest}}]}\n`;
}

const serviceAccount = (namespace: string): string =>
  `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: ${namespace}}\n`;

/** A Pod of our registry, and the pull secret that it names, with an entry for this server. */
function withSecret(server: string): string {
  const auths = { [server]: { username: 'ci', password: 'example' } };
  return `${pod('shop', 'registry.example.com/shop/web:1').replace('spec: {', 'spec: {imagePullSecrets: [{name: regcred}], ')}---
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '${JSON.stringify({ auths })}'}
`;
}

/** With a team and a limit. */
function owned(image: string, memory: string): string {
  const limited = pod('shop', image, `, resources: {limits: {memory: ${memory}}}`);
  return limited.replace('namespace: shop', 'namespace: shop, labels: {example.com/team: shop}');
}

const DIGEST = `@sha256:${'1'.repeat(64)}`;

interface Case {
  readonly example: string;
  readonly says: string;
  readonly manifest: string;
  readonly found: readonly string[];
}

const CASES: readonly Case[] = [
  {
    example: 'pull-secrets',
    says: 'an image of our registry with a credential for it is allowed',
    manifest: withSecret('https://registry.example.com'),
    found: [],
  },
  {
    example: 'pull-secrets',
    says: 'a credential for another place is refused',
    manifest: withSecret('registry.example.com:5000'),
    found: ['deny pull-secret-coverage'],
  },
  {
    example: 'pull-secrets',
    says: 'a public image needs none',
    manifest: pod('shop', 'registry.example.com/public/web:1') + serviceAccount('shop'),
    found: [],
  },
  {
    example: 'pull-secrets',
    says: 'a private image without any is refused, twice',
    manifest: pod('shop', 'registry.example.com/shop/web:1') + serviceAccount('shop'),
    found: ['deny pull-secret-named', 'deny pull-secret-coverage'],
  },
  {
    example: 'allowed-registries',
    says: 'our registry is allowed',
    manifest: pod('shop', 'registry.example.com/shop/web:1'),
    found: [],
  },
  {
    example: 'allowed-registries',
    says: 'official images are allowed',
    manifest: pod('shop', 'nginx:1.27'),
    found: [],
  },
  {
    example: 'allowed-registries',
    says: 'a look-alike is refused',
    manifest: pod('shop', 'registry.example.com.evil.io/web:1'),
    found: ['deny image-registry'],
  },
  {
    example: 'allowed-registries',
    says: 'other people on Docker Hub are refused',
    manifest: pod('shop', 'other/web:1'),
    found: ['deny image-registry'],
  },
  {
    example: 'allowed-registries',
    says: 'kube-system is left alone',
    manifest: pod('kube-system', 'other/web:1'),
    found: [],
  },
  {
    example: 'pin',
    says: 'a tag is fine: it is the mutating webhook that pins',
    manifest: pod('shop', 'nginx:1.27'),
    found: [],
  },
  {
    example: 'registries-say',
    says: 'an unavailable registry denies nothing',
    manifest: pod('shop', `nginx:1.27${DIGEST}`),
    found: ['audit image-exists', 'audit image-platform', 'audit image-age', 'audit image-digest'],
  },
  {
    example: 'production',
    says: 'a tag alone is refused',
    manifest: pod('shop', 'nginx:1.27'),
    found: ['deny image-digest'],
  },
  {
    example: 'production',
    says: 'a moving tag is refused, pinned or not',
    manifest: pod('shop', `nginx:main${DIGEST}`),
    found: ['deny image-tag'],
  },
  {
    example: 'production',
    says: 'a pinned release is allowed',
    manifest: pod('shop', `nginx:1.27${DIGEST}`),
    found: [],
  },
  { example: 'production', says: 'development may do what it wants', manifest: pod('development', 'nginx'), found: [] },
  {
    example: 'team-pull-policy',
    says: "the team's tags are pulled each time",
    manifest: pod('payments-api', 'registry.example.com/payments/api:dev', ', imagePullPolicy: IfNotPresent'),
    found: ['deny image-pull-policy', 'audit image-digest'],
  },
  {
    example: 'team-pull-policy',
    says: 'what is pinned may stay on the node',
    manifest: pod('payments', `registry.example.com/payments/api:1${DIGEST}`, ', imagePullPolicy: IfNotPresent'),
    found: [],
  },
  {
    example: 'team-pull-policy',
    says: 'other teams are not affected',
    manifest: pod('shop', 'registry.example.com/payments/api:dev', ', imagePullPolicy: Never'),
    found: [],
  },
  {
    example: 'ports',
    says: 'a host port is refused',
    manifest: pod('shop', 'nginx:1', ', ports: [{name: http, containerPort: 80, hostPort: 80}]'),
    found: ['deny container-ports'],
  },
  {
    example: 'ports',
    says: 'a port without a name is told',
    manifest: pod('shop', 'nginx:1', ', ports: [{containerPort: 80}]'),
    found: ['warn container-ports'],
  },
  {
    example: 'ports',
    says: 'ingress may have host ports',
    manifest: pod('ingress-nginx', 'nginx:1', ', ports: [{containerPort: 80, hostPort: 80}]'),
    found: [],
  },
  {
    example: 'exceptions',
    says: 'what the list has is allowed',
    manifest: pod('shop', 'mirror.example.com/docker.io/library/nginx:1.27'),
    found: [],
  },
  {
    example: 'exceptions',
    says: 'what stands beside the list is allowed',
    manifest: pod('shop', 'registry.k8s.io/pause:3.10'),
    found: [],
  },
  {
    example: 'exceptions',
    says: 'the container that the exception is about is excused',
    manifest: pod('shop', 'quay.io/vendor/agent:1').replaceAll('name: web', 'name: agent'),
    found: ['excused image-registry'],
  },
  {
    example: 'exceptions',
    says: 'only the rule that the exception names is excused',
    manifest: pod('shop', 'quay.io/vendor/agent').replaceAll('name: web', 'name: agent'),
    found: ['excused image-registry', 'deny image-tag'],
  },
  {
    example: 'exceptions',
    says: 'the same image elsewhere is refused',
    manifest: pod('shop', 'quay.io/vendor/agent:1'),
    found: ['deny image-registry'],
  },
  {
    example: 'workload-hygiene',
    says: 'a Pod that says what it needs and when it is ready is allowed',
    manifest: pod(
      'shop',
      'registry.example.com/shop/web:1',
      ', resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}, readinessProbe: {tcpSocket: {port: 80}}',
    ),
    found: [],
  },
  {
    example: 'workload-hygiene',
    says: 'a Pod that says nothing is refused for what it may take, and warned of the rest',
    manifest: pod('shop', 'nginx:1.27'),
    found: [
      'deny container-resources',
      'deny container-resources',
      'deny container-resources',
      'warn container-probes',
      'warn image-qualified',
    ],
  },
  {
    example: 'workload-hygiene',
    says: 'two containers of one name are refused, and so is what no scheduler can place',
    manifest: pod(
      'shop',
      'registry.example.com/shop/web:1',
      ', resources: {limits: {cpu: 1, memory: 1GB}}, readinessProbe: {tcpSocket: {port: 80}}}, {name: web, image: "registry.example.com/shop/web:2", resources: {limits: {memory: 17Gi}, requests: {cpu: 1, memory: 1Gi}}, startupProbe: {}',
    ),
    found: [
      'deny container-name',
      'deny container-resources',
      'deny container-resources',
      'deny container-resources',
      'deny image-consistency',
      'warn container-probes',
      'warn container-probes',
    ],
  },
  { example: 'workload-hygiene', says: 'kube-system is left alone', manifest: pod('kube-system', 'nginx'), found: [] },
  {
    example: 'rules-of-our-own',
    says: 'a version, an owner and a limit are enough',
    manifest: owned('registry.example.com/web:1.4.0', '1Gi'),
    found: [],
  },
  {
    example: 'rules-of-our-own',
    says: 'other images need no such versions',
    manifest: owned('nginx:stable', '1Gi'),
    found: [],
  },
  {
    example: 'rules-of-our-own',
    says: 'a release without version is refused',
    manifest: owned('registry.example.com/web:main', '1Gi'),
    found: ['deny cel'],
  },
  {
    example: 'rules-of-our-own',
    says: 'too much memory is told',
    manifest: owned('nginx:1', '8Gi'),
    found: ['warn cel'],
  },
  {
    example: 'rules-of-our-own',
    says: 'a workload without owner is refused, and without limit it is told',
    manifest: pod('shop', 'nginx:1'),
    found: ['deny cel', 'warn cel'],
  },
];

describe('the example policies', () => {
  test.each(CASES)('$example: $says', async ({ example, manifest, found }) => {
    const file = path.join(dir, 'pod.yaml');
    writeFileSync(file, manifest);
    const policy = path.join(EXAMPLES, `${example}.yaml`);
    const { code, out } = await runCommand([
      'check',
      file,
      '--offline',
      '-o',
      'json',
      '-p',
      policy,
      '--now',
      '2027-06-30',
    ]);
    const { findings, errors } = JSON.parse(out) as { findings: { action: string; rule: string }[]; errors: unknown[] };
    expect(findings.map(({ action, rule }) => `${action} ${rule}`).sort()).toEqual([...found].sort());
    expect(errors).toEqual([]);
    expect(code).toBe(found.some((finding) => finding.startsWith('deny')) ? 1 : 0);
  });

  test('leave out namespaces by name: with a glob, anyone who can create a namespace can leave the policy', () => {
    const files = readdirSync(path.join(ROOT, 'manifests'), { recursive: true, encoding: 'utf8' });
    const excluded = files
      .filter(
        (file) =>
          file.endsWith('.yaml') &&
          readFileSync(path.join(ROOT, 'manifests', file), 'utf8').includes('kind: ImagePolicy'),
      )
      .flatMap((file) => readManifests(path.join('manifests', file)))
      .flatMap(
        ({ spec }) => (spec as { exclude?: { namespaces?: readonly string[] } } | undefined)?.exclude?.namespaces ?? [],
      );
    expect(excluded).toContain('kube-system');
    expect(excluded.filter((name) => name.includes('*'))).toEqual([]);
  });

  test('all have a case here, and can be used together with the built-in one', async () => {
    const names = readdirSync(EXAMPLES).map((name) => path.basename(name, '.yaml'));
    expect([...new Set(CASES.map(({ example }) => example))].sort()).toEqual(names.sort());
    const baseline = path.join(ROOT, 'manifests/policies/baseline.yaml');
    const { policies, exceptions, notices } = await loadPolicies([baseline, EXAMPLES], vocabulary);
    expect(policies).toHaveLength(names.length + 1);
    expect(exceptions).toHaveLength(1);
    expect(notices).toEqual([]);
  });
});

describe('a ConfigMap of policies', () => {
  test('is read once, although the kubelet mounts each file three times over', async () => {
    const data = path.join(dir, '..2026_11_24_00_00_00.1');
    mkdirSync(data);
    writeFileSync(path.join(data, 'baseline.yaml'), readFileSync(path.join(ROOT, 'manifests/policies/baseline.yaml')));
    symlinkSync('..2026_11_24_00_00_00.1', path.join(dir, '..data'));
    symlinkSync('..data/baseline.yaml', path.join(dir, 'baseline.yaml'));
    expect((await loadPolicies([dir], vocabulary)).policies.map(({ name }) => name)).toEqual(['baseline']);
  });
});

describe('our own Deployment', () => {
  test('is let in by the built-in policy, wherever it runs', async () => {
    const deployment = readManifests('manifests/install/server.yaml').find(({ kind }) => kind === 'Deployment');
    const elsewhere = path.join(dir, 'deployment.json');
    writeFileSync(elsewhere, JSON.stringify({ ...deployment, metadata: { name: 'tidewaiter', namespace: 'shop' } }));
    const { code, out } = await runCommand(['check', elsewhere, '-o', 'json']);
    expect([code, (JSON.parse(out) as { summary: object }).summary]).toMatchObject([
      0,
      { workloads: 1, denied: 0, unknown: 0 },
    ]);
  });
});
