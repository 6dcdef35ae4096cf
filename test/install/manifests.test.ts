/** The output of `manifests`: complete, valid for kubectl, and derived from the policies and the flags. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { CONFIG_SCHEMA } from '../../src/config/keys.ts';
import { registeredObjects } from '../../src/cli/serve/registered-objects.ts';
import { configurationText } from '../../src/install/configuration.ts';
import { MAX_SIZE_MIB, SEGMENT_MIB } from '../../src/install/recording.ts';
import { API_RESOURCES, type ApiResource } from '../../src/pod/api-resources.ts';
import { CONNECT_TIMEOUT_MS } from '../../src/registry/transport.ts';
import { LIMIT_MS } from '../../src/registry/name-servers.ts';
import { budgetMs } from '../../src/server/deadline.ts';
import { compose } from '../../src/wiring.ts';
import { createAuthority } from '../cluster/certificates.ts';
import type { Manifest, Webhook } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';

interface ReviewWebhook extends Webhook {
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-manifests-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function policy(name: string, spec: string): string {
  const file = path.join(dir, `${name}.yaml`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${spec}\n`);
  return file;
}

async function manifests(...flags: readonly string[]): Promise<readonly Manifest[]> {
  const { code, out, note } = await runCommand(['manifests', ...flags]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return loadAll(out) as readonly Manifest[];
}

const webhooksIn = (objects: readonly Manifest[], kind: 'Validating' | 'Mutating'): readonly ReviewWebhook[] =>
  objects.flatMap((object) =>
    object.kind === `${kind}WebhookConfiguration` ? ((object.webhooks ?? []) as readonly ReviewWebhook[]) : [],
  );

const kindsOf = (objects: readonly Manifest[]): readonly string[] => objects.map(({ kind }) => kind);

const CONFIGURATIONS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];
const BEFORE = ['Namespace', 'ServiceAccount'];
const CONFIG_MAPS = ['ConfigMap', 'ConfigMap'];
const CLUSTER_ROLE = ['ClusterRole', 'ClusterRoleBinding'];
const SERVER = ['Service', 'Deployment', 'PodDisruptionBudget', 'NetworkPolicy'];

describe('manifests', () => {
  test('has what the server needs to renew its certificate, which is no part of the manifests', async () => {
    const objects = await manifests();
    expect(kindsOf(objects)).toEqual([
      ...BEFORE,
      ...CLUSTER_ROLE,
      'Role',
      'RoleBinding',
      'Secret',
      ...CONFIG_MAPS,
      ...SERVER,
      ...CONFIGURATIONS,
    ]);
    expect(objects.find(({ kind }) => kind === 'Secret')).not.toHaveProperty('data');
    expect(JSON.stringify(objects)).not.toContain('/etc/tidewaiter-tls');
  });

  test('has empty webhook configurations for a server that registers itself', async () => {
    const objects = await manifests('-p', policy('pin', '{pin: {}}'), '--fail', 'closed');
    const found = objects.filter(({ kind }) => CONFIGURATIONS.includes(kind));
    expect(found.map(({ kind }) => kind)).toEqual(CONFIGURATIONS);
    for (const object of found) expect(Object.keys(object)).toEqual(['apiVersion', 'kind', 'metadata']);
  });

  test.each<readonly [fail: 'open' | 'closed', spec: string]>([
    ['open', '{rules: [{rule: image-qualified}]}'],
    ['closed', '{rules: [{rule: image-exists}]}'],
    ['open', '{pin: {}}'],
    ['closed', '{pin: {}}'],
  ])('a server with fail %s registers what the manifests would contain, for %s', async (fail, spec) => {
    const file = policy('p', spec);
    const external = await manifests('--registration', 'external', '--fail', fail, '-p', file);
    const { config } = await loadConfig({ policy: [file] }, {});
    const { context } = await compose(config);
    const registered = registeredObjects(context, { namespace: 'tidewaiter', fail, webhookKinds: [] });
    expect(registered).toEqual(external.filter(({ kind }) => CONFIGURATIONS.includes(kind)));
  });

  test('has what the built-in policy needs with cert-manager: one role, and no mutating webhook', async () => {
    const objects = await manifests('--tls', 'cert-manager');
    expect(kindsOf(objects)).toEqual([
      ...BEFORE,
      ...CLUSTER_ROLE,
      ...CONFIG_MAPS,
      'Issuer',
      'Certificate',
      'Issuer',
      'Certificate',
      ...SERVER,
      ...CONFIGURATIONS,
    ]);
    expect(webhooksIn(objects, 'Mutating')).toEqual([]);
    const rules = objects.find(({ kind }) => kind === 'ClusterRole') as
      | { readonly rules?: readonly object[] }
      | undefined;
    expect(rules?.rules).toMatchObject([
      { resources: ['namespaces'], resourceNames: ['tidewaiter'], verbs: ['get', 'list', 'watch'] },
      { resources: ['validatingwebhookconfigurations'], resourceNames: ['tidewaiter'], verbs: ['get', 'delete'] },
      { resources: ['mutatingwebhookconfigurations'], resourceNames: ['tidewaiter'], verbs: ['get', 'delete'] },
    ]);
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    expect(deployment?.spec).toMatchObject({
      replicas: 2,
      template: { spec: { automountServiceAccountToken: true } },
    });
  });

  test('has roles, a token, and the mutating webhook for a policy that pins', async () => {
    const objects = await manifests('-p', policy('pin', '{pin: {}}'), '--tls', 'files');
    expect(kindsOf(objects)).toEqual([
      'Namespace',
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'ConfigMap',
      ...SERVER,
      ...CONFIGURATIONS,
    ]);
    expect(objects.find(({ kind }) => kind === 'Deployment')?.spec).toMatchObject({
      template: { spec: { automountServiceAccountToken: true } },
    });
  });

  test('puts all objects into the chosen namespace, and nothing of it into another', async () => {
    const objects = await manifests('-n', 'gate', '--service-monitor', '--prometheus-rule');
    const text = JSON.stringify(objects);
    expect(text).not.toContain('tidewaiter.tidewaiter.svc');
    expect(text).not.toContain('"namespace":"tidewaiter"');
    expect(kindsOf(objects)).toEqual(expect.arrayContaining(['ServiceMonitor', 'PrometheusRule']));
    expect(objects.find(({ kind }) => kind === 'Service')?.spec).toMatchObject({
      ports: [{ port: 443 }, { name: 'operations', port: 8080 }],
    });
  });

  test('restricts the port for reviews to the given ranges', async () => {
    const objects = await manifests('--api-server-range', '10.0.0.0/24', '--api-server-range', 'fd00::/8');
    expect(objects.find(({ kind }) => kind === 'NetworkPolicy')?.spec).toMatchObject({
      ingress: [
        {
          from: [{ ipBlock: { cidr: '10.0.0.0/24' } }, { ipBlock: { cidr: 'fd00::/8' } }],
          ports: [{ port: 'https' }],
        },
        { ports: [{ port: 'operations' }] },
      ],
    });
  });

  test('starts a rollout when the policies change, and only then', async () => {
    const checksum = async (file: string): Promise<unknown> =>
      (await manifests('-p', file)).flatMap(({ kind, spec }) =>
        kind === 'Deployment'
          ? (spec as { template: { metadata: { annotations: object } } }).template.metadata.annotations
          : [],
      );
    const one = await checksum(policy('a', '{rules: [{rule: image-qualified}]}'));
    expect(await checksum(policy('a', '{rules: [{rule: image-qualified}]}'))).toEqual(one);
    expect(await checksum(policy('a', '{rules: [{rule: image-reference}]}'))).not.toEqual(one);
  });

  test('contains the policy files of a directory by name, and no other files', async () => {
    policy('sub/b', '{rules: [{rule: image-qualified}]}');
    writeFileSync(path.join(dir, 'kustomization.yaml'), 'kind: Kustomization\n');
    const objects = await manifests('-p', dir);
    const map = objects.find(({ metadata }) => metadata.name === 'tidewaiter-policies');
    expect(Object.keys(map?.data ?? {})).toEqual(['b.yaml']);
  });

  test('has the CA of your certificate in every webhook', async () => {
    const { cert } = await createAuthority();
    const file = path.join(dir, 'ca.crt');
    writeFileSync(file, `A comment\n${cert}`);
    const objects = await manifests('--tls', 'files', '--ca', file, '-p', policy('pin', '{pin: {}}'));
    const bundles = [...webhooksIn(objects, 'Validating'), ...webhooksIn(objects, 'Mutating')].map(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
    );
    expect(bundles).toEqual(Array(4).fill(`${cert.trimEnd()}\n`));
  });

  test('rejects a CA that has expired, unless another one is valid', async () => {
    const authority = await createAuthority();
    const expired = await authority.serverCertificate(['tidewaiter.tidewaiter.svc'], -60_000);
    const file = path.join(dir, 'ca.crt');
    writeFileSync(file, expired.cert);
    const flags = ['--tls', 'files', '--ca', file];
    const { code, note } = await runCommand(['manifests', ...flags]);
    expect({ code, note }).toEqual({
      code: 2,
      note: expect.stringMatching(
        /ca\.crt: no certificate in it is valid: certificate 1 expired on [-\d]{10} \(set by --ca\)/,
      ),
    });
    writeFileSync(file, `${expired.cert}\n${authority.cert}`);
    await manifests(...flags);
  });

  test.each<readonly [text: string, flags: readonly string[], message: string]>([
    [
      'rubbish',
      ['--tls', 'files'],
      'it contains no certificate; expected PEM that begins with "-----BEGIN CERTIFICATE-----" (set by --ca)',
    ],
    [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      ['--tls', 'files'],
      'certificate 1 is damaged; use complete PEM certificates (set by --ca)',
    ],
    ['rubbish', [], '--ca requires --tls files; with --tls self, the CA is set in the cluster'],
  ])('rejects %j as a CA with %j', async (text, flags, message) => {
    const file = path.join(dir, 'ca.crt');
    writeFileSync(file, text);
    const { code, note } = await runCommand(['manifests', '--ca', file, ...flags]);
    expect(code).toBe(2);
    expect(note).toContain(message);
  });

  test.each<readonly [flags: readonly string[], message: string]>([
    [['--replicas', '0'], '--replicas: invalid value "0" (expected a number from 1 to 999)'],
    [['--api-server-range', '10.0.0.0'], 'for example 10.0.0.0/24'],
    [['--api-server-range', '10.0.0.0/33'], 'for example 10.0.0.0/24'],
    [['--api-server-range', '10.0.0.1/24'], 'expected the first address and the prefix length of a range'],
    [['--api-server-range', '2001:db8:8000::/32'], 'expected the first address and the prefix length of a range'],
    [['--api-server-range', '::ffff:10.0.0.0/104'], 'expected the first address and the prefix length of a range'],
    [['--image', ''], 'expected an image reference: it is empty'],
    [['--image', 'registry.example.com/a b'], 'expected an image reference: '],
    [['-n', 'kube-system'], 'use a namespace that only tidewaiter uses'],
    [['-n', 'default'], 'use a namespace that only tidewaiter uses'],
    [['-p', '-'], '-: the manifests contain policy files by name; write standard input to a file'],
    [['--tls', 'none'], '--tls: invalid value "none" (expected "self", "cert-manager", or "files")'],
    [['--registration', 'self', '--tls', 'files'], '--registration self requires --tls self'],
    [['--fail', 'shut'], '--fail: invalid value "shut" (expected "open" or "closed")'],
    [['-n', 'Gate'], 'expected at most 63 lowercase letters'],
    [
      ['--webhook-kinds', 'argoproj.oi'],
      '--webhook-kinds: no custom kinds are known in the API group "argoproj.oi"; did you mean "argoproj.io"?',
    ],
  ])('rejects %j', async (flags, message) => {
    const { code, note } = await runCommand(['manifests', ...flags]);
    expect(code).toBe(2);
    expect(note).toContain(message);
  });

  test.each<readonly [range: string]>([['0.0.0.0/0'], ['10.0.0.1/32'], ['10.128.0.0/9'], ['2001:db8::/33'], ['::/0']])(
    'accepts %s as the range of API servers',
    async (range) => {
      const objects = await manifests('--api-server-range', range);
      expect(JSON.stringify(objects)).toContain(`{"cidr":"${range}"}`);
    },
  );

  test('has the Role of a repeated namespace once', async () => {
    const flags = ['-p', policy('e', '{rules: [{rule: image-exists}]}'), '--only-namespaces', 'a,b,a'];
    const roles = (await manifests(...flags)).filter(
      ({ kind, metadata }) => kind === 'Role' && metadata.name === 'tidewaiter',
    );
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['a', 'b']);
  });

  const UNREAD = 'the server does not read policies from a file named';
  test.each<readonly [name: string, message: string]>([
    ['a.txt', UNREAD],
    ['policy', UNREAD],
    ['.hidden.yaml', UNREAD],
    ['..data.yaml', '"..data.yaml" cannot be a key of a ConfigMap; rename the file'],
    ['a b.yaml', '"a b.yaml" cannot be a key of a ConfigMap; rename the file'],
  ])('rejects a policy file named %j, which the server would not read', async (name, message) => {
    const file = path.join(dir, name);
    renameSync(policy('a', '{rules: [{rule: image-qualified}]}'), file);
    for (const command of [['manifests'], ['manifests', 'values']]) {
      const { code, note } = await runCommand([...command, '-p', file]);
      expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) });
    }
  });

  test('rejects two policy files with one name, which a ConfigMap cannot contain', async () => {
    policy('a/x', '{rules: [{rule: image-qualified}]}');
    const other = policy('b/x', '{rules: [{rule: image-qualified}]}').replace('x.yaml', '');
    writeFileSync(
      path.join(other, 'x.yaml'),
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: q}\nspec: {rules: [{rule: image-qualified}]}\n',
    );
    const { code, note } = await runCommand(['manifests', '-p', dir]);
    expect(code).toBe(2);
    expect(note).toBe(`${dir}/b/x.yaml: a ConfigMap cannot also contain ${dir}/a/x.yaml; rename one of the files\n`);
  });
});

test('the configuration file is valid, and its addresses are those of the Deployment', async () => {
  const file = path.join(dir, 'tidewaiter.yaml');
  const plugins = { files: {}, load: [] };
  writeFileSync(file, configurationText({ tls: 'self', registration: 'self', fail: 'closed', plugins, settings: {} }));
  const { config } = await loadConfig({ config: file }, { TIDEWAITER_LISTEN: '' });
  expect(config.listen).toEqual({ host: '0.0.0.0', port: 8443 });
  expect(config.operations).toEqual({ host: '0.0.0.0', port: 8080 });
  expect(config.policies).toEqual(['/etc/tidewaiter-policies']);
  expect(config.fail).toBe('closed');
});

describe('the webhooks', () => {
  test.each(['open', 'closed'] as const)(
    'with --fail %s: every namespace belongs to exactly one of two',
    async (fail) => {
      const other = fail === 'open' ? 'closed' : 'open';
      const objects = await manifests('--registration', 'external', '--fail', fail, '-p', policy('pin', '{pin: {}}'));
      for (const kind of ['Validating', 'Mutating'] as const) {
        const verb = kind === 'Validating' ? 'validate' : 'mutate';
        const found = webhooksIn(objects, kind).map(({ name, failurePolicy, namespaceSelector }) => ({
          name,
          failurePolicy,
          by: namespaceSelector.matchExpressions[1],
        }));
        const policyOf = { open: 'Ignore', closed: 'Fail' };
        expect(new Set(found)).toEqual(
          new Set([
            {
              name: `${verb}.tidewaiter.dev`,
              failurePolicy: policyOf[fail],
              by: { key: 'tidewaiter.dev/fail', operator: 'NotIn', values: [other] },
            },
            {
              name: `${other}.${verb}.tidewaiter.dev`,
              failurePolicy: policyOf[other],
              by: { key: 'tidewaiter.dev/fail', operator: 'In', values: [other] },
            },
          ]),
        );
      }
    },
  );

  const registered = (paths: (resource: ApiResource) => readonly string[]): readonly string[] =>
    API_RESOURCES.flatMap((one) =>
      paths(one).map((sub) => `${one.group}/${one.resource}${sub === '' ? '' : `/${sub}`}`),
    ).sort();

  test('follow the good practices of Kubernetes', async () => {
    const objects = await manifests('--registration', 'external', '-p', policy('pin', '{pin: {}}'));
    const all = [...webhooksIn(objects, 'Validating'), ...webhooksIn(objects, 'Mutating')];
    expect(all).toHaveLength(4);
    for (const webhook of all) {
      expect(webhook).toMatchObject({
        sideEffects: 'None',
        matchPolicy: 'Equivalent',
        admissionReviewVersions: ['v1', 'v1beta1'],
      });
      expect(webhook.namespaceSelector.matchExpressions[0]).toEqual({
        key: 'kubernetes.io/metadata.name',
        operator: 'NotIn',
        values: ['kube-system', 'tidewaiter'],
      });
      expect(webhook.objectSelector).toBeUndefined();
      expect(webhook.clientConfig.caBundle).toBeUndefined();
      expect(webhook.matchConditions.map(({ name }) => name)).toEqual(['not-a-lease', 'not-a-node', 'not-tidewaiter']);
      expect(new Set(webhook.rules.flatMap(({ operations, scope }) => [...operations, scope]))).toEqual(
        new Set(['CREATE', 'UPDATE', 'Namespaced']),
      );
      const resources = webhook.rules
        .flatMap(({ apiGroups, resources: names }) => names.map((name) => `${apiGroups[0]}/${name}`))
        .sort();
      const isMutating = webhook.name.includes('mutate');
      expect(resources).toEqual(
        registered(isMutating ? ({ mutated }) => mutated : ({ subresources }) => ['', ...subresources]),
      );
      expect(webhook.reinvocationPolicy).toBe(isMutating ? 'IfNeeded' : undefined);
    }
  });

  const external = async (...flags: readonly string[]): Promise<readonly Manifest[]> =>
    manifests('--registration', 'external', ...flags);

  test('wait as long as a lookup can take: name resolution, connecting, and two responses of a second', async () => {
    const [lookups] = webhooksIn(await external('-p', policy('e', '{rules: [{rule: image-exists}]}')), 'Validating');
    expect(budgetMs(`${lookups?.timeoutSeconds}s`)).toBeGreaterThanOrEqual(LIMIT_MS + CONNECT_TIMEOUT_MS + 2000);
    const [local] = webhooksIn(await external(), 'Validating');
    expect(local?.timeoutSeconds).toBe(5);
  });
});

describe('manifests with recordings', () => {
  test('knows the default size of a file', () => {
    expect(CONFIG_SCHEMA.properties).toMatchObject({
      recordSegmentMib: { default: SEGMENT_MIB },
      recordTotalMib: { maximum: MAX_SIZE_MIB },
    });
  });

  test('gives the server a volume that it can write, and a configuration that fits into it', async () => {
    const objects = await manifests('--record-size', '1000');
    const file = path.join(dir, 'tidewaiter.yaml');
    const [map] = objects.filter(({ kind }) => kind === 'ConfigMap');
    writeFileSync(file, map === undefined ? '' : String((map['data'] as Record<string, string>)['tidewaiter.yaml']));
    const { config } = await loadConfig({ config: file }, {});
    expect(config.recording).toMatchObject({
      directory: '/var/lib/tidewaiter-recordings',
      totalBytes: 900 * 1024 ** 2,
    });
  });

  test.each<readonly [flags: readonly string[], config: string, message: RegExp]>([
    [['--record-size', '142'], '', /expected mebibytes from 143 to 1048576/],
    [['--record-size', '1Gi'], '', /expected mebibytes from 143 to 1048576/],
    [['--record-size', '200', '--record-claim', 'A b'], '', /expected the name of a PersistentVolumeClaim/],
    [['--record-claim', 'a'], '', /--record-claim requires --record-size/],
    [['--record-size', '1000'], 'recordTotalMib: 901', /--record-size 1000: recordTotalMib, 901, must be at most 90 %/],
    [['--record-size', '1000'], 'recordSegmentMib: 451', /--record-size 1000: 900 MiB of recordings must have room/],
    [[], 'record: recordings', /leave "record" out, and use --record-size/],
  ])('rejects %j with the configuration %j', async (flags, config, message) => {
    const file = path.join(dir, 'tidewaiter.yaml');
    writeFileSync(file, config === '' ? '{}' : config);
    const { code, note } = await runCommand(['manifests', ...flags, '--config', file]);
    expect(code).toBe(2);
    expect(note).toMatch(message);
  });
});
