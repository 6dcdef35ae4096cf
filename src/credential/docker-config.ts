/**
 * The credential file in a pull secret, read as the kubelet does (kubernetes pkg/credentialprovider/config.go): what Go's
 * decoder rejects is a fault, and one fault stops the kubelet from using any pull secret of the Pod.
 */
import { quoteValue } from '../image/quote.ts';
import { decodeBase64 } from '../go/base64.ts';
import { textOf } from '../go/bytes.ts';
import { type Json, type Member, parseJson } from '../go/json.ts';
import { shownServer } from './registry-key.ts';

/** One credential of a file. */
export interface Entry {
  /** The key of the entry as it is written, for example `https://index.docker.io/v1/`. May hold a password: see shownServer. */
  readonly server: string;
  readonly username: string;
  /** A function, so that no JSON, log or inspection of the entry shows it. */
  readonly password: () => string;
  /** Tokens that other programs would use and the kubelet does not read. */
  readonly unreadTokens: readonly string[];
}

/** Reports whether the entry has a user name. Without one, a container runtime pulls anonymously. */
export function hasUser({ username }: Entry): boolean {
  return username !== '';
}

/** `dockerconfigjson`: `{"auths": {…}}`; `dockercfg`: the inner map alone. */
export type ConfigForm = 'dockerconfigjson' | 'dockercfg';

export interface DockerConfig {
  readonly entries: readonly Entry[];
  /** All problems, as sentence fragments without values from the file. */
  readonly faults: readonly string[];
}

export function readDockerConfig(text: string, form: ConfigForm): DockerConfig {
  const read = parseJson(text, form === 'dockerconfigjson' ? 3 : 2);
  if (!read.ok) return { entries: [], faults: [read.problem] };
  const state: ParseState = { entries: new Map(), faults: [] };
  if (form === 'dockercfg') readEntries(read.value, FILE, state);
  else readSettings(read.value, state);
  return { entries: [...state.entries.values()], faults: state.faults };
}

/** Formats the subject of a fault. A function, because a file can have 80,000 entries and most have no fault. */
type Label = (part?: string) => string;

const FILE: Label = () => 'the file';

interface ParseState {
  /** By key; a repeated key replaces the earlier entry. */
  readonly entries: Map<string, Entry>;
  readonly faults: string[];
}

/** Reads `auths` and checks `HttpHeaders`, the only other setting that Go decodes strictly. */
function readSettings(value: Json, state: ParseState): void {
  for (const [name, setting] of membersOf(value, FILE, state.faults)) {
    const field = folded(name);
    if (field === 'auths') readEntries(setting, () => '"auths"', state);
    if (field !== 'httpheaders') continue;
    for (const [, header] of membersOf(setting, () => '"HttpHeaders"', state.faults)) {
      textIn(header, () => 'a value of "HttpHeaders"', state.faults);
    }
  }
}

/** null clears the map, as in Go. */
function readEntries(value: Json, what: Label, state: ParseState): void {
  if (value.type === 'null') state.entries.clear();
  for (const [server, entry] of membersOf(value, what, state.faults)) {
    state.entries.set(server, readEntry(server, entry, state.faults));
  }
}

const FIELDS: ReadonlySet<string> = new Set(['username', 'password', 'email', 'auth']);
const UNREAD_TOKENS = ['identitytoken', 'registrytoken'];

function readEntry(server: string, value: Json, faults: string[]): Entry {
  const texts = new Map<string, string>();
  const entry: Label = (part = '') => `entry ${quoteValue(shownServer(server))}${part}`;
  for (const [name, member] of membersOf(value, entry, faults)) {
    const field = folded(name);
    if (UNREAD_TOKENS.includes(field) && member.type === 'a string') texts.set(field, member.text);
    const text = FIELDS.has(field) ? textIn(member, () => entry(`: "${field}"`), faults) : undefined;
    if (text !== undefined) texts.set(field, text);
  }
  const textAt = (field: string): string => texts.get(field) ?? '';
  const unreadTokens = UNREAD_TOKENS.filter((field) => textAt(field) !== '');
  const auth = textAt('auth');
  if (auth !== '') return { server, ...readAuth(auth, entry, faults), unreadTokens };
  const password = textAt('password');
  return { server, username: textAt('username'), password: () => password, unreadTokens };
}

/** `auth` wins over `username` and `password`. */
function readAuth(auth: string, entry: Label, faults: string[]): Pick<Entry, 'username' | 'password'> {
  const decoded = decodeBase64(auth, { padded: /=[\r\n]*$/.test(auth) });
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined) faults.push(entry(': "auth" is not valid base64 (standard alphabet, no spaces)'));
  else if (colon < 0) faults.push(entry(': "auth" contains no ":"; it must be base64 of user:password'));
  if (decoded === undefined || colon < 0) return { username: '', password: () => '' };
  const password = textOf(decoded.slice(colon + 1));
  return { username: textOf(decoded.slice(0, colon)), password: () => password };
}

function membersOf(value: Json, what: Label, faults: string[]): readonly Member[] {
  if (value.type === 'an object') return value.members;
  if (value.type !== 'null') faults.push(`${what()} must be an object (found ${value.type})`);
  return [];
}

/** Returns `undefined` also for null, which leaves a Go string unchanged. */
function textIn(value: Json, what: Label, faults: string[]): string | undefined {
  if (value.type === 'a string') return value.text;
  if (value.type !== 'null') faults.push(`${what()} must be a string (found ${value.type})`);
  return undefined;
}

/** encoding/json, fold.go: names match in any case, and two letters from outside of ASCII fold into it. */
function folded(name: string): string {
  return name
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
