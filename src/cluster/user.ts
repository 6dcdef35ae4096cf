/** Reads the user of a kubeconfig: client certificate, credential, and impersonation (client-go, clientcmd/validation.go). */
import { UserError } from '../error/user-error.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { CredentialSettings, ExecSettings, UserSettings } from './connection.ts';
import { flagIn, pemIn, textIn, textsIn } from './entry.ts';
import { INTERACTIVE_MODES } from './kubeconfig-schema.ts';
import { quoteValue } from '../image/quote.ts';
import { orValues } from '../image/or-list.ts';

export function userSettings(entry: JsonObject, title: string): UserSettings {
  const cert = pemIn(entry, 'client-certificate', title);
  const key = pemIn(entry, 'client-key', title);
  if ((cert === undefined) !== (key === undefined)) {
    const [present, absent] =
      cert === undefined ? ['client-key', 'client-certificate'] : ['client-certificate', 'client-key'];
    throw new UserError(`${title}: "${present}" requires "${absent}"`);
  }
  return {
    title,
    certificate: cert && key && { cert, key },
    credential: credentialOf(entry, title),
    impersonation: impersonationOf(entry, title),
  };
}

type Found = readonly [key: string, settings: CredentialSettings];

/** kubectl rejects a user with a token and a password, and with an `exec` and an `auth-provider`. */
function credentialOf(entry: JsonObject, title: string): CredentialSettings {
  const found = [...tokens(entry), ...basics(entry), ...programs(entry, title)];
  const [first, second] = found;
  const isExclusive = second !== undefined && (second[0] === 'username' || first?.[0] === 'exec');
  if (first === undefined || !isExclusive) return first?.[1] ?? { kind: 'none' };
  throw new UserError(`${title}: "${first[0]}" and "${second[0]}" are both set; remove one of them`);
}

/** A token file has precedence. */
function tokens(entry: JsonObject): readonly Found[] {
  const [token, file] = [textIn(entry, 'token'), textIn(entry, 'tokenFile')];
  if (file !== '') return [['tokenFile', { kind: 'tokenFile', file }]];
  return token === '' ? [] : [['token', { kind: 'token', token }]];
}

function basics(entry: JsonObject): readonly Found[] {
  const [username, password] = [textIn(entry, 'username'), textIn(entry, 'password')];
  return username === '' && password === '' ? [] : [['username', { kind: 'basic', username, password }]];
}

function programs(entry: JsonObject, title: string): readonly Found[] {
  const { exec, 'auth-provider': provider } = entry;
  return [
    ...(isObject(exec) ? [['exec', { kind: 'exec', exec: execSettings(exec, `${title}: exec`) }] as const] : []),
    ...(isObject(provider) ? [['auth-provider', providerOf(provider, title)] as const] : []),
  ];
}

/** kubectl has no longer the providers of clouds. */
function providerOf(provider: JsonObject, title: string): CredentialSettings {
  const name = textIn(provider, 'name');
  if (name === 'oidc') return { kind: 'provider', provider };
  const problem = `auth-provider: invalid value ${quoteValue(name)} (expected "oidc")`;
  throw new UserError(`${title}: ${problem}; use the credential plugin of the cloud in "exec"`);
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

function execSettings(exec: JsonObject, title: string): ExecSettings {
  const [command, apiVersion] = [textIn(exec, 'command'), textIn(exec, 'apiVersion')];
  const mode = INTERACTIVE_MODES.find((each) => each === exec['interactiveMode']);
  const problem = execProblem({ command, apiVersion, mode });
  if (problem !== undefined) throw new UserError(`${title}: ${problem}`);
  const env = (exec['env'] ?? []) as readonly JsonObject[];
  return {
    command,
    args: textsIn(exec, 'args'),
    env: env.map((each) => ({ name: textIn(each, 'name'), value: textIn(each, 'value') })),
    apiVersion,
    installHint: textIn(exec, 'installHint'),
    interactiveMode: mode ?? 'IfAvailable',
    providesClusterInfo: flagIn(exec, 'provideClusterInfo'),
  };
}

interface ExecTexts extends Pick<ExecSettings, 'command' | 'apiVersion'> {
  readonly mode: ExecSettings['interactiveMode'] | undefined;
}

function execProblem({ command, apiVersion, mode }: ExecTexts): string | undefined {
  if (command === '') return '"command" is required';
  if (!VERSIONS.includes(apiVersion)) {
    return `"apiVersion": invalid value ${quoteValue(apiVersion)} (expected ${orValues(VERSIONS)})`;
  }
  return mode === undefined && apiVersion === VERSIONS[0] ? '"interactiveMode" is required' : undefined;
}

/** The headers are sent in addition to the user's credential (client-go, transport/round_trippers.go). */
function impersonationOf(entry: JsonObject, title: string): UserSettings['impersonation'] {
  const name = textIn(entry, 'as');
  const extra = Object.entries((entry['as-user-extra'] ?? {}) as Readonly<Record<string, readonly string[]>>);
  const headers = [
    ['Impersonate-User', name],
    ['Impersonate-Uid', textIn(entry, 'as-uid')],
    ...textsIn(entry, 'as-groups').map((group) => ['Impersonate-Group', group] as const),
    ...extra.flatMap(([key, values]) => values.map((value) => [extraHeader(key), value] as const)),
  ] as const;
  const present = headers.filter(([, value]) => value !== '');
  if (name === '' && present.length > 0) throw new UserError(`${title}: "as" is required for impersonation`);
  const wrong = present.find(([, value]) => UNSENDABLE.test(value));
  if (wrong !== undefined) throw new UserError(`${title}: invalid value ${quoteValue(wrong[1])} for ${wrong[0]}`);
  // HTTP headers are bytes; Go sends UTF-8.
  return present.map(([header, value]) => [header, Buffer.from(value, 'utf8').toString('latin1')] as const);
}

/** Control characters end a header. */
const UNSENDABLE = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Characters that are not part of a token in HTTP are percent-encoded (client-go, headerKeyEscape). */
function extraHeader(key: string): string {
  const bytes = [...Buffer.from(key, 'utf8')].map((byte) => String.fromCharCode(byte));
  const escaped = bytes.map((character) =>
    /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character) ? character : percent(character),
  );
  return `Impersonate-Extra-${escaped.join('')}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
