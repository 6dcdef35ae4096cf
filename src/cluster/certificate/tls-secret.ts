/** The Secret that contains the CAs and the serving certificate of all replicas. */
import { MANAGED_KEYS, type ManagedEntries } from '../../certificate/managed-state.ts';
import { decodeSecretData } from '../../go/base64.ts';
import { annotationOf } from '../../pod/metadata.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { ApiError, type ApiRequest, type ClusterApi } from '../api.ts';
import { accessible } from './missing-access.ts';

export const TLS_SECRET = 'tidewaiter-tls';
/** As in the installation, which removes only objects with its labels. */
const LABELS = { 'app.kubernetes.io/name': 'tidewaiter', 'app.kubernetes.io/part-of': 'tidewaiter' };
const OWNER_ANNOTATION = 'cert-manager.io/certificate-name';

export interface TlsSecret {
  /** undefined: the Secret does not exist. */
  readonly object: JsonObject | undefined;
  readonly entries: ManagedEntries;
  /** cert-manager writes this Secret. */
  readonly isCertManagers: boolean;
}

export async function readTlsSecret(api: ClusterApi, signal: AbortSignal): Promise<TlsSecret> {
  try {
    const object = await send(api, { path: pathOf(api, TLS_SECRET) }, 'get', signal);
    return { object, entries: entriesOf(object), isCertManagers: annotationOf(object, OWNER_ANNOTATION) !== undefined };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return { object: undefined, entries: {}, isCertManagers: false };
  }
}

/** Replaces our entries and keeps the others. Rejects with HTTP 409 if the Secret has changed since it was read. */
export async function writeTlsSecret(
  api: ClusterApi,
  { object }: TlsSecret,
  entries: ManagedEntries,
  signal: AbortSignal,
): Promise<void> {
  const written = Object.entries(entries).filter(([, text]) => text !== '');
  const encoded = Object.fromEntries(written.map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  if (object === undefined) {
    const metadata = { name: TLS_SECRET, namespace: api.namespace, labels: LABELS };
    const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: encoded };
    await send(api, { method: 'POST', path: pathOf(api), body }, 'create', signal);
    return;
  }
  const { data } = object;
  const others = Object.entries(isObject(data) ? data : {}).filter(([key]) => !MANAGED_KEYS.includes(key));
  const body = { ...object, data: { ...Object.fromEntries(others), ...encoded } };
  await send(api, { method: 'PUT', path: pathOf(api, TLS_SECRET), body }, 'update', signal);
}

export function secretsPath({ namespace }: ClusterApi): string {
  return `/api/v1/namespaces/${namespace}/secrets`;
}

function pathOf(api: ClusterApi, name?: string): string {
  return name === undefined ? secretsPath(api) : `${secretsPath(api)}/${name}`;
}

function send(api: ClusterApi, request: ApiRequest, verb: string, signal: AbortSignal): Promise<JsonObject> {
  const rule = { verb, resource: 'secrets', name: TLS_SECRET, namespace: api.namespace };
  return accessible(rule, api.request(request, signal));
}

function entriesOf({ data }: JsonObject): ManagedEntries {
  const decoder = new TextDecoder();
  return Object.fromEntries(
    Object.entries(isObject(data) ? data : {}).map(([key, value]) => {
      const bytes = typeof value === 'string' ? decodeSecretData(value) : undefined;
      return [key, bytes === undefined ? '' : decoder.decode(bytes)];
    }),
  );
}
