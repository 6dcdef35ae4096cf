/** The Secrets of a cluster, read by name. */
import type { SecretSource } from '../../admission/context.ts';
import { memoryOf, type PullSecret } from '../../credential/pull-secret.ts';
import { readStoredSecret, type StoredSecret } from '../../credential/secret-object.ts';
import { quoteValue } from '../../image/quote.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import type { Fact } from '../../policy/fact.ts';
import { createObjectMemory, type ReadValue } from './object-memory.ts';
import { createObjectReader } from './object-reader.ts';
import type { ReaderParts } from './object-request.ts';

/** For all remembered Secrets: some 8,000 of one registry each. */
const MAX_KIB = 16 * 1024;

export function createSecretSource(parts: ReaderParts, now: () => number): SecretSource {
  const reader = createObjectReader(SECRETS, parts, createObjectMemory<PullSecret>(MAX_KIB, now));
  return { secret: (namespace, name, signal, refresh) => reader.read(namespace, name, { signal, refresh }) };
}

const SECRETS = { plural: 'secrets', kind: 'Secret', valueOf: pullSecretIn };

/** Only Secrets with credentials that the kubelet can read are remembered: others are usually repaired at once. */
function pullSecretIn(object: JsonObject, name: string): ReadValue<PullSecret> {
  const read = readStoredSecret(object, name);
  if (!read.ok) return { fact: unread(read, `Secret ${quoteValue(name)}`), weight: 0 };
  const { secret } = read;
  const isReadable = secret.contents().state === 'read';
  return { fact: { state: 'yes', value: secret }, weight: isReadable ? Math.ceil(memoryOf(secret) / 1024) : 0 };
}

function unread(read: Extract<StoredSecret, { readonly ok: false }>, secret: string): Fact<never> {
  return 'excess' in read
    ? { state: 'unknown', reason: `${secret} ${read.excess}`, causedBy: 'author' }
    : { state: 'unknown', reason: `${secret} is malformed` };
}
