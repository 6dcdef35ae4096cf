/** The Secrets of a cluster, read by name. */
import type { SecretSource } from '../../admission/context.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { readStoredSecret } from '../../credential/secret-object.ts';
import { quoteValue } from '../../image/quote.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { boundedCache } from '../../registry/bounded-cache.ts';
import { createObjectReader, type ReaderParts, type ReadValue } from './object-reader.ts';

/** In KiB, for the data of all remembered Secrets. */
const MAX_KIB = 65_536;
/** The decoded text and what is parsed from it use more memory than the data. */
const FACTOR = 4;

export function createSecretSource(parts: ReaderParts, now: () => number): SecretSource {
  const memory = boundedCache<ReadValue<PullSecret>>(MAX_KIB, now, ({ weight }) => weight);
  const reader = createObjectReader<PullSecret>(SECRETS, parts, memory);
  return { secret: (namespace, name, signal, refresh) => reader.read(namespace, name, { signal, refresh }) };
}

const SECRETS = { plural: 'secrets', kind: 'Secret', valueOf: pullSecretIn };

/** Only Secrets with credentials that the kubelet can read are remembered: others are usually repaired at once. */
function pullSecretIn(object: JsonObject, name: string): ReadValue<PullSecret> {
  const read = readStoredSecret(object, name);
  if (!read.ok) return { fact: { state: 'unknown', reason: `Secret ${quoteValue(name)} is malformed` }, weight: 0 };
  const { secret } = read;
  const isReadable = secret.contents().state === 'read';
  return { fact: { state: 'yes', value: secret }, weight: isReadable ? weightOf(secret) : 0 };
}

function weightOf({ bytes }: PullSecret): number {
  return FACTOR * Math.ceil(bytes / 1024) + 1;
}
