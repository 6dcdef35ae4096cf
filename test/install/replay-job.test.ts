/** The output of `manifests replay-job`: valid, and its arguments run as they are. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import { recordedReview } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('replay-job');

interface Volume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  readonly configMap?: { readonly name: string };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Record<string, string> };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly completions: number;
    readonly parallelism: number;
    readonly template: {
      readonly spec: {
        readonly volumes: readonly Volume[];
        readonly containers: readonly [
          {
            readonly args: readonly string[];
            readonly volumeMounts: readonly {
              readonly name: string;
              readonly mountPath: string;
              readonly readOnly?: boolean;
            }[];
          },
        ];
      };
    };
  };
}

const REQUIRED = ['--recordings', 'recordings', '--results', 'results', '--shards', '3'];

async function manifests(...flags: readonly string[]): Promise<readonly Manifest[]> {
  const { code, out, note } = await runCommand(['manifests', 'replay-job', ...REQUIRED, ...flags]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return loadAll(out) as readonly Manifest[];
}

function jobIn(objects: readonly Manifest[]): Manifest {
  const job = objects.find(({ kind }) => kind === 'Job');
  if (job === undefined) throw new Error('no Job');
  return job;
}

const policy = (name: string, rule: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: {rules: [${rule}]}\n`;

const PLUGIN = `import { defineRule } from 'tidewaiter';
export default [
  defineRule({
    name: 'own',
    description: 'Own rule',
    needs: [],
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    check: () => [],
  }),
];
`;

test('prints an Indexed Job as the API server accepts it', async () => {
  const objects = await manifests();
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
    'ConfigMap tidewaiter/tidewaiter-replay-policies',
    'Job tidewaiter/tidewaiter-replay',
  ]);
  expect(jobIn(objects).spec).toMatchObject({
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 3,
    backoffLimitPerIndex: 2,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
        { action: 'FailIndex', onExitCodes: { containerName: 'replay', operator: 'In', values: [1, 2] } },
      ],
    },
    template: {
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'replay',
            resources: { requests: { cpu: '1', memory: '256Mi' }, limits: { memory: '512Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    },
  });
});

test('mounts the recordings read-only, and nothing that it does not name', async () => {
  const { template } = jobIn(await manifests()).spec;
  const { volumes, containers } = template.spec;
  const [{ volumeMounts }] = containers;
  expect(volumes.map(({ name }) => name)).toEqual(volumeMounts.map(({ name }) => name));
  expect(volumes[0]).toEqual({
    name: 'recordings',
    persistentVolumeClaim: { claimName: 'recordings', readOnly: true },
  });
  expect(volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name)).toEqual(['results']);
});

test('has no label of the server, whose Service would select its Pods', async () => {
  const server = loadAll((await runCommand(['manifests'])).out) as readonly Manifest[];
  const service = server.find(({ kind }) => kind === 'Service') as unknown as { spec: { selector: object } };
  const { metadata } = jobIn(await manifests());
  expect(metadata.labels).not.toMatchObject(service.spec.selector);
});

/** The directories of the container, on this machine. */
function mounted(objects: readonly Manifest[]): readonly string[] {
  const { volumes, containers } = jobIn(objects).spec.template.spec;
  const [{ args, volumeMounts }] = containers;
  for (const { name, configMap } of volumes) {
    mkdirSync(path.join('mounts', name), { recursive: true });
    const { data = {} } = objects.find(({ metadata }) => metadata.name === configMap?.name) ?? {};
    for (const [file, text] of Object.entries(data)) writeFileSync(path.join('mounts', name, file), text);
  }
  return args.map((arg) => {
    const mount = volumeMounts.find(({ mountPath }) => arg === mountPath || arg.startsWith(`${mountPath}/`));
    return mount === undefined ? arg : `mounts/${mount.name}${arg.slice(mount.mountPath.length)}`;
  });
}

test('has arguments that evaluate every shard, with the files that it mounts', async () => {
  writeFileSync('today.yaml', policy('today', '{rule: image-tag, action: audit, parameters: {deny: [latest]}}'));
  writeFileSync('tomorrow.yaml', policy('tomorrow', '{rule: image-tag, parameters: {deny: [1.4.2]}}, {rule: own}'));
  writeFileSync('own.ts', PLUGIN);
  writeFileSync('tidewaiter.yaml', 'pluginTimeoutMs: 5000\nlisten: 127.0.0.1:1\n');
  const flags = ['-p', 'today.yaml', '--against', 'tomorrow.yaml', '--plugin', 'own.ts', '--only', 'image-tag'];
  const objects = await manifests(...flags, '--since', '2027-01-01', '--name', 'week');
  expect(objects.map(({ metadata }) => metadata.name)).toEqual([
    'week-config',
    'week-policies',
    'week-against',
    'week-plugins',
    'week',
  ]);
  const args = mounted(objects).map((arg) => arg.replace('/etc/tidewaiter-plugins', 'mounts/plugins'));
  const config = readFileSync('mounts/config/tidewaiter.yaml', 'utf8');
  expect(config).toBe('pluginTimeoutMs: 5000\nplugins: [/etc/tidewaiter-plugins/own.ts]\n');
  writeFileSync('mounts/config/tidewaiter.yaml', config.replace('/etc/tidewaiter-plugins', '../plugins'));
  const lines = ['a', 'b', 'c', 'd'].map((id) => `${JSON.stringify(recordedReview({ id }))}\n`);
  writeFileSync('mounts/recordings/a.ndjson', lines.join(''));
  for (const index of [0, 1, 2]) {
    vi.stubEnv('JOB_COMPLETION_INDEX', String(index));
    expect(await runCommand(args)).toMatchObject({ code: 0, note: '' });
    vi.unstubAllEnvs();
  }
  expect(readdirSync('mounts/results')).toHaveLength(3);
  const { code, out } = await runCommand(['replay', '--merge', 'mounts/results']);
  expect(code).toBe(1);
  expect(out).toContain('Of 4 reviews, 4 would be newly denied');
});

test('turns a period until now into a time, because the Pods start later', async () => {
  const [{ args }] = jobIn(await manifests('--since', '24h', '--until', '2027-03-01')).spec.template.spec.containers;
  const since = Date.parse(args[args.indexOf('--since') + 1] ?? '');
  expect(Date.now() - since).toBeGreaterThanOrEqual(86_400_000);
  expect(args.slice(-2)).toEqual(['--until', '2027-03-01T00:00:00.000Z']);
});

describe('is an error', () => {
  test.each([
    [['--recordings', 'a', '--results', 'b'], "required option '--shards <N>' not specified"],
    [['--recordings', 'a', '--shards', '2'], "required option '--results <CLAIM>' not specified"],
    [['--recordings', 'a', '--results', 'a', '--shards', '2'], '--results: use another PersistentVolumeClaim'],
    [['--recordings', 'A', '--results', 'a', '--shards', '2'], 'expected the name of a PersistentVolumeClaim'],
    [[...REQUIRED, '--name', 'Week'], 'expected at most 48 lowercase letters, digits, dots, and inner hyphens'],
    [[...REQUIRED, '--against', '-'], '-: the manifests contain policy files by name'],
    [[...REQUIRED, '--against', 'absent.yaml'], 'absent.yaml: no such file or directory'],
  ])('%j', async (flags, message) => {
    const { code, out, note } = await runCommand(['manifests', 'replay-job', ...flags]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toContain(message);
  });
});
