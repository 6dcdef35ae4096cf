/** Reads the objects of an installation, and the namespaces of the cluster. */
import { CONFIG_MAP, POLICIES_MAP } from '../install/configuration.ts';
import { NAME } from '../install/options.ts';
import type { Labels } from '../policy/fact.ts';
import type { KnownValues } from './check.ts';
import { type Known, known } from './known.ts';
import {
  asConfigMap,
  asDeployment,
  asDisruptionBudget,
  asEndpointSlice,
  asNetworkPolicy,
  asObject,
  asPod,
  asService,
  type Deployment,
  type Pod,
} from './objects.ts';
import type { Reader, Resource } from './reader.ts';

/** The data of a ConfigMap. */
export interface FileTexts {
  /** `ConfigMap tidewaiter/tidewaiter-policies` */
  readonly source: string;
  /** By file name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** undefined: the installation does not have the ConfigMap. */
export interface InstalledFiles {
  readonly configuration: Known<FileTexts | undefined>;
  readonly policies: Known<FileTexts | undefined>;
}

/** Reads the ConfigMaps that the Deployment mounts: kustomize adds a hash to their names. */
export async function readInstalledFiles(
  reader: Reader,
  namespace: string,
  deployment: Known<Deployment | undefined>,
): Promise<InstalledFiles> {
  const volumes = (deployment.state === 'known' && deployment.value?.spec.template.spec.volumes) || [];
  const mounted = volumes.flatMap(({ configMap }) => configMap?.name ?? []);
  const texts = async (plain: string): Promise<Known<FileTexts | undefined>> => {
    const name = mounted.find((one) => one === plain || one.startsWith(`${plain}-`)) ?? plain;
    const map = await reader.get({ version: 'v1', resource: 'configmaps', namespace }, name, asConfigMap);
    if (map.state === 'unknown') return map;
    return known(map.value && { source: `ConfigMap ${namespace}/${name}`, texts: map.value.data ?? {} });
  };
  const [configuration, policies] = await Promise.all([texts(CONFIG_MAP), texts(POLICIES_MAP)]);
  return { configuration, policies };
}

export async function readNamespaces(reader: Reader): Promise<Known<ReadonlyMap<string, Labels>>> {
  const list = await reader.list({ version: 'v1', resource: 'namespaces', namespace: null }, asObject);
  if (list.state === 'unknown') return list;
  return known(new Map(list.value.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])));
}

export type InsideValues = Pick<
  KnownValues,
  'deployment' | 'pods' | 'services' | 'endpoints' | 'budgets' | 'networkPolicies'
>;

/** The objects in the namespace of the installation. */
export async function readInside(reader: Reader, namespace: string): Promise<InsideValues> {
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
