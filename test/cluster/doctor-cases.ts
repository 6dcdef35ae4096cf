// One row for each check of doctor that needs a cluster: how to break an installation so that it has exactly this finding.
import { vi } from 'vitest';

import { createAuthority } from './certificates.ts';
import {
  all,
  type Break,
  changing,
  creating,
  deleting,
  eachWebhook,
  otherWebhook,
  spec,
  withCertificate,
} from './doctor-breaks.ts';
import { base64, PODS, SERVER_NAME } from './installation.ts';
import { pathOf, pinned, podOf } from './objects.ts';

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

interface Client {
  readonly clientConfig: { readonly service: object };
}

export const CASES: readonly (readonly [check: string, how: string, breakIt: Break])[] = [
  ['installation', 'no configuration', deleting(VALIDATING)],
  [
    'server-reachable',
    'a port without a server',
    changing(ENDPOINTS, (slice: object) => ({ ...slice, ports: [{ name: 'https', port: 1 }] })),
  ],
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
  ['webhook-rules', 'no ephemeral containers', withoutResource('pods/ephemeralcontainers')],
  [
    'webhook-rules',
    'a policy for a custom kind',
    all(
      creating(ROLLOUTS),
      changing(POLICIES, (map: { data: object }) => ({
        ...map,
        data: { ...map.data, 'rollouts.yaml': ROLLOUT_POLICY },
      })),
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
