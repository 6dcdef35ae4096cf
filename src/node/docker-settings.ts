/**
 * Parses docker's config.json as docker does (github.com/docker/cli, cli/config/configfile), with the keys that the kubelet
 * ignores.
 */
import { decodeBase64 } from '../go/base64.ts';
import { textOf } from '../go/bytes.ts';
import { type Json, type Member, parseJson } from '../go/json.ts';
import type { CredentialValue } from '../registry/credential.ts';

export interface DockerSettings {
  /** By server, as spelled in the file. */
  readonly auths: ReadonlyMap<string, DockerAuth>;
  readonly credsStore: string | undefined;
  /** Names of helpers by server. */
  readonly credHelpers: ReadonlyMap<string, string>;
}

export interface DockerAuth {
  /** `undefined`: the entry is empty, as `docker login` writes it if a helper has the credential. */
  readonly secret: CredentialValue | undefined;
}

export type ReadDockerSettings =
  | { readonly ok: true; readonly settings: DockerSettings }
  /** A sentence fragment; never a value of the file. */
  | { readonly ok: false; readonly problem: string };

export function readDockerSettings(text: string): ReadDockerSettings {
  const read = parseJson(text, 3);
  if (!read.ok) return read;
  if (read.value.type !== 'an object') return { ok: false, problem: `it is ${read.value.type}, not an object` };
  const top = byName(read.value.members);
  return {
    ok: true,
    settings: {
      auths: new Map(membersOf(top.get('auths')).map(([server, entry]) => [server, { secret: secretOf(entry) }])),
      credsStore: textIn(top.get('credsstore')),
      credHelpers: new Map(
        membersOf(top.get('credhelpers')).flatMap(([server, name]) => {
          const helper = textIn(name);
          return helper === undefined ? [] : [[server, helper] as const];
        }),
      ),
    },
  };
}

/** Go matches names regardless of case. */
function byName(members: readonly Member[]): ReadonlyMap<string, Json> {
  return new Map(members.map(([name, value]) => [name.toLowerCase(), value]));
}

function membersOf(value: Json | undefined): readonly Member[] {
  return value?.type === 'an object' ? value.members : [];
}

/** An empty string counts as absent. */
function textIn(value: Json | undefined): string | undefined {
  return value?.type === 'a string' && value.text !== '' ? value.text : undefined;
}

/** A registry token has precedence over an identity token, which has precedence over a password. */
function secretOf(entry: Json): CredentialValue | undefined {
  const fields = byName(membersOf(entry));
  const registryToken = textIn(fields.get('registrytoken'));
  if (registryToken !== undefined) return { kind: 'registry-token', token: () => registryToken };
  const identityToken = textIn(fields.get('identitytoken'));
  if (identityToken !== undefined) return { kind: 'identity-token', token: () => identityToken };
  const auth = textIn(fields.get('auth'));
  if (auth !== undefined) return basicOf(auth);
  const username = textIn(fields.get('username'));
  const password = textIn(fields.get('password')) ?? '';
  return username === undefined ? undefined : { kind: 'basic', username, password: () => password };
}

/** docker/cli decodeAuth: splits at the first colon, and removes NULs at the end. */
function basicOf(auth: string): CredentialValue | undefined {
  const decoded = decodeBase64(auth, { padded: true });
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon <= 0) return undefined;
  const password = textOf(decoded.slice(colon + 1)).replace(/\0+$/, '');
  return { kind: 'basic', username: textOf(decoded.slice(0, colon)), password: () => password };
}
