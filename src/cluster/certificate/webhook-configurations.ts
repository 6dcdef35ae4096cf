/** The caBundle of our webhook configurations: read, and replaced by server-side apply with a field manager of our own. */
import type { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../../certificate/managed-state.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { ApiError, type ApiRequest, type ClusterApi } from '../api.ts';
import { accessible } from './missing-access.ts';

const NAME = 'tidewaiter';
export const FIELD_MANAGER = 'tidewaiter';
const GROUP = 'admissionregistration.k8s.io';
const KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

export interface RegisteredWebhook {
  readonly name: string;
  /** PEM, or anything else that API servers accept. */
  readonly caBundle: string;
  readonly authorities: readonly X509Certificate[];
}

export interface WebhookConfiguration {
  readonly kind: (typeof KINDS)[number];
  readonly resourceVersion: string;
  readonly webhooks: readonly RegisteredWebhook[];
}

/** The collections, for watches of their object `tidewaiter`. */
export const CONFIGURATION_PATHS = KINDS.map(configurationPath);

export interface ReadConfigurations {
  /** Those that exist. */
  readonly configurations: readonly WebhookConfiguration[];
  /** The missing permission, if one of them cannot be read. */
  readonly forbidden: string | undefined;
}

export async function readConfigurations(api: ClusterApi, signal: AbortSignal): Promise<ReadConfigurations> {
  const read = await Promise.all(KINDS.map((kind) => readConfiguration(api, kind, signal)));
  return {
    configurations: read.flatMap((one) => (one === undefined || one instanceof ApiError ? [] : [one])),
    forbidden: read.find((one) => one instanceof ApiError)?.message,
  };
}

async function readConfiguration(
  api: ClusterApi,
  kind: WebhookConfiguration['kind'],
  signal: AbortSignal,
): Promise<WebhookConfiguration | ApiError | undefined> {
  try {
    return configurationOf(kind, await send(api, kind, {}, signal));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return undefined;
    if (error.status === 403) return error;
    throw error;
  }
}

/**
 * Sets the caBundle of all webhooks and returns the stored configuration. Rejects with HTTP 409 if the configuration has changed
 * since it was read: otherwise, a replica with an old Secret could remove a CA that another replica has just added.
 *
 * `registered`: the whole configuration, if the server registers it. Server-side apply removes what a field manager applied
 * before and does not apply again.
 */
export async function applyBundle(
  api: ClusterApi,
  { kind, resourceVersion, webhooks }: WebhookConfiguration,
  { bundle, registered }: { readonly bundle: string; readonly registered?: JsonObject | undefined },
  signal: AbortSignal,
): Promise<WebhookConfiguration> {
  if (certificatesIn(bundle).length === 0) throw new Error('the CA bundle contains no certificate');
  const caBundle = Buffer.from(bundle).toString('base64');
  const { metadata } = registered ?? {};
  const body = {
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { ...(isObject(metadata) ? metadata : {}), name: NAME, resourceVersion },
    webhooks: (registered === undefined
      ? webhooks.map(({ name }) => ({ name }))
      : objectsIn(registered['webhooks'])
    ).map((webhook) => withBundle(webhook, caBundle)),
  };
  const query = { fieldManager: FIELD_MANAGER, force: 'true' };
  const request = { method: 'PATCH', contentType: 'application/apply-patch+yaml', query, body } as const;
  return configurationOf(kind, await send(api, kind, request, signal));
}

function withBundle(webhook: JsonObject, caBundle: string): JsonObject {
  const { clientConfig } = webhook;
  return { ...webhook, clientConfig: { ...(isObject(clientConfig) ? clientConfig : {}), caBundle } };
}

function send(
  api: ClusterApi,
  kind: WebhookConfiguration['kind'],
  request: Omit<ApiRequest, 'path'>,
  signal: AbortSignal,
): Promise<JsonObject> {
  const resource = resourceOf(kind);
  const rule = { verb: request.method === 'PATCH' ? 'patch' : 'get', resource, name: NAME };
  return accessible(rule, api.request({ ...request, path: `${configurationPath(kind)}/${NAME}` }, signal));
}

/** The path of the collection. */
export function configurationPath(kind: string): string {
  return `/apis/${GROUP}/v1/${resourceOf(kind)}`;
}

function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function resourceOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}

function configurationOf(kind: WebhookConfiguration['kind'], object: JsonObject): WebhookConfiguration {
  const { metadata, webhooks } = object;
  const resourceVersion = isObject(metadata) ? String(metadata['resourceVersion']) : '';
  return { kind, resourceVersion, webhooks: objectsIn(webhooks).map(webhookOf) };
}

function webhookOf({ name, clientConfig }: JsonObject): RegisteredWebhook {
  const bytes = isObject(clientConfig) ? clientConfig['caBundle'] : undefined;
  const caBundle = typeof bytes === 'string' ? Buffer.from(bytes, 'base64').toString('utf8') : '';
  return { name: String(name), caBundle, authorities: certificatesIn(caBundle) };
}
