/** Reads all values of an installation that the checks need, each with its own reason if it cannot be read. */
import type { ClusterApi } from '../cluster/api.ts';
import { NAME } from '../install/options.ts';
import { readChains } from './chains.ts';
import type { KnownValues } from './check.ts';
import { type Known, known, type Unknown, unknown, whenRead } from './known.ts';
import { ours } from './matching.ts';
import { readCustomResources } from './custom-resources.ts';
import {
  type InsideValues,
  type InstalledFiles,
  readInside,
  readInstalledFiles,
  readNamespaces,
} from './installed-objects.ts';
import { probe } from './probes.ts';
import { createReader, type Reader } from './reader.ts';
import { policyUse, readOnes, readReplicas } from './replicas.ts';
import { accountOf, readAccess, readTime } from './server-values.ts';
import type { Values, Webhook } from './values.ts';
import { ofInstallation, readWebhooks } from './webhooks.ts';

export type LocalValues = Pick<KnownValues, 'configuration' | 'policyFiles' | 'policies' | 'certificateFiles' | 'now'>;

/** From registries. */
type NetworkValues = Pick<KnownValues, 'registries'>;

type ClusterValues = Omit<KnownValues, keyof LocalValues | keyof NetworkValues>;

export type PolicyValues = Pick<KnownValues, 'policyFiles' | 'policies' | 'serverConfiguration'>;

export type LoadPolicies = (installed: InstalledFiles) => Promise<PolicyValues>;

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
  const [allWebhooks, namespaces, time] = await Promise.all([
    readWebhooks(reader),
    readNamespaces(reader),
    readTime(reader),
  ]);
  const outage = outageIn([allWebhooks, namespaces, time]);
  if (outage !== undefined)
    return { ...(await loadPolicies({ configuration: outage, policies: outage })), ...noCluster(outage.reason) };
  const namespace = chosen ?? serviceNamespace(allWebhooks) ?? NAME;
  const webhooks = allWebhooks.state === 'known' ? known(ofInstallation(allWebhooks.value, namespace)) : allWebhooks;
  const inside = await readInside(reader, namespace);
  const policyValues = await loadPolicies(await readInstalledFiles(reader, namespace, inside.deployment));
  return {
    ...policyValues,
    webhooks,
    namespaces,
    time,
    namespace: known(namespace),
    ...inside,
    ...(await readDetails(
      { reader, api, namespace, probeNamespace },
      { ...policyValues, ...inside, webhooks, namespaces },
    )),
  };
}

interface Source extends Pick<CollectOptions, 'api' | 'probeNamespace'> {
  readonly reader: Reader;
  readonly namespace: string;
}

type Read = PolicyValues & InsideValues & Pick<KnownValues, 'webhooks' | 'namespaces'>;

type Details = Pick<
  KnownValues,
  'chains' | 'unreadableSecrets' | 'access' | 'probes' | 'customResources' | 'replicas' | 'replicaMetrics' | 'policyUse'
>;

/** What depends on values that were read before. */
async function readDetails(
  { reader, api, namespace, probeNamespace }: Source,
  { webhooks, namespaces, policies, deployment: server, pods: ofServer }: Read,
): Promise<Details> {
  const all = together(webhooks, namespaces, policies);
  const [served, access, probes, replicas, customResources] = await Promise.all([
    whenRead(webhooks, async (list) => readChains(reader, list, namespace)),
    whenRead(server, async (deployment) =>
      whenRead(all, async (values) => readAccess(reader, accountOf(deployment, namespace), values)),
    ),
    whenRead(webhooks, async (list) =>
      whenRead(namespaces, async (labels) =>
        probe(api, { webhooks: list, namespaces: labels, namespace: probeNamespace }),
      ),
    ),
    whenRead(ofServer, async (pods) => readReplicas(reader, pods)),
    whenRead(policies, async ({ kinds }) => readCustomResources(reader, kinds)),
  ]);
  return { ...servedValues(served), access, probes, customResources, ...replicaValues(replicas) };
}

function servedValues(
  served: Known<Pick<Values, 'chains' | 'unreadableSecrets'>>,
): Pick<KnownValues, 'chains' | 'unreadableSecrets'> {
  if (served.state === 'unknown') return { chains: served, unreadableSecrets: served };
  return { chains: known(served.value.chains), unreadableSecrets: known(served.value.unreadableSecrets) };
}

function replicaValues(
  replicas: KnownValues['replicas'],
): Pick<KnownValues, 'replicas' | 'replicaMetrics' | 'policyUse'> {
  const replicaMetrics = replicas.state === 'known' ? readOnes(replicas.value) : replicas;
  const use = replicaMetrics.state === 'known' ? policyUse(replicaMetrics.value) : replicaMetrics;
  return { replicas, replicaMetrics, policyUse: use };
}

/** If nothing can be read, and not for lack of a permission, further requests would only wait. */
function outageIn(values: readonly Known<unknown>[]): Unknown | undefined {
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
  const names = ours(webhooks.value).flatMap(({ clientConfig: { service } }) => service?.namespace ?? []);
  // The API server accepts any text; it becomes part of commands.
  return names.find((name) => /^[a-z\d][a-z\d-]{0,62}$/.test(name));
}

/** For local checks, and if no cluster can be selected. */
export function noCluster(reason: string): ClusterValues {
  const none = unknown(reason);
  return {
    serverConfiguration: none,
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
    unreadableSecrets: none,
    access: none,
    time: none,
    probes: none,
    replicas: none,
    replicaMetrics: none,
    policyUse: none,
    customResources: none,
  };
}
