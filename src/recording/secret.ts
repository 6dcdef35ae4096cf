/** A pull secret without secrets: which registries its entries are for, and which of them have the same user. */
import { type CredentialIndex, indexEntries } from '../credential/credential-index.ts';
import type { Entry } from '../credential/docker-config.ts';
import type { PullSecret, SecretContents } from '../credential/pull-secret.ts';
import { registryKey, shownServer } from '../credential/registry-key.ts';
import { visibleUser } from '../credential/user-name.ts';

export interface RecordedSecret {
  readonly type: string;
  /** Keys of `data`. */
  readonly keys: readonly string[];
  /** The size of `data`. */
  readonly bytes: number;
  readonly contents: RecordedContents;
}

export type RecordedContents =
  | { readonly state: 'read'; readonly key: string; readonly entries: readonly RecordedEntry[] }
  | Exclude<SecretContents, { readonly state: 'read' }>;

export interface RecordedEntry {
  /** The key of the entry, without a password. */
  readonly server: string;
  /** A keyed hash of the user name; empty: there is none. */
  readonly user: string;
  /** `same`: the user name is the password, so the hash says nothing about either. */
  readonly password: 'none' | 'other' | 'same';
  readonly unreadTokens?: readonly string[] | undefined;
}

/** The key of the hash is in memory only, so guesses cannot be tested. */
export type HashUser = (name: string) => string;

export function recordedSecret(secret: PullSecret, hashUser: HashUser): RecordedSecret {
  const { type, keys, bytes } = secret;
  const found = secret.contents();
  if (found.state !== 'read') return { type, keys, bytes, contents: found };
  const entries = found.credentials.entries.map((entry) => recordedEntry(entry, hashUser));
  return { type, keys, bytes, contents: { state: 'read', key: found.key, entries } };
}

function recordedEntry(entry: Entry, hashUser: HashUser): RecordedEntry {
  const { username, password, unreadTokens } = entry;
  return {
    server: recordedServer(entry.server),
    user: username === '' ? '' : hashUser(username),
    password: password() === '' ? 'none' : visibleUser(entry) === username ? 'other' : 'same',
    unreadTokens: unreadTokens.length === 0 ? undefined : unreadTokens,
  };
}

/** The key must select the same images without its password. */
function recordedServer(server: string): string {
  const shown = shownServer(server);
  const key = registryKey(server);
  return registryKey(shown) === key ? shown : (key ?? `:${shown}`);
}

export function secretOf(name: string, { contents, ...rest }: RecordedSecret): PullSecret {
  let found: SecretContents | undefined;
  return { name, ...rest, contents: () => (found ??= contentsOf(contents)) };
}

function contentsOf(contents: RecordedContents): SecretContents {
  if (contents.state !== 'read') return contents;
  const { key, entries } = contents;
  return { state: 'read', key, credentials: indexOf(entries) };
}

function indexOf(entries: readonly RecordedEntry[]): CredentialIndex {
  return indexEntries(
    entries.map(({ server, user, password, unreadTokens = [] }) => {
      const text = { none: '', other: 'not recorded', same: user }[password];
      return { server, username: user, password: () => text, unreadTokens };
    }),
  );
}
