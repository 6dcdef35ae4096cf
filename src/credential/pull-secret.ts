/** A Secret that a Pod names in imagePullSecrets, and what the kubelet makes of it. Its values never leave this folder unread. */
import { decodeUtf8 } from '../go/bytes.ts';
import { type ConfigForm, readDockerConfig } from './docker-config.ts';
import { quoteValue } from '../image/quote.ts';
import { type CredentialIndex, indexEntries } from './credential-index.ts';

export interface PullSecret {
  readonly name: string;
  readonly type: string;
  /** The names of what is in it. */
  readonly keys: readonly string[];
  /** Read when asked for the first time. */
  contents(): SecretContents;
}

/** `key` is the key of the Secret that its type asks for. */
export type SecretContents =
  | { readonly state: 'read'; readonly key: string; readonly credentials: CredentialIndex }
  /** The kubelet passes over it without an error. */
  | { readonly state: 'other-type' }
  | { readonly state: 'no-key'; readonly key: string }
  | { readonly state: 'empty'; readonly key: string }
  /** The kubelet pulls no image of the Pod. */
  | { readonly state: 'malformed'; readonly key: string; readonly faults: readonly string[] };

/** kubernetes pkg/credentialprovider/secrets: type and key must belong together. */
export const PULL_SECRET_KEYS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
  ['kubernetes.io/dockercfg', '.dockercfg'],
]);

export interface SecretData {
  readonly name: string;
  readonly type: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
}

/** The data stays in here: nothing that prints or serializes the secret can show it. */
export function pullSecret({ name, type, data }: SecretData): PullSecret {
  let contents: SecretContents | undefined;
  return {
    name,
    type,
    keys: [...data.keys()],
    contents: () => (contents ??= readContents(type, data)),
  };
}

/** A file can be wrong in tens of thousands of places. */
const MAX_FAULTS = 20;

function readContents(type: string, data: SecretData['data']): SecretContents {
  const key = PULL_SECRET_KEYS.get(type);
  if (key === undefined) return { state: 'other-type' };
  const bytes = data.get(key);
  if (bytes === undefined) return { state: 'no-key', key };
  if (bytes.length === 0) return { state: 'empty', key };
  const form: ConfigForm = key === '.dockercfg' ? 'dockercfg' : 'dockerconfigjson';
  const { entries, faults } = readDockerConfig(decodeUtf8(bytes), form);
  return faults.length > 0
    ? { state: 'malformed', key, faults: faults.slice(0, MAX_FAULTS) }
    : { state: 'read', key, credentials: indexEntries(entries) };
}

/** What the kubelet ignores without a word, and why: `has no key "…"`. */
export function passedOver(secret: PullSecret): string | undefined {
  const found = secret.contents();
  if (found.state === 'other-type') {
    return `has the type ${quoteValue(secret.type)}, not ${[...PULL_SECRET_KEYS.keys()].join(' or ')}`;
  }
  if (found.state === 'no-key') return `has no key ${quoteValue(found.key)}`;
  return found.state === 'empty' ? `has nothing in its key ${quoteValue(found.key)}` : undefined;
}
