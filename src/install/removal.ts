/** Removes an installation: first what makes API servers call the server, then the server. */
import { ApiError, type ClusterApi } from '../cluster/api.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { isName, LABEL } from '../policy/name-language.ts';
import { LABELS, NAME } from './options.ts';

export interface RemovalOptions {
  /** The namespace of the server. */
  readonly namespace: string;
  readonly dryRun: boolean;
}

interface Collection {
  readonly path: string;
  readonly kind: string;
  /** `group/version` of an add-on, which a cluster need not have. */
  readonly addOn?: string | undefined;
}

const API = { admission: 'admissionregistration.k8s.io/v1', roles: 'rbac.authorization.k8s.io/v1' } as const;

const CONFIGURATIONS: readonly Collection[] = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].map(
  (kind) => ({ kind, path: `/apis/${API.admission}/${kind.toLowerCase()}s` }),
);

/**
 * The namespace of the installation: that of the Service in its webhooks, or of the ServiceAccount with its roles. What cannot be
 * read is reported when it is removed, after the configurations.
 */
export async function installedNamespace(api: ClusterApi): Promise<string> {
  for (const { path } of [...CONFIGURATIONS, ...ROLES.slice(0, 1)]) {
    const [namespace] = await namedNamespaces(api, `${path}/${NAME}`);
    if (namespace !== undefined) return namespace;
  }
  return NAME;
}

async function namedNamespaces(api: ClusterApi, path: string): Promise<readonly string[]> {
  try {
    const { subjects, webhooks } = await api.request({ path });
    const services = listOf(webhooks).map(({ clientConfig }) =>
      isObject(clientConfig) ? clientConfig['service'] : {},
    );
    return [...services, ...listOf(subjects)].flatMap((place) => {
      const namespace = isObject(place) ? place['namespace'] : undefined;
      // It becomes part of paths, and API servers accept any text.
      return typeof namespace === 'string' && isName(namespace, LABEL) ? [namespace] : [];
    });
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** In all namespaces, since a policy can read Secrets in chosen ones. */
const ROLES: readonly Collection[] = ['ClusterRoleBinding', 'ClusterRole', 'RoleBinding', 'Role'].map((kind) => ({
  kind,
  path: `/apis/${API.roles}/${kind.toLowerCase()}s`,
}));

const serverObjects = (namespace: string): readonly Collection[] =>
  [
    { api: 'apps/v1', kind: 'Deployment' },
    { api: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' },
    { api: 'networking.k8s.io/v1', kind: 'NetworkPolicy', plural: 'networkpolicies' },
    { api: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', isAddOn: true },
    { api: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', isAddOn: true },
    { api: 'cert-manager.io/v1', kind: 'Certificate', isAddOn: true },
    { api: 'cert-manager.io/v1', kind: 'Issuer', isAddOn: true },
    { api: 'v1', kind: 'Service' },
    { api: 'v1', kind: 'ConfigMap' },
    { api: 'v1', kind: 'Secret' },
    { api: 'v1', kind: 'ServiceAccount' },
  ].map(({ api, kind, plural = `${kind.toLowerCase()}s`, isAddOn = false }) => ({
    kind,
    path: `/${api === 'v1' ? 'api' : 'apis'}/${api}/namespaces/${namespace}/${plural}`,
    addOn: isAddOn ? api : undefined,
  }));

/** Yields each removed object, for example `Deployment tidewaiter/tidewaiter`. Objects without our labels stay. */
export async function* removeInstallation(api: ClusterApi, options: RemovalOptions): AsyncGenerator<string> {
  yield* removeFrom(api, CONFIGURATIONS, options);
  yield* removeFrom(api, ROLES, options);
  yield* removeFrom(api, serverObjects(options.namespace), options);
}

async function* removeFrom(
  api: ClusterApi,
  collections: readonly Collection[],
  { dryRun }: RemovalOptions,
): AsyncGenerator<string> {
  for (const collection of collections) {
    for (const { name, namespace } of await oursIn(api, collection)) {
      const path = namespace === undefined ? collection.path : inNamespace(collection.path, namespace);
      if (!dryRun) await remove(api, `${path}/${name}`);
      yield `${collection.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
    }
  }
}

/** The path of a collection in one namespace; a list of Roles is from all namespaces. */
function inNamespace(path: string, namespace: string): string {
  return path.includes('/namespaces/') ? path : path.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`);
}

async function remove(api: ClusterApi, path: string): Promise<void> {
  try {
    await api.request({ method: 'DELETE', path, body: { propagationPolicy: 'Background' } });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
}

interface Identity {
  readonly name: string;
  readonly namespace: string | undefined;
}

async function oursIn(api: ClusterApi, { path, kind, addOn }: Collection): Promise<readonly Identity[]> {
  if (addOn !== undefined && !(await serves(api, addOn, kind))) return [];
  const labelSelector = Object.entries(LABELS)
    .map((pair) => pair.join('='))
    .join(',');
  const { items } = await api.request({ path, query: { labelSelector } });
  return listOf(items).flatMap(identityOf);
}

/** Asks for the group first, because the API server has no object for the error that it does not serve a group. */
async function serves(api: ClusterApi, groupVersion: string, kind: string): Promise<boolean> {
  const { groups } = await api.request({ path: '/apis' });
  const versions = listOf(groups).flatMap((group) => listOf(group['versions']));
  if (!versions.some((version) => version['groupVersion'] === groupVersion)) return false;
  const { resources } = await api.request({ path: `/apis/${groupVersion}` });
  return listOf(resources).some((resource) => resource['kind'] === kind);
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function identityOf({ metadata }: JsonObject): readonly Identity[] {
  if (!isObject(metadata)) return [];
  const { name, namespace } = metadata;
  // A team can copy our labels, but objects of ours have our names.
  if (typeof name !== 'string' || !(name === NAME || name.startsWith(`${NAME}-`))) return [];
  return [{ name, namespace: typeof namespace === 'string' ? namespace : undefined }];
}
