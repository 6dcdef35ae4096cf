/** The ServiceAccounts of a cluster, read by name. */
import type { ServiceAccountSource } from '../../admission/context.ts';
import { pullSecretsIn } from '../../admission/facts/cluster-objects.ts';
import { boundedCache } from '../../registry/bounded-cache.ts';
import { createObjectReader, type ReaderParts, type ReadValue } from './object-reader.ts';

/** Entries, and names in their lists. */
const MAX_WEIGHT = 100_000;

export function createServiceAccountSource(parts: ReaderParts, now: () => number): ServiceAccountSource {
  const memory = boundedCache<ReadValue<readonly string[]>>(MAX_WEIGHT, now, ({ weight }) => weight);
  const reader = createObjectReader<readonly string[]>(SERVICE_ACCOUNTS, parts, memory);
  return { pullSecretsOf: (namespace, name, signal, refresh) => reader.read(namespace, name, { signal, refresh }) };
}

const SERVICE_ACCOUNTS = {
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  valueOf(object: Parameters<typeof pullSecretsIn>[0]): ReadValue<readonly string[]> {
    const fact = pullSecretsIn(object);
    return { fact, weight: fact.state === 'yes' ? 1 + fact.value.length : 0 };
  },
};
