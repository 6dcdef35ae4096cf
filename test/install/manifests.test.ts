/** The output of `manifests`: complete, valid for kubectl, and derived from the policies and the flags. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { configurationText } from '../../src/install/configuration.ts';
import { API_RESOURCES, type ApiResource } from '../../src/pod/api-resources.ts';
import { CONNECT_TIMEOUT_MS } from '../../src/registry/transport.ts';
import { LIMIT_MS } from '../../src/registry/name-servers.ts';
import { budgetMs } from '../../src/server/deadline.ts';
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

  test('has what the built-in policy needs with cert-manager: no role, no token, and no mutating webhook', async () => {
    const objects = await manifests('--tls', 'cert-manager');
    expect(kindsOf(objects)).toEqual([
      ...BEFORE,
      ...CONFIG_MAPS,
      'Issuer',
      'Certificate',
      'Issuer',
      'Certificate',
      ...SERVER,
      ...CONFIGURATIONS,
    ]);
    expect(webhooksIn(objects, 'Mutating')).toEqual([]);
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    expect(deployment?.spec).toMatchObject({
      replicas: 2,
      template: { spec: { automountServiceAccountToken: false } },
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

  test.each<readonly [text: string, flags: readonly string[], message: string]>([
    ['rubbish', ['--tls', 'files'], 'no certificate found; expected PEM (set by --ca)'],
    [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      ['--tls', 'files'],
      'a certificate cannot be read (set by --ca)',
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
    [['--replicas', '0'], 'Expected a number from 1 to 999.'],
    [['--api-server-range', '10.0.0.0'], 'for example 10.0.0.0/24'],
    [['--api-server-range', '10.0.0.0/33'], 'for example 10.0.0.0/24'],
    [['--tls', 'none'], 'Allowed choices are self, cert-manager, files.'],
    [['--registration', 'self', '--fail', 'closed'], '--registration self requires --tls self and --fail open'],
    [['--fail', 'shut'], 'Allowed choices are open, closed.'],
    [['-n', 'Gate'], 'Use lowercase letters'],
  ])('rejects %j', async (flags, message) => {
    const { code, note } = await runCommand(['manifests', ...flags]);
    expect(code).toBe(2);
    expect(note).toContain(message);
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
  writeFileSync(file, configurationText({ tls: 'self', registration: 'self' }));
  const { config } = await loadConfig({ config: file }, { TIDEWAITER_LISTEN: '' });
  expect(config.listen).toEqual({ host: '0.0.0.0', port: 8443 });
  expect(config.operations).toEqual({ host: '0.0.0.0', port: 8080 });
  expect(config.policies).toEqual(['/etc/tidewaiter-policies']);
});

describe('the webhooks', () => {
  test.each(['open', 'closed'] as const)(
    'with --fail %s: every namespace belongs to exactly one of two',
    async (fail) => {
      const other = fail === 'open' ? 'closed' : 'open';
      const objects = await manifests('--fail', fail, '-p', policy('pin', '{pin: {}}'));
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
    const objects = await manifests('-p', policy('pin', '{pin: {}}'));
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

  test('wait as long as a lookup can take: name resolution, connecting, and two responses of a second', async () => {
    const [lookups] = webhooksIn(await manifests('-p', policy('e', '{rules: [{rule: image-exists}]}')), 'Validating');
    expect(budgetMs(`${lookups?.timeoutSeconds}s`)).toBeGreaterThanOrEqual(LIMIT_MS + CONNECT_TIMEOUT_MS + 2000);
    const [local] = webhooksIn(await manifests(), 'Validating');
    expect(local?.timeoutSeconds).toBe(5);
  });
});
