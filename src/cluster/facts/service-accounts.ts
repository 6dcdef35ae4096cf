/** The ServiceAccounts of a cluster, read by name. */
import type { ServiceAccountSource } from '../../admission/context.ts';
import { pullSecretsIn } from '../../admission/facts/cluster-objects.ts';
import { createObjectMemory, type ReadValue } from './object-memory.ts';
import { createObjectReader } from './object-reader.ts';
import type { ReaderParts } from './object-request.ts';

/** Entries, and names in their lists; a long name counts as several, because the API server does not limit its length. */
const MAX_WEIGHT = 100_000;
const NAME_LENGTH = 64;

export function createServiceAccountSource(parts: ReaderParts, now: () => number): ServiceAccountSource {
  const reader = createObjectReader(SERVICE_ACCOUNTS, parts, createObjectMemory<readonly string[]>(MAX_WEIGHT, now));
  return { pullSecretsOf: (namespace, name, signal, refresh) => reader.read(namespace, name, { signal, refresh }) };
}

const SERVICE_ACCOUNTS = {
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  valueOf(object: Parameters<typeof pullSecretsIn>[0]): ReadValue<readonly string[]> {
    const fact = pullSecretsIn(object);
    return { fact, weight: fact.state === 'yes' ? weightOf(fact.value) : 0 };
  },
};

function weightOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + 1 + Math.floor(length / NAME_LENGTH), 1);
}
