/** The webhooks of a cluster. */
import { type Known, known } from './known.ts';
import { asConfiguration, type WebhookConfiguration } from './objects.ts';
import type { Reader } from './reader.ts';
import type { Webhook } from './values.ts';

const KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

/** `validate.tidewaiter.dev`, `closed.mutate.tidewaiter.dev` */
const OUR_NAME = /(?:^|\.)(?:validate|mutate)\.tidewaiter\.dev$/;

export async function readWebhooks(reader: Reader): Promise<Known<readonly Webhook[]>> {
  const all: Webhook[] = [];
  const lists = await Promise.all(KINDS.map(async (kind) => ({ kind, list: await listOf(reader, kind) })));
  for (const { kind, list } of lists) {
    if (list.state === 'unknown') return list;
    for (const { metadata, webhooks = [] } of list.value) {
      for (const webhook of webhooks)
        all.push({
          ...webhook,
          kind,
          configuration: metadata.name,
          isOurs: OUR_NAME.test(webhook.name),
          isOfOther: false,
        });
    }
  }
  return known(all);
}

/** Webhooks without a Service belong to every installation. */
export function ofInstallation(webhooks: readonly Webhook[], namespace: string): readonly Webhook[] {
  return webhooks.map((webhook) => {
    const home = webhook.clientConfig.service?.namespace ?? namespace;
    return webhook.isOurs && home !== namespace ? { ...webhook, isOurs: false, isOfOther: true } : webhook;
  });
}

async function listOf(reader: Reader, kind: Webhook['kind']): Promise<Known<readonly WebhookConfiguration[]>> {
  const resource = `${kind.toLowerCase()}s`;
  return reader.list({ version: 'admissionregistration.k8s.io/v1', resource, namespace: null }, asConfiguration);
}
