import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { type Manifest, manifestsIn, readManifests, render } from './documents.ts';

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly: boolean }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
  }[];
}

function podSpecIn(manifests: readonly Manifest[]): PodSpec {
  const [spec] = manifests.flatMap(({ kind, spec: found }) => (kind === 'Deployment' ? [found] : []));
  return (spec as { template: { spec: PodSpec } }).template.spec;
}

/** The configuration file that the Deployment mounts. */
function configurationIn(manifests: readonly Manifest[]): string {
  const map = manifests.find(({ metadata }) => metadata.name.startsWith('tidewaiter-config'));
  return map?.data?.['tidewaiter.yaml'] ?? '';
}

describe('the Deployment', () => {
  const spec = podSpecIn(readManifests('manifests/install/server.yaml'));
  const [container] = spec.containers;

  test('has what the Pod Security Standard "restricted" requires, and a root file system that cannot be written', () => {
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container?.volumeMounts.every(({ readOnly }) => readOnly)).toBe(true);
  });

  test('has time to answer what is under way: 5 s before SIGTERM, 10 s after it', () => {
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(15);
  });
});

const CLUSTER_SCOPED = [
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

describeWith(kubectlMissing, 'kubectl kustomize', () => {
  const RENDERED: readonly { readonly folder: string; readonly kinds: readonly string[] }[] = [
    {
      folder: 'manifests/install',
      kinds: [
        'ClusterRole',
        'ClusterRoleBinding',
        'ConfigMap',
        'ConfigMap',
        'Deployment',
        'MutatingWebhookConfiguration',
        'Namespace',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Role',
        'RoleBinding',
        'Secret',
        'Service',
        'ServiceAccount',
        'ValidatingWebhookConfiguration',
      ],
    },
    { folder: 'manifests/policies', kinds: ['ConfigMap'] },
  ];

  test.each(RENDERED)('renders $folder', ({ folder, kinds }) => {
    const manifests = manifestsIn(render(folder));
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(kinds);
    const homeless = manifests.filter(
      ({ kind, metadata }) => !CLUSTER_SCOPED.includes(kind) && metadata.namespace !== 'tidewaiter',
    );
    expect(homeless.map(({ kind }) => kind)).toEqual(folder === 'manifests/policies' ? ['ConfigMap'] : []);
  });

  test('mounts each ConfigMap by the name that changes with its content', () => {
    const manifests = manifestsIn(render('manifests/install'));
    const names = manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name);
    const mounted = podSpecIn(manifests).volumes.flatMap(({ configMap }) => configMap?.name ?? []);
    expect(mounted.sort()).toEqual(names.sort());
    expect(names).toEqual([
      expect.stringMatching(/^tidewaiter-config-\w{10}$/),
      expect.stringMatching(/^tidewaiter-policies-\w{10}$/),
    ]);
  });

  test('configures the server with what is mounted, and listens where the Service, the probes and Prometheus look', async () => {
    const manifests = manifestsIn(render('manifests/install'));
    const spec = podSpecIn(manifests);
    const [container] = spec.containers;
    const text = configurationIn(manifests);
    const dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-config-'));
    const file = path.join(dir, 'tidewaiter.yaml');
    writeFileSync(file, text);
    // The variables of the image, overridden by those of the Deployment.
    const env = {
      TIDEWAITER_LISTEN: '0.0.0.0:9',
      ...Object.fromEntries(container?.env.map(({ name, value }) => [name, value]) ?? []),
    };
    const { config } = await loadConfig({ config: file }, env).finally(() => rmSync(dir, { recursive: true }));
    expect(config.listen.host).toBe('0.0.0.0');
    expect(config.operations).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(container?.ports).toEqual([
      { name: 'https', containerPort: config.listen.port },
      { name: 'operations', containerPort: 8080 },
    ]);
    const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
    expect(path.dirname(container?.args.at(-1) ?? '')).toBe('/etc/tidewaiter');
    expect(config.certificate).toBeUndefined();
    expect(mounts).toEqual(['/etc/tidewaiter', ...config.policies]);
  });
});
