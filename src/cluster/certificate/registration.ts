/** Webhook configurations that the server registers itself. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { ApiError, type ClusterApi } from '../api.ts';
import { accessible } from './missing-access.ts';
import { configurationPath, FIELD_MANAGER, type WebhookConfiguration } from './webhook-configurations.ts';

const NAME = 'tidewaiter';
const RBAC = 'rbac.authorization.k8s.io/v1';

export interface Registration {
  /** The configurations that are needed at present, without caBundle. */
  objects(): readonly JsonObject[];
  /** Whether the server can answer reviews. */
  isReady(): boolean;
}

/**
 * Creates a configuration without webhooks; they are applied to the version that is then read, as caBundle is. A configuration
 * that exists is left unchanged.
 */
export async function createConfiguration(
  api: ClusterApi,
  { kind, apiVersion, metadata }: JsonObject,
  signal: AbortSignal,
): Promise<void> {
  const path = configurationPath(kind as WebhookConfiguration['kind']);
  const body = { apiVersion, kind, metadata: await ownedMetadata(api, metadata, signal), webhooks: [] };
  const query = { fieldManager: FIELD_MANAGER };
  const rule = { verb: 'create', resource: path.slice(path.lastIndexOf('/') + 1), name: NAME };
  await accessible(rule, api.request({ method: 'POST', path, query, body }, signal));
}

/**
 * The ClusterRole of the installation owns the configurations. When it is deleted, in whatever way the installation is removed, the
 * cluster deletes them, so that none stays without a server.
 */
export async function ownedMetadata(api: ClusterApi, metadata: unknown, signal: AbortSignal): Promise<JsonObject> {
  const rule = { verb: 'get', resource: 'clusterroles', name: NAME };
  const request = api.request({ path: `/apis/${RBAC}/clusterroles/${NAME}` }, signal);
  const role = await accessible(rule, request).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) {
      throw new Error(`ClusterRole "${NAME}" is not found; it must own the webhook configurations (registration self)`);
    }
    throw error;
  });
  const uid = isObject(role['metadata']) ? role['metadata']['uid'] : undefined;
  const ownerReferences = [{ apiVersion: RBAC, kind: 'ClusterRole', name: NAME, uid }];
  return { ...(isObject(metadata) ? metadata : {}), ownerReferences };
}
