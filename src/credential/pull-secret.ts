/** A Secret in a Pod's imagePullSecrets, parsed as the kubelet does. Raw values never leave this directory. */
import { decodeUtf8 } from '../go/bytes.ts';
import { type ConfigForm, readDockerConfig } from './docker-config.ts';
import { quoteValue } from '../image/quote.ts';
import { type CredentialIndex, indexEntries } from './credential-index.ts';

export interface PullSecret {
  readonly name: string;
  readonly type: string;
  /** Keys of `data`. */
  readonly keys: readonly string[];
  /** The size of `data`; in a Secret from an API server, with its keys. */
  readonly bytes: number;
  /** Parses the data on the first call. */
  contents(): SecretContents;
}

/** `key` is the key of the Secret that its type requires. */
export type SecretContents =
  | { readonly state: 'read'; readonly key: string; readonly credentials: CredentialIndex }
  /** The kubelet ignores the Secret without an error. */
  | { readonly state: 'other-type' }
  | { readonly state: 'no-key'; readonly key: string }
  | { readonly state: 'empty'; readonly key: string }
  /** The kubelet pulls no image of the Pod. */
  | { readonly state: 'malformed'; readonly key: string; readonly faults: readonly string[] };

/** Measured: the text is kept as bytes and as a string, and each entry has strings, functions, and its place in the index. */
const COPIES = 2;
const ENTRY_BYTES = 1300;

/** The estimated memory of a Secret with its parsed contents: anyone can store 1 MiB, which can be 50,000 entries. */
export function memoryOf(secret: PullSecret): number {
  const contents = secret.contents();
  const entries = contents.state === 'read' ? contents.credentials.entries.length : 0;
  return COPIES * secret.bytes + ENTRY_BYTES * entries;
}

/** The key that each type requires (kubernetes pkg/credentialprovider/secrets). */
export const PULL_SECRET_KEYS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
  ['kubernetes.io/dockercfg', '.dockercfg'],
]);

export interface SecretData {
  readonly name: string;
  readonly type: string;
  /** Without the bytes of keys that the type does not require, if `bytes` is set. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  readonly bytes?: number;
}

/** Keeps the data in a closure, so that printing or serializing the Secret does not show it. */
export function pullSecret({ name, type, data, bytes = sizeOf(data) }: SecretData): PullSecret {
  let contents: SecretContents | undefined;
  return {
    name,
    type,
    keys: [...data.keys()],
    bytes,
    contents: () => (contents ??= readContents(type, data)),
  };
}

function sizeOf(data: SecretData['data']): number {
  return [...data.values()].reduce((sum, { length }) => sum + length, 0);
}

/** A file can have tens of thousands of faults. */
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

/** Returns why the kubelet silently ignores the Secret, for example `has no key "…"`; `undefined` if it does not. */
export function ignoredReason(secret: PullSecret): string | undefined {
  const found = secret.contents();
  if (found.state === 'other-type') {
    return `has type ${quoteValue(secret.type)}, not ${[...PULL_SECRET_KEYS.keys()].join(' or ')}`;
  }
  if (found.state === 'no-key') return `has no key ${quoteValue(found.key)}`;
  return found.state === 'empty' ? `has no data in key ${quoteValue(found.key)}` : undefined;
}
