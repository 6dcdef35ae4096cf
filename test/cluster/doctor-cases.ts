// One row for each check of doctor that needs a cluster: how to break an installation so that it has exactly this finding.
import { vi } from 'vitest';

import { createAuthority, type KeyPair } from './certificates.ts';
import {
  all,
  type Break,
  changing,
  creating,
  deleting,
  eachWebhook,
  otherWebhook,
  put,
  spec,
  withCertificate,
  withConfigFile,
  withText,
} from './doctor-breaks.ts';
import { base64, PODS, SERVER_NAME, tlsSecret } from './installation.ts';
import { pathOf, pinned, podOf } from './objects.ts';
import { machineTime } from './replicas.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const VALIDATING = `${ADMISSION}/validatingwebhookconfigurations/tidewaiter`;
const MUTATING = `${ADMISSION}/mutatingwebhookconfigurations/tidewaiter`;
const SERVICE = '/api/v1/namespaces/tidewaiter/services/tidewaiter';
const ENDPOINTS = '/apis/discovery.k8s.io/v1/namespaces/tidewaiter/endpointslices/tidewaiter-1';
const DEPLOYMENT = '/apis/apps/v1/namespaces/tidewaiter/deployments/tidewaiter';
const BUDGET = '/apis/policy/v1/namespaces/tidewaiter/poddisruptionbudgets/tidewaiter';
const NETWORK_POLICY = '/apis/networking.k8s.io/v1/namespaces/tidewaiter/networkpolicies/tidewaiter';
const ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/tidewaiter';
const HOUR_MS = 60 * 60 * 1000;

interface Selecting {
  readonly namespaceSelector: { readonly matchExpressions: readonly { readonly values?: readonly string[] }[] };
}

function withoutExclusion(name: string): Break {
  return changing(
    MUTATING,
    eachWebhook(({ namespaceSelector }: Selecting) => ({
      namespaceSelector: {
        matchExpressions: namespaceSelector.matchExpressions.map((each) => ({
          ...each,
          values: each.values?.filter((value) => value !== name),
        })),
      },
    })),
  );
}

const always = (configuration: string, change: object): Break =>
  changing(
    configuration,
    eachWebhook(() => change),
  );

const withoutResource = (path: string): Break =>
  changing(
    VALIDATING,
    eachWebhook(({ rules }: { rules: { readonly resources: readonly string[] }[] }) => ({
      rules: rules.map((rule) => ({ ...rule, resources: rule.resources.filter((each) => each !== path) })),
    })),
  );

const POLICIES = '/api/v1/namespaces/tidewaiter/configmaps/tidewaiter-policies';
const CONFIG = '/api/v1/namespaces/tidewaiter/configmaps/tidewaiter-config';
const ROLLOUT_POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: rollouts}
spec: {match: {kinds: [Rollout]}, rules: [{rule: image-reference}]}
`;

const ROLLOUTS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rollouts.argoproj.io' },
  spec: {
    group: 'argoproj.io',
    scope: 'Namespaced',
    names: { plural: 'rollouts', singular: 'rollout', kind: 'Rollout', listKind: 'RolloutList' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

interface Conditional {
  readonly matchConditions: readonly object[];
}

const withCondition = (expression: string): Break =>
  changing(
    VALIDATING,
    eachWebhook(({ matchConditions }: Conditional) => ({
      matchConditions: [...matchConditions, { name: 'added', expression }],
    })),
  );

/** The policy then applies in the namespace `other`. */
const labeled: Break = async ({ plane }) => {
  const label = async (team: string | null): Promise<unknown> =>
    plane.request('PATCH', '/api/v1/namespaces/other', { metadata: { labels: { team } } });
  await label('shop');
  return async () => label(null);
};

function withoutNamespace({ namespaceSelector: { matchExpressions } }: Selecting): object {
  const expression = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['other'] };
  return { namespaceSelector: { matchExpressions: [...matchExpressions, expression] } };
}

interface Client {
  readonly clientConfig: { readonly service: object };
}

/** The reason of the unknown results of other checks that a problem causes. */
export const UNKNOWN_REASONS: Readonly<Record<string, string>> = {
  configuration: 'the configuration cannot be loaded',
  policies: 'the policies cannot be loaded',
};

const REGISTRY_POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: registry}
spec:
  match: {namespaces: [nowhere]}
  rules: [{rule: image-registry, parameters: {allow: [registry.invalid/**], deny: [denied.invalid/**]}}]
`;

const NEVER = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata: {name: old}
spec: {policy: shop, rules: [image-tag], match: {containers: [web]}, owner: ann, reason: test, expires: 2020-01-31}
`;

export const CASES: readonly (readonly [check: string, how: string, breakIt: Break])[] = [
  ['configuration', 'a key that does not exist', withConfigFile('listn: 127.0.0.1:8443')],
  [
    'policies',
    'a policy with a misspelled rule',
    withText(POLICIES, 'bad.yaml', ROLLOUT_POLICY.replace('image-reference', 'image-referense')),
  ],
  ['policy-notices', 'an exception that has expired', withText(POLICIES, 'old.yaml', NEVER)],
  [
    'registries',
    'a registry that a policy names, and that does not exist',
    all(withText(POLICIES, 'registry.yaml', REGISTRY_POLICY), async ({ flags }) => {
      flags.push('--registries');
      return async () => Promise.resolve(flags.splice(0));
    }),
  ],
  ['certificate-files', 'files that do not exist', withConfigFile('cert: absent.crt\nkey: absent.key\n')],
  ['server-configuration', 'a key that does not exist', withText(CONFIG, 'tidewaiter.yaml', 'listn: 0.0.0.0:8443\n')],
  ['installation', 'no configuration', deleting(VALIDATING)],
  [
    'server-reachable',
    'a port without a server',
    changing(ENDPOINTS, (slice: object) => ({ ...slice, ports: [{ name: 'https', port: 1 }] })),
  ],
  [
    'certificate-secret',
    'an empty certificate',
    changing('/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls', (secret: { data: object }) => ({
      ...secret,
      data: { ...secret.data, 'tls.crt': '' },
    })),
  ],
  ['certificate-secret', 'no Secret', deleting('/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls')],
  [
    'ca-bundle',
    'another CA',
    async (broken) => {
      const caBundle = base64((await createAuthority()).cert);
      const change = ({ clientConfig }: Client): object => ({ clientConfig: { ...clientConfig, caBundle } });
      return changing(VALIDATING, eachWebhook(change))(broken);
    },
  ],
  [
    'certificate-names',
    'a certificate for another name',
    withCertificate(async ({ authority }) => authority.serverCertificate(['other.example.com'])),
  ],
  [
    'certificate-expiry',
    'a certificate that ends within minutes',
    withCertificate(async ({ authority }) => authority.serverCertificate([SERVER_NAME], HOUR_MS / 10)),
  ],
  [
    'clock',
    'a clock that is 5 minutes fast',
    async () => {
      const { now } = Date;
      const spy = vi.spyOn(Date, 'now').mockImplementation(() => now() + 5 * 60_000);
      return async () => Promise.resolve(spy.mockRestore());
    },
  ],
  ['service', 'no Service', deleting(SERVICE)],
  ['service', 'another port', changing(SERVICE, spec({ ports: [{ name: 'https', port: 444, targetPort: 'https' }] }))],
  [
    'service',
    'a port that no container has',
    changing(SERVICE, spec({ ports: [{ name: 'other', port: 443, targetPort: 'other' }] })),
  ],
  ['service-selector', 'labels of other Pods', changing(SERVICE, spec({ selector: { app: 'other' } }))],
  [
    'service-endpoints',
    'no ready endpoint',
    changing(ENDPOINTS, (slice: { endpoints: object[] }) => ({
      ...slice,
      endpoints: slice.endpoints.map((endpoint) => ({ ...endpoint, conditions: { ready: false } })),
    })),
  ],
  [
    'webhook-path',
    'another path',
    changing(
      VALIDATING,
      eachWebhook(({ clientConfig }: Client) => ({
        clientConfig: { ...clientConfig, service: { ...clientConfig.service, path: '/validation' } },
      })),
    ),
  ],
  [
    'network-policy',
    'a policy that allows only another port',
    changing(NETWORK_POLICY, spec({ ingress: [{ ports: [{ port: 'operations' }] }] })),
  ],
  ['self-exclusion', 'the own namespace', withoutExclusion('tidewaiter')],
  ['kube-system', 'kube-system', withoutExclusion('kube-system')],
  [
    'webhook-deadlock',
    'two webhooks that review the Pods of each other',
    creating(otherWebhook('ValidatingWebhookConfiguration', 'tidewaiter')),
  ],
  ['failure-policy', 'no PodDisruptionBudget', deleting(BUDGET)],
  [
    'failure-policy',
    'one replica',
    async (broken) => {
      const mend = await changing(DEPLOYMENT, spec({ replicas: 1 }))(broken);
      return async () => {
        await mend();
        await broken.installation.ready();
      };
    },
  ],
  ['webhook-fail', 'Ignore everywhere', always(VALIDATING, { failurePolicy: 'Ignore' })],
  ['webhook-rules', 'no ephemeral containers', withoutResource('pods/ephemeralcontainers')],
  [
    'webhook-rules',
    'a policy for a custom kind',
    all(
      creating(ROLLOUTS),
      withText(POLICIES, 'rollouts.yaml', ROLLOUT_POLICY),
      // Until the API server serves the kind.
      async ({ plane }) => {
        await vi.waitFor(async () => {
          const { status } = await plane.request('GET', '/apis/argoproj.io/v1alpha1');
          if (status !== 200) throw new Error(`status ${status}`);
        }, 10_000);
        return async () => Promise.resolve();
      },
    ),
  ],
  ['match-conditions', 'a condition that excludes all Pods', all(labeled, withCondition(`request.kind.kind != 'Pod'`))],
  [
    'match-conditions',
    'a condition that excludes a namespace in which a policy applies',
    all(labeled, withCondition(`!has(request.namespace) || request.namespace != 'other'`)),
  ],
  [
    'match-conditions',
    'a condition that fails for objects without labels',
    all(labeled, withCondition(`object.metadata.labels['reviewed'] == 'yes'`)),
  ],
  [
    'webhook-selectors',
    'a namespace in which a policy applies',
    all(labeled, changing(VALIDATING, eachWebhook(withoutNamespace))),
  ],
  [
    'webhook-selectors',
    'labels of objects',
    always(VALIDATING, { objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] } }),
  ],
  [
    'webhook-order',
    'a later webhook, and no second call',
    all(
      creating(otherWebhook('MutatingWebhookConfiguration', 'default')),
      always(MUTATING, { reinvocationPolicy: 'Never' }),
    ),
  ],
  ['timeouts', 'too short for a lookup', always(VALIDATING, { timeoutSeconds: 2 })],
  ['side-effects', 'declared side effects', always(VALIDATING, { sideEffects: 'NoneOnDryRun' })],
  ['match-policy', 'one version only', always(VALIDATING, { matchPolicy: 'Exact' })],
  [
    'rbac',
    'no permission for Secrets',
    changing(ROLE, (role: { rules: { resources: string[] }[] }) => ({
      ...role,
      rules: role.rules.filter(({ resources }) => !resources.includes('secrets')),
    })),
  ],
  [
    'version-skew',
    'another image in one Pod',
    async ({ plane, installation }) => {
      const [name = ''] = await installation.ready();
      const set = async (value: string): Promise<unknown> =>
        plane.request('PATCH', `${PODS}/${name}`, [{ op: 'replace', path: '/spec/containers/0/image', value }]);
      await set('ghcr.io/tidewaiter/tidewaiter:0.0.9');
      return async () => set('ghcr.io/tidewaiter/tidewaiter:0.1.0');
    },
  ],
  [
    'replica-certificate',
    'an older certificate in both replicas',
    async ({ plane, installation: { authority } }) => {
      const path = '/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls';
      const write = async (certificate: KeyPair): Promise<void> => {
        await put(plane, path, tlsSecret({ ca: authority.cert, certificate }));
        // Without the time of the change, it counts as long ago.
        const value = [{}];
        await plane.request('PATCH', path, [{ op: 'replace', path: '/metadata/managedFields', value }]);
      };
      const { body } = await plane.request('GET', path);
      await write(await authority.serverCertificate([SERVER_NAME]));
      return async () => put(plane, path, body as object);
    },
  ],
  [
    'replica-certificate',
    'a replica that cannot use the newest certificate',
    async ({ installation: { replicas } }) => {
      replicas[1].metrics.certificate.setReloaded(false);
      return async () => Promise.resolve(replicas[1].metrics.certificate.setReloaded(true));
    },
  ],
  [
    'replica-clock',
    'a replica whose clock is a minute fast',
    async ({ installation: { replicas } }) => {
      replicas[1].aheadMs = 60_000;
      return async () => {
        replicas[1].aheadMs = 0;
        return Promise.resolve();
      };
    },
  ],
  [
    'replica-policies',
    'other policies in one replica',
    async ({ installation: { replicas } }) => {
      const loadedAt = machineTime() - 20 * 60_000;
      replicas[1].metrics.reloads.loaded('ba9876543210', loadedAt);
      return async () => Promise.resolve(replicas[1].metrics.reloads.loaded('0123456789ab', loadedAt));
    },
  ],
  [
    'replica-policies',
    'a reload that failed in one replica',
    async ({ installation: { replicas } }) => {
      replicas[1].metrics.reloads.failed();
      return async () =>
        Promise.resolve(replicas[1].metrics.reloads.loaded('0123456789ab', machineTime() - 20 * 60_000));
    },
  ],
  [
    'policies-used',
    'a label that no namespace has',
    async ({ plane }) => {
      const dryRun = async (namespace: string): Promise<unknown> =>
        plane.request('POST', `${pathOf(podOf('web', pinned), namespace)}?dryRun=All`, podOf('web', pinned));
      for (let count = 0; count < 100; count += 1) await dryRun('default');
      return async () => {
        await plane.request('PATCH', '/api/v1/namespaces/other', { metadata: { labels: { team: 'shop' } } });
        await dryRun('other');
      };
    },
  ],
];
