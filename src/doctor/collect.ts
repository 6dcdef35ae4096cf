/** Reads all values of an installation that the checks need, each with its own reason if it cannot be read. */
import type { ClusterApi } from '../cluster/api.ts';
import { NAME } from '../install/options.ts';
import type { Labels } from '../policy/fact.ts';
import type { KnownValues } from './check.ts';
import { type Known, known, unknown, whenRead } from './known.ts';
import { ours } from './matching.ts';
import { asDeployment, asObject } from './objects.ts';
import { probe } from './probes.ts';
import { createReader, type Reader } from './reader.ts';
import type { Webhook } from './values.ts';
import { readWebhooks } from './webhooks.ts';

export type LocalValues = Pick<KnownValues, 'configuration' | 'policyFiles' | 'policies' | 'certificateFiles' | 'now'>;

type ClusterValues = Omit<KnownValues, keyof LocalValues>;

export interface CollectOptions {
  readonly api: ClusterApi;
  /** The namespace of the installation; undefined: that of the Service in the webhook configurations. */
  readonly namespace: string | undefined;
  readonly probeNamespace: string | undefined;
}

export async function collect({ api, namespace: chosen, probeNamespace }: CollectOptions): Promise<ClusterValues> {
  const reader = createReader(api);
  const [webhooks, namespaces] = await Promise.all([readWebhooks(reader), readNamespaces(reader)]);
  const namespace = chosen ?? serviceNamespace(webhooks) ?? NAME;
  const [deployment, probes] = await Promise.all([
    reader.get({ version: 'apps/v1', resource: 'deployments', namespace }, NAME, asDeployment),
    whenRead(webhooks, async (all) =>
      whenRead(namespaces, async (labels) =>
        probe(api, { webhooks: all, namespaces: labels, namespace: probeNamespace }),
      ),
    ),
  ]);
  return { webhooks, namespaces, namespace: known(namespace), deployment, probes };
}

function serviceNamespace(webhooks: Known<readonly Webhook[]>): string | undefined {
  if (webhooks.state === 'unknown') return undefined;
  return ours(webhooks.value).find(({ clientConfig }) => clientConfig.service !== undefined)?.clientConfig.service
    ?.namespace;
}

async function readNamespaces(reader: Reader): Promise<Known<ReadonlyMap<string, Labels>>> {
  const list = await reader.list({ version: 'v1', resource: 'namespaces', namespace: null }, asObject);
  if (list.state === 'unknown') return list;
  return known(new Map(list.value.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])));
}

/** For local checks, and if no cluster can be selected. */
export function noCluster(reason: string): ClusterValues {
  const none = unknown(reason);
  return { webhooks: none, namespaces: none, namespace: none, deployment: none, probes: none };
}
