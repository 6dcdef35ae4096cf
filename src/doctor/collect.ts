/** Reads all values of an installation that the checks need, each with its own reason if it cannot be read. */
import type { ClusterApi } from '../cluster/api.ts';
import { POLICIES_MAP } from '../install/configuration.ts';
import { NAME } from '../install/options.ts';
import type { Labels } from '../policy/fact.ts';
import { readChains } from './chains.ts';
import type { KnownValues } from './check.ts';
import { type Known, known, unknown, whenRead } from './known.ts';
import { ours } from './matching.ts';
import { readCustomResources } from './named-kinds.ts';
import {
  asConfigMap,
  asDeployment,
  asDisruptionBudget,
  asEndpointSlice,
  asNetworkPolicy,
  asObject,
  asPod,
  asService,
  type Pod,
} from './objects.ts';
import { probe } from './probes.ts';
import { createReader, type Reader, type Resource } from './reader.ts';
import { policyUse, readReplicas } from './replicas.ts';
import { accountOf, readAccess, readTime } from './server-values.ts';
import type { Values, Webhook } from './values.ts';
import { readWebhooks } from './webhooks.ts';

export type LocalValues = Pick<KnownValues, 'configuration' | 'policyFiles' | 'policies' | 'certificateFiles' | 'now'>;

type ClusterValues = Omit<KnownValues, keyof LocalValues>;

export type PolicyValues = Pick<KnownValues, 'policyFiles' | 'policies'>;

/** The data of a ConfigMap. */
export interface PolicyTexts {
  /** `ConfigMap tidewaiter/tidewaiter-policies` */
  readonly source: string;
  /** By file name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** `inCluster` reads the policies of the installation; undefined: it has none. */
export type LoadPolicies = (inCluster: () => Promise<Known<PolicyTexts | undefined>>) => Promise<PolicyValues>;

export interface CollectOptions {
  readonly api: ClusterApi;
  /** The namespace of the installation; undefined: that of the Service in the webhook configurations. */
  readonly namespace: string | undefined;
  readonly probeNamespace: string | undefined;
}

export async function collect(
  { api, namespace: chosen, probeNamespace }: CollectOptions,
  loadPolicies: LoadPolicies,
): Promise<ClusterValues & PolicyValues> {
  const reader = createReader(api);
  const [webhooks, namespaces, time] = await Promise.all([
    readWebhooks(reader),
    readNamespaces(reader),
    readTime(reader),
  ]);
  const outage = outageIn([webhooks, namespaces, time]);
  if (outage !== undefined)
    return { ...(await loadPolicies(async () => Promise.resolve(outage))), ...noCluster(outage.reason) };
  const namespace = chosen ?? serviceNamespace(webhooks) ?? NAME;
  const [inside, policyValues] = await Promise.all([
    readInside(reader, namespace),
    loadPolicies(async () => readPolicyTexts(reader, namespace)),
  ]);
  const { policies } = policyValues;
  const all = together(webhooks, namespaces, policies);
  const [chains, access, probes, replicas, customResources] = await Promise.all([
    whenRead(webhooks, async (list) => readChains(reader, list, namespace)),
    whenRead(inside.deployment, async (deployment) =>
      whenRead(all, async (values) => readAccess(reader, accountOf(deployment, namespace), values)),
    ),
    whenRead(webhooks, async (list) =>
      whenRead(namespaces, async (labels) =>
        probe(api, { webhooks: list, namespaces: labels, namespace: probeNamespace }),
      ),
    ),
    whenRead(inside.pods, async (pods) => readReplicas(reader, pods)),
    whenRead(policies, async ({ kinds }) => readCustomResources(reader, kinds)),
  ]);
  return {
    ...policyValues,
    webhooks,
    namespaces,
    time,
    namespace: known(namespace),
    ...inside,
    chains,
    access,
    probes,
    replicas,
    customResources,
    policyUse: await whenRead(replicas, async (list) => Promise.resolve(policyUse(list))),
  };
}

async function readPolicyTexts(reader: Reader, namespace: string): Promise<Known<PolicyTexts | undefined>> {
  const map = await reader.get({ version: 'v1', resource: 'configmaps', namespace }, POLICIES_MAP, asConfigMap);
  if (map.state === 'unknown') return map;
  const source = `ConfigMap ${namespace}/${POLICIES_MAP}`;
  return known(map.value && { source, texts: map.value.data ?? {} });
}

/** If nothing can be read, and not for lack of a permission, further requests would only wait. */
function outageIn(values: readonly Known<unknown>[]): Extract<Known<never>, { state: 'unknown' }> | undefined {
  const unread = values.flatMap((value) => (value.state === 'unknown' && value.permission === null ? [value] : []));
  return unread.length === values.length ? unread[0] : undefined;
}

function together(
  webhooks: KnownValues['webhooks'],
  namespaces: KnownValues['namespaces'],
  policies: KnownValues['policies'],
): Known<Pick<Values, 'webhooks' | 'namespaces' | 'policies'>> {
  if (webhooks.state === 'unknown') return webhooks;
  if (namespaces.state === 'unknown') return namespaces;
  if (policies.state === 'unknown') return policies;
  return known({ webhooks: webhooks.value, namespaces: namespaces.value, policies: policies.value });
}

function serviceNamespace(webhooks: Known<readonly Webhook[]>): string | undefined {
  if (webhooks.state === 'unknown') return undefined;
  return ours(webhooks.value).find(({ clientConfig }) => clientConfig.service !== undefined)?.clientConfig.service
    ?.namespace;
}

async function readNamespaces(reader: Reader): Promise<Known<ReadonlyMap<string, Labels>>> {
  const list = await reader.list({ version: 'v1', resource: 'namespaces', namespace: null }, asObject);
  if (list.state === 'unknown') return list;
  return known(new Map(list.value.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])));
}

type InsideValues = Pick<
  ClusterValues,
  'deployment' | 'pods' | 'services' | 'endpoints' | 'budgets' | 'networkPolicies'
>;

/** The objects in the namespace of the installation. */
async function readInside(reader: Reader, namespace: string): Promise<InsideValues> {
  const at = (version: string, resource: string): Resource => ({ version, resource, namespace });
  const [deployment, pods, services, endpoints, budgets, networkPolicies] = await Promise.all([
    reader.get(at('apps/v1', 'deployments'), NAME, asDeployment),
    reader.list(at('v1', 'pods'), asPod),
    reader.list(at('v1', 'services'), asService),
    reader.list(at('discovery.k8s.io/v1', 'endpointslices'), asEndpointSlice),
    reader.list(at('policy/v1', 'poddisruptionbudgets'), asDisruptionBudget),
    reader.list(at('networking.k8s.io/v1', 'networkpolicies'), asNetworkPolicy),
  ]);
  return { deployment, pods: ownPods(pods), services, endpoints, budgets, networkPolicies };
}

function ownPods(pods: Known<readonly Pod[]>): Known<readonly Pod[]> {
  if (pods.state === 'unknown') return pods;
  return known(
    pods.value.filter(({ metadata: { labels = {} }, status }) => {
      const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      return !hasEnded && labels['app.kubernetes.io/name'] === NAME;
    }),
  );
}

/** For local checks, and if no cluster can be selected. */
export function noCluster(reason: string): ClusterValues {
  const none = unknown(reason);
  return {
    webhooks: none,
    namespaces: none,
    namespace: none,
    deployment: none,
    pods: none,
    services: none,
    endpoints: none,
    budgets: none,
    networkPolicies: none,
    chains: none,
    access: none,
    time: none,
    probes: none,
    replicas: none,
    policyUse: none,
    customResources: none,
  };
}
