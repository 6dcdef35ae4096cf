// An API server in memory for doctor: it returns the objects of an installation, answers the probe as the server does, and decides
// permissions by the roles among the objects.
import { ApiError, type ApiRequest, type ClusterApi } from '../../src/cluster/api.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';

export interface FakeCluster {
  readonly api: ClusterApi;
  /** The requests, as `GET /api/v1/pods`. */
  readonly requests: readonly string[];
}

export interface FakeOptions {
  readonly objects: readonly JsonObject[];
  /** The metrics of each replica. */
  readonly metrics: JsonObject;
  /** Throws to reject a request. */
  readonly before?: (request: string) => void;
}

export function fakeCluster({ objects, metrics, before = () => undefined }: FakeOptions): FakeCluster {
  const requests: string[] = [];
  const respond = ({ method = 'GET', path, body }: ApiRequest): JsonObject => {
    const request = `${method} ${path}`;
    requests.push(request);
    before(request);
    if (path.endsWith('/selfsubjectreviews')) return { metadata: { creationTimestamp: new Date().toISOString() } };
    if (path.endsWith('/subjectaccessreviews')) return { status: { allowed: isAllowed(objects, body) } };
    if (path.endsWith('/podtemplates')) throw new ApiError(403, 'Forbidden', ANSWER);
    if (path.endsWith('/proxy/metrics')) return metrics;
    return read(objects, path);
  };
  const api: ClusterApi = {
    server: 'https://fake',
    namespace: 'default',
    request: async (request) => Promise.resolve().then(() => respond(request)),
    watch: () => {
      throw new Error('doctor watches nothing');
    },
    close: async () => Promise.resolve(),
  };
  return { api, requests };
}

const ANSWER =
  'admission webhook "validate.tidewaiter.dev" denied the request: tidewaiter answered the probe (mutate: answered)';

const PLURALS: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies' };

function metadataOf(object: JsonObject): JsonObject {
  return isObject(object['metadata']) ? object['metadata'] : {};
}

function collectionOf(object: JsonObject): string {
  const [version, kind] = [String(object['apiVersion']), String(object['kind'])];
  const { namespace } = metadataOf(object);
  const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
  const scope = typeof namespace === 'string' ? `/namespaces/${namespace}` : '';
  return `${root}${scope}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

function read(objects: readonly JsonObject[], path: string): JsonObject {
  const found = objects.find((object) => `${collectionOf(object)}/${String(metadataOf(object)['name'])}` === path);
  if (found !== undefined) return found;
  if (/\/(?:deployments|configmaps|secrets)\/[^/]+$/.test(path)) throw new ApiError(404, 'NotFound', 'not found');
  return { metadata: {}, items: objects.filter((object) => collectionOf(object) === path) };
}

interface Attributes {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** All roles of an installation belong to its ServiceAccount. */
function isAllowed(objects: readonly JsonObject[], review: unknown): boolean {
  const { spec } = review as { readonly spec: { readonly resourceAttributes: Attributes } };
  const { group, resource, verb, namespace, name } = spec.resourceAttributes;
  return objects.some((object) => {
    const isRole = object['kind'] === 'Role' && metadataOf(object)['namespace'] === namespace;
    if (object['kind'] !== 'ClusterRole' && !isRole) return false;
    return (object['rules'] as readonly Rule[]).some(
      ({ apiGroups, resources, verbs, resourceNames }) =>
        apiGroups.includes(group) &&
        resources.includes(resource) &&
        verbs.includes(verb) &&
        (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
    );
  });
}
