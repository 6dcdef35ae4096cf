/** doctor finds nothing in a healthy installation, whatever its form, and tells what a user cannot read. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { shownFingerprint } from '../../src/certificate/certificate.ts';
import { policyLoader } from '../../src/cli/doctor/installed-values.ts';
import { localValues } from '../../src/cli/doctor/local-values.ts';
import { ApiError, ApiOutage } from '../../src/cluster/api.ts';
import { loadConfig } from '../../src/config/config.ts';
import { diagnose, type Diagnosis } from '../../src/doctor/check.ts';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { collect } from '../../src/doctor/collect.ts';
import { unknown } from '../../src/doctor/known.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { webhookConfigurations } from '../../src/install/webhooks.ts';
import { plain } from '../../src/install/yaml.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';
import { doctorExitCode, doctorReport } from '../../src/report/doctor.ts';
import { prettyDoctor } from '../../src/report/doctor-text.ts';
import { paint } from '../../src/report/paint.ts';
import { createAuthority, type Authority, type KeyPair } from '../cluster/certificates.ts';
import { runCommand } from '../support/command.ts';
import { fakeCluster, type FakeOptions } from '../support/fake-cluster.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('doctor-forms');

let authority: Authority;
let certificate: KeyPair;

beforeAll(async () => {
  authority = await createAuthority();
  certificate = await authority.serverCertificate(['tidewaiter.tidewaiter.svc', 'tidewaiter.gate.svc']);
});

const PINS = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: pins}
spec:
  match: {namespaceSelector: {matchLabels: {team: shop}}}
  pin: {}
  rules: [{rule: pull-secret-usable}]
`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
}

/** The objects of `manifests`, and those that a cluster adds. */
async function installed(flags: readonly string[], namespace: string): Promise<readonly JsonObject[]> {
  mkdirSync('policies', { recursive: true });
  writeFileSync('policies/pins.yaml', PINS);
  const { code, out, note } = await runCommand(['manifests', '-n', namespace, ...flags]);
  if (code !== 0) throw new Error(note);
  const objects = parseDocuments(out).map((document) => {
    if (!document.ok || !isObject(document.value)) throw new Error('invalid YAML');
    return document.value;
  });
  const empty = objects.filter(
    ({ kind, webhooks }) => String(kind).endsWith('WebhookConfiguration') && !Array.isArray(webhooks),
  );
  const fail = flags.includes('closed') ? 'closed' : 'open';
  const registered =
    empty.length === 0
      ? []
      : webhookConfigurations({ namespace, tls: 'self', fail, pins: true, lookups: true, customResources: [] }).map(
          (object) => plain(object) as JsonObject,
        );
  return [...objects.filter((object) => !empty.includes(object)), ...registered]
    .flatMap((object) => completed(object, namespace))
    .concat(others(namespace));
}

function completed(object: JsonObject, namespace: string): readonly JsonObject[] {
  const { kind, metadata, webhooks } = object;
  const { name } = metadata as Metadata;
  if (kind === 'Secret') return [];
  if (kind === 'Namespace') return [{ ...object, metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }];
  if (kind === 'Deployment') {
    const { replicas } = object['spec'] as { readonly replicas: number };
    return [{ ...object, status: { replicas, updatedReplicas: replicas, readyReplicas: replicas } }];
  }
  if (!Array.isArray(webhooks)) return [object];
  const trusting = webhooks.map((webhook: { clientConfig: object }) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, caBundle: base64(authority.cert) },
  }));
  return [{ ...object, webhooks: trusting, metadata: { name, namespace: undefined, of: namespace } }];
}

function others(namespace: string): readonly JsonObject[] {
  const at = (name: string, rest: object): JsonObject => ({ metadata: { name, namespace }, ...rest });
  const data = { 'tls.crt': base64(certificate.cert) };
  const spec = { containers: [{ name: 'tidewaiter', image: 'i' }] };
  const labels = { 'app.kubernetes.io/name': 'tidewaiter', 'app.kubernetes.io/part-of': 'tidewaiter' };
  const slice = { 'kubernetes.io/service-name': 'tidewaiter' };
  return [
    ...['default', 'kube-system', 'shop'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...(name === 'shop' ? { team: 'shop' } : {}) } },
    })),
    at('tidewaiter-tls', { apiVersion: 'v1', kind: 'Secret', data }),
    ...['tidewaiter-a', 'tidewaiter-b'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec,
      status: { phase: 'Running' },
    })),
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'tidewaiter-1', namespace, labels: slice },
      endpoints: [{ conditions: { ready: true } }],
    },
  ];
}

function metrics(): JsonObject {
  const gauge = (name: string, value: number, labels: object = {}): object => ({ name, values: [{ value, labels }] });
  const fingerprint = shownFingerprint(new X509Certificate(certificate.cert));
  return {
    metrics: [
      gauge('tidewaiter_build_info', 1, { version: '0.1.0' }),
      gauge('tidewaiter_time_seconds', Date.now() / 1000),
      gauge('tidewaiter_certificate_info', 1, { fingerprint }),
    ],
  };
}

interface Examined extends Diagnosis {
  readonly code: number;
  readonly text: string;
}

async function examine(
  { objects, before }: Pick<FakeOptions, 'objects' | 'before'>,
  namespace?: string,
): Promise<Examined> {
  const { config } = await loadConfig({}, {});
  const { api } = fakeCluster({ objects, metrics: metrics(), ...(before === undefined ? {} : { before }) });
  const now = Date.now();
  const options = { api, namespace, probeNamespace: undefined };
  const values = { ...(await localValues(config, now)), ...(await collect(options, policyLoader(config, now))) };
  const checks = CHECKS.filter(({ onlyWith }) => onlyWith === undefined);
  const diagnosis = diagnose(checks, { ...values, registries: unknown('not in this test') });
  const report = doctorReport({ server: api.server, namespace: null, probes: [], ...diagnosis });
  return { ...diagnosis, code: doctorExitCode(report), text: prettyDoctor(report, paint(false)) };
}

const POLICIES = ['-p', 'policies'];

describe.each([
  ['--tls self', []],
  ['--registration external', ['--registration', 'external']],
  ['--tls files', ['--tls', 'files']],
  ['--tls cert-manager', ['--tls', 'cert-manager']],
  ['--fail closed', ['--fail', 'closed']],
  ['--replicas 1, where no namespace fails closed', ['--replicas', '1']],
  ['--only-namespaces', ['--only-namespaces', 'shop']],
  ['--api-server-range', ['--api-server-range', '10.0.0.0/24']],
  ['monitoring', ['--service-monitor', '--prometheus-rule']],
])('a healthy installation: %s', (_form, flags) => {
  test.each(['tidewaiter', 'gate'])('in namespace %s', async (namespace) => {
    const objects = await installed([...flags, ...POLICIES], namespace);
    const { findings } = await examine({ objects });
    expect(findings).toEqual([]);
  });
});

test.each([
  ['', []],
  [
    'closed',
    [
      'failure-policy: it has 1 replica, and ValidatingWebhookConfiguration tidewaiter, webhook closed.validate.tidewaiter.dev has failurePolicy: Fail',
    ],
  ],
])('one replica, with the label tidewaiter.dev/fail: %j', async (label, expected) => {
  const objects = await installed([...POLICIES, '--replicas', '1'], 'tidewaiter');
  const labels = { 'kubernetes.io/metadata.name': 'pay', 'tidewaiter.dev/fail': label };
  const pay = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pay', labels } };
  const { findings } = await examine({ objects: [...objects, pay] });
  expect(findings.map(({ check, message }) => `${check}: ${message}`)).toEqual(expected);
});

test('a healthy installation on AKS, which adds selectors', async () => {
  const objects = await installed(POLICIES, 'tidewaiter');
  const added = [
    { key: 'control-plane', operator: 'NotIn', values: ['true'] },
    { key: 'kubernetes.azure.com/managedby', operator: 'NotIn', values: ['aks'] },
  ];
  const changed = objects.map((object) => {
    const { webhooks } = object;
    if (!Array.isArray(webhooks)) return object;
    return {
      ...object,
      webhooks: webhooks.map((webhook: { namespaceSelector: { matchExpressions: readonly object[] } }) => ({
        ...webhook,
        namespaceSelector: { matchExpressions: [...webhook.namespaceSelector.matchExpressions, ...added] },
      })),
    };
  });
  const labels = { 'kubernetes.io/metadata.name': 'aks-command', 'control-plane': 'true', team: 'shop' };
  const aks = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'aks-command', labels } };
  expect((await examine({ objects: [...changed, aks] })).findings).toEqual([]);
});

test('tells for each read that is forbidden which permission is missing, and exits with 2', async () => {
  const objects = await installed(POLICIES, 'tidewaiter');
  const { api, requests } = fakeCluster({ objects, metrics: metrics() });
  const { config } = await loadConfig({}, {});
  const options = { api, namespace: undefined, probeNamespace: undefined };
  await collect(options, policyLoader(config, Date.now()));
  const distinct = [...new Set(requests)].filter((request) => !request.includes('/podtemplates'));
  expect(distinct.length).toBeGreaterThan(12);
  for (const forbidden of distinct) {
    const before = (request: string): void => {
      if (request === forbidden) throw new ApiError(403, 'Forbidden', 'forbidden');
    };
    const { findings, code } = await examine({ objects, before });
    expect([forbidden, code]).toEqual([forbidden, 2]);
    expect(findings.map(({ status, permission }) => [status, permission === null])).toEqual(
      findings.map(() => ['unknown', false]),
    );
  }
});

test.each([0, 3, 9, 15])(
  'an API server that stops responding after %i requests makes results unknown',
  async (count) => {
    const objects = await installed(POLICIES, 'tidewaiter');
    let requests = 0;
    const before = (): void => {
      requests += 1;
      if (requests > count) throw new ApiOutage('it did not respond');
    };
    const { findings, code } = await examine({ objects, before });
    expect(code).toBe(2);
    expect(new Set(findings.map(({ reason }) => reason?.replace(/^Pod \S+: /, '')))).toEqual(
      new Set(['it did not respond']),
    );
    // Each of them can take as long as its time limit.
    expect(requests - count).toBeLessThan(20);
  },
);

const READABLE = 'expected PEM that begins with "-----BEGIN CERTIFICATE-----"';
const RESTART = 'kubectl rollout restart deployment/tidewaiter -n gate';
const CREATE =
  'kubectl create secret tls tidewaiter-tls -n gate --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -';

test.each([
  ['self', '', `tls.crt: it contains no certificate; ${READABLE}`, `${RESTART}; the servers generate it again`],
  ['self', 'rubbish', `tls.crt: it contains no certificate; ${READABLE}`, `${RESTART}; the servers generate it again`],
  ['files', '', `tls.crt: it contains no certificate; ${READABLE}`, CREATE],
  [
    'files',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    'tls.crt: certificate 1 is damaged; use complete PEM certificates',
    CREATE,
  ],
  [
    'cert-manager',
    'rubbish',
    `tls.crt: it contains no certificate; ${READABLE}`,
    'kubectl delete secret tidewaiter-tls -n gate; cert-manager issues it again',
  ],
  ['self', undefined, 'it does not exist', `${RESTART}; the servers generate it again`],
  [
    'files',
    undefined,
    'it does not exist',
    `${CREATE}; with cert-manager: kubectl describe certificate tidewaiter -n gate`,
  ],
])('--tls %s, with %j as the certificate in the Secret', async (mode, text, message, remedy) => {
  const annotations = mode === 'cert-manager' ? { 'cert-manager.io/certificate-name': 'tidewaiter' } : {};
  const objects = (await installed([...POLICIES, '--tls', mode], 'gate')).flatMap((object) => {
    if (object['kind'] !== 'Secret') return [object];
    return text === undefined
      ? []
      : {
          ...object,
          metadata: { ...(object['metadata'] as Metadata), annotations },
          data: { 'tls.crt': base64(text) },
        };
  });
  const { findings, code } = await examine({ objects });
  expect([code, findings.map((finding) => [finding.check, finding.subject, finding.message, finding.remedy])]).toEqual([
    1,
    [['certificate-secret', 'Secret gate/tidewaiter-tls', message, remedy]],
  ]);
});

const PATCH = (index: number, name: string, value: string): string =>
  `kubectl patch validatingwebhookconfiguration tidewaiter --type=json -p '[{"op":"test","path":"/webhooks/${index}/name","value":"${name}"},{"op":"replace","path":"/webhooks/${index}/failurePolicy","value":"${value}"}]'`;

test.each([
  [
    'a server that registers itself, open',
    [],
    'validate.tidewaiter.dev',
    'Fail',
    'failurePolicy is Fail, but "fail" in ConfigMap gate/tidewaiter-config is open',
    `${RESTART}; the servers register their webhooks again`,
  ],
  [
    'a server that registers itself, closed',
    ['--fail', 'closed'],
    'validate.tidewaiter.dev',
    'Ignore',
    'failurePolicy is Ignore, but "fail" in ConfigMap gate/tidewaiter-config is closed',
    `${RESTART}; the servers register their webhooks again`,
  ],
  [
    'external, open',
    ['--registration', 'external'],
    'validate.tidewaiter.dev',
    'Fail',
    'failurePolicy is Fail, but the webhook is for all other namespaces, which fail open',
    PATCH(0, 'validate.tidewaiter.dev', 'Ignore'),
  ],
  [
    'external, closed',
    ['--registration', 'external', '--fail', 'closed'],
    'validate.tidewaiter.dev',
    'Ignore',
    'failurePolicy is Ignore, but the webhook is for all other namespaces, which fail closed',
    PATCH(1, 'validate.tidewaiter.dev', 'Fail'),
  ],
  [
    'external, with the label',
    ['--registration', 'external'],
    'closed.validate.tidewaiter.dev',
    'Ignore',
    'failurePolicy is Ignore, but the webhook is for namespaces that fail closed',
    PATCH(1, 'closed.validate.tidewaiter.dev', 'Fail'),
  ],
])('another failurePolicy: %s', async (_form, flags, name, failurePolicy, message, remedy) => {
  const objects = (await installed([...POLICIES, ...flags], 'gate')).map((object) => {
    const { webhooks } = object;
    if (!Array.isArray(webhooks)) return object;
    const changed = webhooks.map((webhook: Metadata) =>
      webhook.name === name ? { ...webhook, failurePolicy } : webhook,
    );
    return { ...object, webhooks: changed };
  });
  const { findings } = await examine({ objects });
  expect(findings.map((finding) => [finding.check, finding.message, finding.remedy])).toEqual([
    ['webhook-fail', message, remedy],
  ]);
});

test('reports another installation once', async () => {
  const objects = await installed(POLICIES, 'tidewaiter');
  const second = (await installed(POLICIES, 'gate')).map((object) =>
    Array.isArray(object['webhooks']) ? { ...object, metadata: { name: 'second' } } : object,
  );
  const names = new Set(['default', 'kube-system', 'shop']);
  const merged = [
    ...objects,
    ...second.filter(({ kind, metadata }) => kind !== 'Namespace' || !names.has((metadata as Metadata).name)),
  ];
  const { findings } = await examine({ objects: merged }, 'tidewaiter');
  expect(findings.map(({ check, message }) => `${check}: ${message}`)).toEqual([
    'installation: they call a server in namespace gate, and this installation is in namespace tidewaiter; a cluster has one installation',
  ]);
});

test('every problem has a remedy, and no name reaches the terminal unescaped', async () => {
  const hostile = 'x\u001b[31m\u202e`$(rm)`';
  const objects = (await installed([...POLICIES, '--fail', 'closed'], 'tidewaiter')).map((object) => {
    const { webhooks } = object;
    if (!Array.isArray(webhooks)) return object;
    return {
      ...object,
      metadata: { name: hostile },
      webhooks: webhooks.map((webhook: { name: string }) => ({
        ...webhook,
        name: `it's$(rm).${webhook.name}`,
        timeoutSeconds: 1,
        sideEffects: hostile,
        matchPolicy: 'Exact',
        rules: [],
        objectSelector: { matchLabels: { [hostile]: hostile } },
        matchConditions: [{ name: hostile, expression: 'false' }],
      })),
    };
  });
  const { findings, text } = await examine({ objects });
  expect(findings.length).toBeGreaterThan(5);
  expect(findings.filter(({ status, remedy }) => status === 'problem' && remedy === null)).toEqual([]);
  expect(text).not.toMatch(/[\u001b\u202e]/);
  // In single quotes, a shell runs nothing.
  const unquoted = findings.filter(({ remedy }) =>
    remedy
      ?.replaceAll(String.raw`\'`, '')
      .replaceAll(/'[^']*'/g, '')
      .includes('$(rm)'),
  );
  expect(unquoted.map(({ remedy }) => remedy)).toEqual([]);
});

describe('an installation by kustomize, whose ConfigMaps have hashes in their names', () => {
  const hashed = async (): Promise<readonly JsonObject[]> => {
    const objects = await installed(POLICIES, 'gate');
    return JSON.parse(
      JSON.stringify(objects).replaceAll(/"(tidewaiter-(?:config|policies))"/g, '"$1-k6thbtd6fk"'),
    ) as JsonObject[];
  };

  test('is healthy', async () => {
    expect((await examine({ objects: await hashed() })).findings).toEqual([]);
  });

  test('has the configuration that its servers use', async () => {
    const objects = (await hashed()).map((object) =>
      Array.isArray(object['webhooks']) ? { ...object, webhooks: [] } : object,
    );
    const { findings } = await examine({ objects }, 'gate');
    expect(findings.map(({ subject, remedy }) => `${subject}: ${(remedy ?? '').slice(0, 53)}`)).toEqual([
      'ValidatingWebhookConfiguration: the servers add their webhooks when they are ready: k',
      'MutatingWebhookConfiguration: the servers add their webhooks when they are ready: k',
    ]);
  });
});
