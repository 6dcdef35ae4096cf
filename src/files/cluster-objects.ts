/** The cluster that the manifests describe: its Namespaces, Secrets, and ServiceAccounts, as facts. */
import type { NamespaceSource, SecretSource, ServiceAccountSource, World } from '../admission/context.ts';
import { namespaceLabelsIn, pullSecretsIn } from '../admission/facts/cluster-objects.ts';
import { PULL_SECRET_KEYS, type PullSecret } from '../credential/pull-secret.ts';
import { readSecret } from '../credential/secret-object.ts';
import { quoteValue } from '../image/quote.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { InputError, Manifest } from './manifests.ts';

export interface ClusterObjects {
  readonly namespaces: NamespaceSource;
  readonly secrets: SecretSource;
  readonly serviceAccounts: ServiceAccountSource;
  /** Faults in pull secrets; they matter only if a policy checks pull secrets. */
  readonly errors: readonly InputError[];
}

/**
 * Objects that are not in the manifests are those of `cluster`, or unknown without it: the manifests come first, because they are
 * about to be applied. Recordings do not describe the cluster.
 */
export function clusterObjectsIn(manifests: readonly Manifest[], cluster: ClusterSources = {}): ClusterObjects {
  const errors: InputError[] = [];
  const secrets = secretsIn(manifests, errors, cluster.secrets);
  return {
    namespaces: namespacesIn(manifests, cluster.namespaces),
    secrets,
    serviceAccounts: serviceAccountsIn(manifests, cluster.serviceAccounts),
    errors,
  };
}

export type ClusterSources = Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>;

/** Reports whether other objects can depend on an object. */
export function isClusterObject({ request: { type } }: Manifest): boolean {
  return type.group === '' && CLUSTER_KINDS.has(type.kind);
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set(['Namespace', 'Secret', 'ServiceAccount']);

/** Reports whether a manifest is a Secret and not part of a recording. */
export function isSecret({ request: { type, object, pluginsRan } }: Manifest): boolean {
  return type.group === '' && type.kind === 'Secret' && object !== undefined && !pluginsRan;
}

function secretsIn(
  manifests: readonly Manifest[],
  errors: InputError[],
  cluster: SecretSource | undefined,
): SecretSource {
  const known = new Map<string, Fact<PullSecret>>();
  for (const manifest of manifests.filter(isSecret)) {
    const { object = {}, name, namespace } = manifest.request;
    const read = readSecret(object, name);
    const reason = `Secret ${quoteValue(`${namespace}/${name}`)} is malformed`;
    known.set(`${namespace}/${name}`, read.ok ? { state: 'yes', value: read.secret } : { state: 'unknown', reason });
    if (read.ok || !PULL_SECRET_KEYS.has(String(object['type']))) continue;
    for (const { pointer, problem } of read.faults) {
      errors.push({ document: manifest.document, ...manifest.placeOf(pointer), message: `${pointer}: ${problem}` });
    }
  }
  return {
    async secret(namespace, name, signal, refresh) {
      const fact = known.get(`${namespace}/${name}`) ?? cluster?.secret(namespace, name, signal, refresh);
      return fact ?? absent('Secret', namespace, name);
    },
  };
}

function serviceAccountsIn(
  manifests: readonly Manifest[],
  cluster: ServiceAccountSource | undefined,
): ServiceAccountSource {
  const known = new Map<string, Fact<readonly string[]>>();
  for (const { request } of manifests) {
    const { type, object, name, namespace, pluginsRan } = request;
    if (type.group !== '' || type.kind !== 'ServiceAccount' || object === undefined || pluginsRan) continue;
    known.set(`${namespace}/${name}`, pullSecretsIn(object));
  }
  return {
    async pullSecretsOf(namespace, name, signal, refresh) {
      const fact = known.get(`${namespace}/${name}`) ?? cluster?.pullSecretsOf(namespace, name, signal, refresh);
      return fact ?? absent('ServiceAccount', namespace, name);
    },
  };
}

function absent(kind: string, namespace: string, name: string): Fact<never> {
  return { state: 'unknown', reason: `${kind} ${quoteValue(`${namespace}/${name}`)} is not in the input files` };
}

function namespacesIn(manifests: readonly Manifest[], cluster: NamespaceSource | undefined): NamespaceSource {
  const known = new Map<string, Labels>();
  for (const { request } of manifests) {
    const { type, object, name } = request;
    if (type.group !== '' || type.kind !== 'Namespace' || object === undefined) continue;
    known.set(name, namespaceLabelsIn(object, name));
  }
  return {
    async labelsOf(namespace, signal) {
      const labels = known.get(namespace);
      if (labels !== undefined) return { state: 'yes', value: labels };
      const fact = cluster?.labelsOf(namespace, signal);
      return fact ?? { state: 'unknown', reason: `namespace "${namespace}" is not in the input files` };
    },
  };
}
