/** Counts which facts about the cluster come from the input files, and which from its API server. */
import type { NamespaceSource, SecretSource, ServiceAccountSource } from '../admission/context.ts';
import type { MaybePromise } from '../admission/maybe-promise.ts';
import type { ClusterSources } from '../files/cluster-objects.ts';
import type { ClusterSummary } from '../report/check.ts';

export interface FactCount {
  /** Counts the facts of the API server. */
  ofCluster(sources: ClusterSources): ClusterSources;
  /** Counts all facts: those of the input files, and those of the API server for the rest. */
  ofAll(sources: ClusterSources): ClusterSources;
  summary(): Pick<ClusterSummary, 'fromCluster' | 'fromInput' | 'unknown'>;
}

type Kind = 'secrets' | 'serviceAccounts' | 'namespaces';
type State = 'yes' | 'no' | 'unknown';
/** By kind and name, so that an object that is looked up again counts once. */
type Seen = Map<string, State>;

export function createFactCount(): FactCount {
  const [cluster, all]: readonly [Seen, Seen] = [new Map(), new Map()];
  return {
    ofCluster: (sources) => counted(sources, cluster),
    ofAll: (sources) => counted(sources, all),
    summary() {
      const isKnown = ([, state]: readonly [string, State]): boolean => state !== 'unknown';
      const fromInput = [...all].filter(([key, state]) => state !== 'unknown' && !cluster.has(key));
      return {
        fromCluster: byKind([...cluster].filter(isKnown)),
        fromInput: byKind(fromInput),
        unknown: [...all].filter((entry) => !isKnown(entry)).length,
      };
    },
  };
}

function byKind(entries: readonly (readonly [string, State])[]): ClusterSummary['fromCluster'] {
  const of = (kind: Kind): number => entries.filter(([key]) => key.startsWith(`${kind} `)).length;
  return { secrets: of('secrets'), serviceAccounts: of('serviceAccounts'), namespaces: of('namespaces') };
}

function counted({ secrets, serviceAccounts, namespaces }: ClusterSources, seen: Seen): ClusterSources {
  return {
    secrets: secrets && countedSecrets(secrets, seen),
    serviceAccounts: serviceAccounts && countedAccounts(serviceAccounts, seen),
    namespaces: namespaces && countedNamespaces(namespaces, seen),
  };
}

function countedSecrets(source: SecretSource, seen: Seen): SecretSource {
  return {
    secret: (namespace, name, signal, refresh) =>
      noted(seen, `secrets ${namespace}/${name}`, () => source.secret(namespace, name, signal, refresh)),
  };
}

function countedAccounts(source: ServiceAccountSource, seen: Seen): ServiceAccountSource {
  return {
    pullSecretsOf: (namespace, name, signal, refresh) =>
      noted(seen, `serviceAccounts ${namespace}/${name}`, () => source.pullSecretsOf(namespace, name, signal, refresh)),
  };
}

function countedNamespaces(source: NamespaceSource, seen: Seen): NamespaceSource {
  return {
    labelsOf: (namespace, signal) => noted(seen, `namespaces ${namespace}`, () => source.labelsOf(namespace, signal)),
  };
}

/** A lookup that rejects is unknown. */
async function noted<T extends { readonly state: State }>(
  seen: Seen,
  key: string,
  lookUp: () => MaybePromise<T>,
): Promise<T> {
  seen.set(key, 'unknown');
  const fact = await lookUp();
  seen.set(key, fact.state);
  return fact;
}
