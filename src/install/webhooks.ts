/** The webhook configurations. */
import { API_RESOURCES, type ApiResource } from '../pod/api-resources.ts';
import type { CustomResources } from './custom-resources.ts';
import { FAIL_LABEL, type InstallOptions, LABELS, NAME } from './options.ts';
import { commented, type Tree, type TreeObject } from './yaml.ts';

/** For a server that registers its webhooks itself: nothing calls it before it is ready, and it needs no permission to create them. */
export function emptyConfigurations(): readonly TreeObject[] {
  return (['Validating', 'Mutating'] as const).map((kind) => ({
    apiVersion: API_VERSION,
    kind: `${kind}WebhookConfiguration`,
    metadata: commented('The servers add their webhooks when they are ready.', { name: NAME, labels: LABELS }),
  }));
}

export interface WebhookOptions extends Pick<
  InstallOptions,
  'namespace' | 'tls' | 'ca' | 'fail' | 'pins' | 'lookups' | 'customResources'
> {
  /** Of a server outside of the cluster, instead of the Service. */
  readonly url?: string | undefined;
}

const API_VERSION = 'admissionregistration.k8s.io/v1';

/** Seconds for a review without a lookup, which takes milliseconds; the rest is for a busy server. */
const REVIEW_SECONDS = 5;
/** Seconds for a review with lookups: name resolution, connecting, and two responses, with the margin of server/deadline.ts. */
export const LOOKUP_SECONDS = 10;

/** Both, also if no policy pins images: an upgrade then removes the webhooks of `/mutate`, and a removal both configurations. */
export function webhookConfigurations(options: WebhookOptions): readonly TreeObject[] {
  const both = (verb: Verb): readonly Tree[] => [webhook(options, verb, 'open'), webhook(options, verb, 'closed')];
  return [
    configuration('Validating', options, both('validate')),
    configuration('Mutating', options, options.pins ? both('mutate') : commented('No policy pins images.', [])),
  ];
}

function configuration(
  kind: 'Validating' | 'Mutating',
  { namespace, tls }: WebhookOptions,
  webhooks: Tree,
): TreeObject {
  return {
    apiVersion: API_VERSION,
    kind: `${kind}WebhookConfiguration`,
    metadata: {
      name: NAME,
      labels: LABELS,
      ...(tls === 'cert-manager' ? { annotations: commented(INJECTED, { [INJECT]: `${namespace}/${NAME}` }) } : {}),
    },
    webhooks,
  };
}

const INJECT = 'cert-manager.io/inject-ca-from';
const INJECTED = 'cert-manager sets caBundle of each webhook from this Certificate.';

type Verb = 'validate' | 'mutate';
type Failure = InstallOptions['fail'];

/** For the namespaces that fail in this way: those with the label, or those without it. */
function webhook(options: WebhookOptions, verb: Verb, failure: Failure): Tree {
  const { namespace, fail, lookups } = options;
  const isDefault = failure === fail;
  return commented(`${failure === 'open' ? OPEN : CLOSED} ${isDefault ? ALL_OTHERS : LABELLED[failure]}`, {
    name: `${isDefault ? '' : `${failure}.`}${verb}.tidewaiter.dev`,
    clientConfig: clientConfig(options, verb),
    failurePolicy: failure === 'open' ? 'Ignore' : 'Fail',
    timeoutSeconds: lookups ? LOOKUP_SECONDS : REVIEW_SECONDS,
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    ...(verb === 'mutate'
      ? { reinvocationPolicy: commented('Other webhooks can add containers afterward.', 'IfNeeded') }
      : {}),
    namespaceSelector: {
      matchExpressions: [
        commented('By the name, which users cannot change: the cluster and the server can always start.', {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', namespace],
        }),
        isDefault
          ? { key: FAIL_LABEL, operator: 'NotIn', values: [failure === 'open' ? 'closed' : 'open'] }
          : { key: FAIL_LABEL, operator: 'In', values: [failure] },
      ],
    },
    matchConditions: commented(SPARED, conditions(namespace)),
    rules: [...builtInRules(verb), ...customRules(options.customResources, isDefault)],
  });
}

function clientConfig({ namespace, ca, url }: WebhookOptions, verb: Verb): TreeObject {
  const server =
    url === undefined ? { service: { namespace, name: NAME, path: `/${verb}`, port: 443 } } : { url: `${url}/${verb}` };
  return ca === undefined ? server : { ...server, caBundle: Buffer.from(ca).toString('base64') };
}

const OPEN = 'During an outage of the server, objects are allowed without a review:';
const CLOSED = 'During an outage of the server, objects are rejected:';
const ALL_OTHERS = 'the default for namespaces.';
const LABELLED: Readonly<Record<Failure, string>> = {
  open: `namespaces with the label ${FAIL_LABEL}: open.`,
  closed: `namespaces with the label ${FAIL_LABEL}: closed.`,
};

const SPARED = 'Requests that a cluster needs to recover are never reviewed, even if you add rules.';

function conditions(namespace: string): readonly Tree[] {
  return [
    { name: 'not-a-lease', expression: `request.resource.group != 'coordination.k8s.io'` },
    { name: 'not-a-node', expression: `!(request.resource.group == '' && request.resource.resource == 'nodes')` },
    {
      name: 'not-tidewaiter',
      expression: `!(has(request.namespace) && request.namespace in ['kube-system', '${namespace}'])`,
    },
  ];
}

/** One rule for each group, from the engine's table. */
function builtInRules(verb: Verb): readonly Tree[] {
  const pathsOf = (resource: ApiResource): readonly string[] =>
    (verb === 'mutate' ? resource.mutated : ['', ...resource.subresources]).map((sub) =>
      sub === '' ? resource.resource : `${resource.resource}/${sub}`,
    );
  return [...new Set(API_RESOURCES.map(({ group }) => group))].map((group) => ({
    apiGroups: [group],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: API_RESOURCES.filter((resource) => resource.group === group).flatMap(pathsOf),
    scope: 'Namespaced',
  }));
}

/**
 * The author of an object cannot choose its version, because `*` matches all. Objects without a namespace match every
 * `namespaceSelector`, so only the default webhook reviews them.
 */
function customRules(resources: readonly CustomResources[], isDefault: boolean): readonly Tree[] {
  return resources
    .filter(({ scope }) => isDefault || scope !== 'Cluster')
    .map(({ group, resources: names, scope }) => ({
      apiGroups: [group],
      apiVersions: ['*'],
      operations: ['CREATE', 'UPDATE'],
      resources: names,
      scope: isDefault ? scope : 'Namespaced',
    }));
}
