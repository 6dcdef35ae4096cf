/** Our webhook configurations: read, and changed by patches that name the version that was read. */
import type { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../../certificate/managed-state.ts';
import { annotationOf } from '../../pod/metadata.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { ApiError, type ApiRequest, type ClusterApi } from '../api.ts';
import { accessible } from './missing-access.ts';

const NAME = 'tidewaiter';
const FIELD_MANAGER = 'tidewaiter';
/** The names of the webhooks that a server has registered last, so that servers notice when others remove one. */
const REGISTERED = 'tidewaiter.dev/registered';
const GROUP = 'admissionregistration.k8s.io';
const KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

export interface RegisteredWebhook {
  readonly name: string;
  /** PEM, or anything else that API servers accept. */
  readonly caBundle: string;
  readonly authorities: readonly X509Certificate[];
  /** As it is stored. */
  readonly object: JsonObject;
}

export interface WebhookConfiguration {
  readonly kind: (typeof KINDS)[number];
  readonly uid: string;
  readonly resourceVersion: string;
  readonly webhooks: readonly RegisteredWebhook[];
  /** Whether it has exactly the webhooks that a server has registered last. */
  readonly isAsRegistered: boolean;
  /** `metadata.managedFields` without a server that owns whole webhooks; undefined: it owns none. */
  readonly otherOwners: readonly JsonObject[] | undefined;
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
 * Sets the caBundle of all webhooks and returns the stored configuration. `registered`: the webhooks that replace the stored ones, if
 * the server registers them. Rejects with HTTP 409 if the configuration has changed since it was read: otherwise, a replica with an old
 * Secret could remove a CA that another replica has just added.
 *
 * A merge patch and not server-side apply, which would make the server an owner of each webhook: a webhook that its manifest no longer
 * contains would then stay with nothing but a caBundle, so that the API server rejects the manifest.
 */
export async function applyBundle(
  api: ClusterApi,
  { kind, resourceVersion, webhooks }: WebhookConfiguration,
  { bundle, registered }: { readonly bundle: string; readonly registered?: readonly JsonObject[] | undefined },
  signal: AbortSignal,
): Promise<WebhookConfiguration> {
  if (certificatesIn(bundle).length === 0) throw new Error('the CA bundle contains no certificate');
  const caBundle = Buffer.from(bundle).toString('base64');
  const annotations = registered && { [REGISTERED]: namesIn(registered) };
  const body = {
    metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    webhooks: (registered ?? webhooks.map(({ object }) => object)).map((webhook) => withBundle(webhook, caBundle)),
  };
  const query = { fieldManager: FIELD_MANAGER };
  const request = { method: 'PATCH', contentType: 'application/merge-patch+json', query, body } as const;
  return configurationOf(kind, await send(api, kind, request, signal));
}

/**
 * Gives up the ownership of webhooks that a server has registered. Otherwise, a manifest that contains them later would conflict with
 * it in server-side apply, and a webhook that the manifest removes would stay. Rejects with HTTP 409 if the configuration has changed
 * since it was read.
 */
export async function disownWebhooks(
  api: ClusterApi,
  one: WebhookConfiguration,
  signal: AbortSignal,
): Promise<WebhookConfiguration> {
  const { kind, resourceVersion, otherOwners: owners } = one;
  if (owners === undefined) return one;
  // The API server ignores an empty list.
  const managedFields = owners.length === 0 ? [{}] : owners;
  const body = { metadata: { resourceVersion, managedFields } };
  const request = { method: 'PATCH', contentType: 'application/merge-patch+json', body } as const;
  return configurationOf(kind, await send(api, kind, request, signal));
}

/** Reports whether it existed. Rejects with HTTP 409 if the configuration has changed since it was read. */
export async function deleteConfiguration(
  api: ClusterApi,
  { kind, uid, resourceVersion }: WebhookConfiguration,
  signal: AbortSignal,
): Promise<boolean> {
  const body = { preconditions: { uid, resourceVersion } };
  try {
    await send(api, kind, { method: 'DELETE', body }, signal);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** The namespace of the Service that the webhook calls; undefined: it calls a URL. */
export function serviceNamespaceOf({ object: { clientConfig } }: RegisteredWebhook): unknown {
  const service = isObject(clientConfig) ? clientConfig['service'] : undefined;
  return isObject(service) ? service['namespace'] : undefined;
}

function withBundle(webhook: JsonObject, caBundle: string): JsonObject {
  const { clientConfig } = webhook;
  return { ...webhook, clientConfig: { ...(isObject(clientConfig) ? clientConfig : {}), caBundle } };
}

function namesIn(webhooks: readonly JsonObject[]): string {
  return webhooks.map(({ name }) => String(name)).join(',');
}

function send(
  api: ClusterApi,
  kind: WebhookConfiguration['kind'],
  request: Omit<ApiRequest, 'path'>,
  signal: AbortSignal,
): Promise<JsonObject> {
  const resource = resourceOf(kind);
  const rule = { verb: (request.method ?? 'GET').toLowerCase(), resource, name: NAME };
  return accessible(rule, api.request({ ...request, path: `${configurationPath(kind)}/${NAME}` }, signal));
}

/** The path of the collection. */
function configurationPath(kind: string): string {
  return `/apis/${GROUP}/v1/${resourceOf(kind)}`;
}

export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function resourceOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}

function configurationOf(kind: WebhookConfiguration['kind'], object: JsonObject): WebhookConfiguration {
  const { uid, resourceVersion, managedFields } = isObject(object['metadata']) ? object['metadata'] : {};
  const webhooks = objectsIn(object['webhooks']);
  return {
    kind,
    uid: String(uid),
    resourceVersion: String(resourceVersion),
    webhooks: webhooks.map(webhookOf),
    isAsRegistered: annotationOf(object, REGISTERED) === namesIn(webhooks),
    otherOwners: otherOwners(objectsIn(managedFields)),
  };
}

function otherOwners(owners: readonly JsonObject[]): readonly JsonObject[] | undefined {
  const isOurs = ({ manager }: JsonObject): boolean => manager === FIELD_MANAGER;
  return owners.some((one) => isOurs(one) && ownsWebhooks(one)) ? owners.filter((one) => !isOurs(one)) : undefined;
}

/** In a set of fields, `.` is the item itself. */
function ownsWebhooks({ fieldsV1 }: JsonObject): boolean {
  const webhooks = isObject(fieldsV1) ? fieldsV1['f:webhooks'] : undefined;
  return isObject(webhooks) && Object.values(webhooks).some((fields) => isObject(fields) && '.' in fields);
}

function webhookOf(object: JsonObject): RegisteredWebhook {
  const { name, clientConfig } = object;
  const bytes = isObject(clientConfig) ? clientConfig['caBundle'] : undefined;
  const caBundle = typeof bytes === 'string' ? Buffer.from(bytes, 'base64').toString('utf8') : '';
  return { name: String(name), caBundle, authorities: certificatesIn(caBundle), object };
}
