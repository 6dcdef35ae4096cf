// The webhook configurations of the manifests, registered with a control plane that reaches the server by URL.
import { setTimeout as delay } from 'node:timers/promises';

import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { webhookConfigurations } from '../../src/install/webhooks.ts';
import { yamlDocuments } from '../../src/install/yaml.ts';
import type { Reply } from './connection.ts';
import type { ControlPlane } from './control-plane.ts';

/** One webhook, apart from what no test touches. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly service?: { readonly path?: string };
    readonly url?: string;
    readonly caBundle?: string;
  };
  readonly rules: readonly Rule[];
  readonly failurePolicy?: string;
  readonly timeoutSeconds?: number;
  readonly sideEffects: string;
  readonly admissionReviewVersions: readonly string[];
  readonly namespaceSelector?: { readonly matchExpressions?: readonly object[] };
}

interface Rule {
  readonly operations: readonly string[];
  readonly apiVersions: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

export interface Configuration {
  readonly kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly Webhook[];
}

/** The URL of a server, and its CA. */
export interface Target {
  readonly url: string;
  /** PEM in base64. */
  readonly caBundle: string;
}

const effectiveWithinMs = 20_000;

/** Both, for policies that pin images, each with its webhook for namespaces without a label. */
export function defaultConfigurations(): readonly Configuration[] {
  const objects = webhookConfigurations({
    namespace: 'tidewaiter',
    tls: 'files',
    fail: 'open',
    pins: true,
    lookups: false,
    customResources: [],
  });
  return configurationsIn(yamlDocuments(objects)).map((configuration) => ({
    ...configuration,
    webhooks: configuration.webhooks.filter(({ name }) => !name.startsWith('closed.')),
  }));
}

export function configurationsIn(yaml: string): readonly Configuration[] {
  return parseDocuments(yaml)
    .flatMap((document) => (document.ok ? [document.value as Configuration] : []))
    .filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
}

/** Replaces the Service with a URL, as for a server outside of the cluster. */
export function byUrl(configuration: Configuration, { url, caBundle }: Target): Configuration {
  return {
    ...configuration,
    webhooks: configuration.webhooks.map((webhook) => {
      const path = webhook.clientConfig.service?.path;
      if (path === undefined) throw new Error(`${webhook.name} names no path of a Service`);
      return { ...webhook, clientConfig: { url: `${url}${path}`, caBundle } };
    }),
  };
}

/** A copy with another name, changed webhooks, and reviews of one namespace only. */
export function within(
  namespace: string,
  configuration: Configuration,
  change: (webhook: Webhook) => Partial<Webhook> = () => ({}),
): Configuration {
  const onlyThere = { key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] };
  return {
    ...configuration,
    metadata: { name: `${configuration.metadata.name}-${namespace}` },
    webhooks: configuration.webhooks.map((webhook) => ({
      ...webhook,
      ...change(webhook),
      namespaceSelector: { matchExpressions: [...(webhook.namespaceSelector?.matchExpressions ?? []), onlyThere] },
    })),
  };
}

export async function register(plane: ControlPlane, configuration: Configuration): Promise<void> {
  const { status, body } = await plane.request('POST', listOf(configuration), configuration);
  if (status !== 201) {
    throw new Error(`${configuration.metadata.name} was answered ${status}: ${JSON.stringify(body)}`);
  }
}

export async function unregister(plane: ControlPlane, configuration: Configuration): Promise<void> {
  await plane.request('DELETE', `${listOf(configuration)}/${configuration.metadata.name}`);
}

function listOf({ kind }: Configuration): string {
  return `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`;
}

/**
 * It takes the API server about a second to heed a configuration. `ask` must change nothing; resolves with the first reply
 * that is right.
 */
export async function untilEffective(
  what: string,
  ask: () => Promise<Reply>,
  isThere: (reply: Reply) => boolean,
): Promise<Reply> {
  const giveUpAt = performance.now() + effectiveWithinMs;
  for (;;) {
    const reply = await ask();
    if (isThere(reply)) return reply;
    if (performance.now() > giveUpAt) {
      const last = `${reply.status} ${JSON.stringify(reply.body)}`;
      throw new Error(`${what} is not effective after ${effectiveWithinMs / 1000} s; the last answer: ${last}`);
    }
    await delay(50);
  }
}
