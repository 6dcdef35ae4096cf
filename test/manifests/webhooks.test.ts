/** The checklist of Kubernetes' "Admission Webhook Good Practices", one row each, for both configurations. */
import { describe, expect, test } from 'vitest';
import { API_RESOURCES, type ApiResource } from '../../src/pod/api-resources.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { readManifests, type Webhook } from './documents.ts';

const PAIRS = [
  { file: 'manifests/webhooks/validating.yaml', kind: 'ValidatingWebhookConfiguration', verb: 'validate' },
  { file: 'manifests/webhooks/mutating.yaml', kind: 'MutatingWebhookConfiguration', verb: 'mutate' },
] as const;

function webhookIn(file: string): Webhook {
  const [webhook, ...more] = readManifests(file).flatMap(({ webhooks = [] }) => webhooks);
  if (webhook === undefined || more.length > 0) throw new Error(`${file}: expected one webhook`);
  return webhook;
}

/** Every resource with its group, as `group/resource` or `group/resource/subresource`. */
function resourcesOf({ rules }: Webhook): readonly string[] {
  return rules
    .flatMap(({ apiGroups, resources }) => apiGroups.flatMap((group) => resources.map((name) => `${group}/${name}`)))
    .sort();
}

const registered = (paths: (resource: ApiResource) => readonly string[]): readonly string[] =>
  API_RESOURCES.flatMap((one) =>
    paths(one).map((path) => `${one.group}/${one.resource}${path === '' ? '' : `/${path}`}`),
  ).sort();

const PRACTICES: readonly {
  readonly practice: string;
  readonly of: (webhook: Webhook) => unknown;
  readonly expected: unknown;
}[] = [
  { practice: 'answers soon', of: ({ timeoutSeconds }) => timeoutSeconds <= 5, expected: true },
  { practice: 'has no side effects', of: ({ sideEffects }) => sideEffects, expected: 'None' },
  { practice: 'sees all versions of an object', of: ({ matchPolicy }) => matchPolicy, expected: 'Equivalent' },
  {
    practice: 'understands both versions of a review',
    of: ({ admissionReviewVersions }) => admissionReviewVersions,
    expected: ['v1', 'v1beta1'],
  },
  { practice: 'starts with Ignore', of: ({ failurePolicy }) => failurePolicy, expected: 'Ignore' },
  {
    practice: 'excludes kube-system and its own namespace by the label that users cannot change',
    of: ({ namespaceSelector }) => namespaceSelector.matchExpressions,
    expected: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'tidewaiter'] }],
  },
  {
    practice: 'cannot be dodged by a label on an object',
    of: ({ objectSelector }) => objectSelector,
    expected: undefined,
  },
  { practice: 'has no wildcards', of: ({ rules }) => JSON.stringify(rules).includes('*'), expected: false },
  {
    practice: 'leaves cluster-scoped objects alone',
    of: ({ rules }) => [...new Set(rules.map(({ scope }) => scope))],
    expected: ['Namespaced'],
  },
  {
    practice: 'reviews CREATE and UPDATE, never DELETE or CONNECT',
    of: ({ rules }) => [...new Set(rules.flatMap(({ operations }) => operations))],
    expected: ['CREATE', 'UPDATE'],
  },
  {
    practice: 'is named in full',
    of: ({ name }) => name.split('.').slice(1),
    expected: ['tidewaiter', 'dev'],
  },
  {
    practice: 'trusts no authority that is not yours',
    of: ({ clientConfig }) => clientConfig.caBundle,
    expected: undefined,
  },
];

describe.each(PAIRS)('$kind', ({ file, kind, verb }) => {
  const webhook = webhookIn(file);

  test.each(PRACTICES)('$practice', ({ of, expected }) => {
    expect(of(webhook)).toEqual(expected);
  });

  test('is one configuration, and cert-manager knows whose authority to fill in', () => {
    expect(readManifests(file)).toMatchObject([
      {
        kind,
        metadata: { name: 'tidewaiter', annotations: { 'cert-manager.io/inject-ca-from': 'tidewaiter/tidewaiter' } },
      },
    ]);
  });

  test('goes to its own path of the Service', () => {
    const [service] = readManifests('manifests/base/service.yaml');
    expect(service?.spec).toMatchObject({ ports: [{ port: 443, targetPort: 'https' }] });
    expect(webhook.name).toBe(`${verb}.tidewaiter.dev`);
    expect(webhook.clientConfig.service).toEqual({
      namespace: 'tidewaiter',
      name: service?.metadata.name,
      path: `/${verb}`,
      port: 443,
    });
  });
});

describe('the two together', () => {
  const [validating, mutating] = PAIRS.map(({ file }) => webhookIn(file));

  test('validating: everything that holds Pods, and what debugging and resizing change in them', () => {
    expect(validating && resourcesOf(validating)).toEqual(registered(({ subresources }) => ['', ...subresources]));
  });

  test('validating: every kind of Kubernetes itself that the engine knows', () => {
    const groups = ['', 'apps', 'batch'];
    const table = kindTable();
    const known = table.names.flatMap((kind) =>
      groups.filter((group) => table.find(group, kind) !== undefined).map((group) => `${group}/${kind}`),
    );
    const listed = API_RESOURCES.map(({ group, kind }) => `${group}/${kind}`);
    // The list at its root is what pods/ephemeralcontainers of Kubernetes 1.16 to 1.21 brings.
    expect(known.filter((kind) => kind !== '/EphemeralContainers').sort()).toEqual(listed.sort());
  });

  test('mutating: the same without resizes, which bring no image, and ReplicaSets, which their Deployment would recreate endlessly', () => {
    expect(mutating && resourcesOf(mutating)).toEqual(registered(({ mutated }) => mutated));
  });

  test('mutating: asked again when a later webhook changed the object', () => {
    expect(mutating?.reinvocationPolicy).toBe('IfNeeded');
  });
});
