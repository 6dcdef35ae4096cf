/**
 * Docker's config.json, read in two ways. The kubelet matches entries by its own keys and globs, uses only user names and
 * passwords, and runs no helpers. Docker, on a developer's machine, uses the entry of the exact server, or a helper.
 */
import { indexEntries } from '../credential/credential-index.ts';
import { readDockerConfig } from '../credential/docker-config.ts';
import { type Candidate, candidatesIn, type Source } from '../credential/keyring.ts';
import { shownServer } from '../credential/registry-key.ts';
import { DOCKER_HUB } from '../image/grammar.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import { shownUser } from '../registry/credential.ts';
import type { Credential, CredentialValue } from '../registry/credential.ts';
import type { CredentialHelpers } from './credential-helper.ts';
import { type DockerSettings, readDockerSettings } from './docker-settings.ts';
import type { NodeCredentialList, NodeCredentials } from './node-credentials.ts';
import { type FileText, watchedFile } from '../registry/watched-file.ts';

export interface DockerFileOptions {
  readonly file: string;
  readonly now: () => number;
}

interface NodeFile {
  readonly sources: readonly Source[];
  readonly problems: readonly string[];
}

/** Reads the file as the kubelet does. The kubelet ignores a missing or invalid file; here it is a problem. */
export function kubeletDockerFile({ file, now }: DockerFileOptions): NodeCredentials {
  const name = `docker config ${quoteValue(file)}`;
  const read = watchedFile(file, (text) => nodeFile(name, text), now);
  const listIn = ({ sources, problems }: NodeFile, reference: ImageReference): NodeCredentialList => ({
    credentials: credentialsOf(candidatesIn(sources, reference), () => name),
    problems,
  });
  return {
    credentialsFor(reference) {
      const found = read();
      return found instanceof Promise ? found.then((one) => listIn(one, reference)) : listIn(found, reference);
    },
  };
}

const SETTING = ' (set by nodeCredentials.dockerConfig)';

function nodeFile(name: string, text: FileText): NodeFile {
  if (text.state !== 'read') return { sources: [], problems: [`${unreadable(name, text)}${SETTING}`] };
  const { entries, faults } = readDockerConfig(text.text, 'dockerconfigjson');
  const [fault] = faults;
  if (fault !== undefined) return { sources: [], problems: [`${name} is not read: ${fault}`] };
  return { sources: [{ secret: name, credentials: indexEntries(entries) }], problems: [] };
}

function unreadable(name: string, text: Exclude<FileText, { readonly state: 'read' }>): string {
  return text.state === 'absent' ? `${name} does not exist` : `${name} is not read: ${text.problem}`;
}

/** Omits credentials without a user name: container runtimes pull anonymously with them. */
export function credentialsOf(
  candidates: readonly Candidate[],
  nameOf: (candidate: Candidate) => string,
): readonly Credential[] {
  return candidates.flatMap((candidate) => {
    const { key, username, password } = candidate;
    if (username === '') return [];
    const label = `${nameOf(candidate)}, key ${quoteValue(key)} (user ${shownUser(username)})`;
    return [{ label, secret: { kind: 'basic', username, password } as const }];
  });
}

export interface DockerViewOptions extends DockerFileOptions {
  readonly helpers: CredentialHelpers;
  /** `helpers`: without the entries, which `kubeletDockerFile` reads. */
  readonly parts: 'all' | 'helpers';
}

/** Reads the file as docker does. A missing file counts as empty. */
export function dockerFile({ file, now, helpers, parts }: DockerViewOptions): NodeCredentials {
  const name = `docker config ${quoteValue(file)}`;
  const read = watchedFile(file, (text) => parseDockerFile(name, text), now);
  const listIn = (
    docker: DockerFile,
    { domain }: ImageReference,
    tenant: string | undefined,
  ): NodeCredentialList | Promise<NodeCredentialList> => {
    if (docker.settings === undefined) return { credentials: [], problems: parts === 'all' ? docker.problems : [] };
    const helper = helperFor(docker.settings, domain);
    if (helper !== undefined) return helpers.get(helper, serversOf(domain)[0], tenant);
    return { credentials: parts === 'all' ? entryFor(docker.settings, domain, name) : [], problems: [] };
  };
  return {
    credentialsFor(reference, tenant) {
      const found = read();
      if (found instanceof Promise) return found.then((one) => listIn(one, reference, tenant));
      return listIn(found, reference, tenant);
    },
  };
}

interface DockerFile {
  readonly settings: DockerSettings | undefined;
  readonly problems: readonly string[];
}

function parseDockerFile(name: string, text: FileText): DockerFile {
  if (text.state === 'absent') return { settings: undefined, problems: [] };
  if (text.state === 'failed') return { settings: undefined, problems: [unreadable(name, text)] };
  const read = readDockerSettings(text.text);
  if (!read.ok) return { settings: undefined, problems: [`${name} is not read: ${read.problem}`] };
  return { settings: read.settings, problems: [] };
}

/** Keys of Docker Hub: docker's own first, then those that other programs write. */
const HUB_SERVERS = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io'] as const;

function serversOf(domain: string): readonly [string, ...string[]] {
  return domain === DOCKER_HUB ? HUB_SERVERS : [domain];
}

/** docker/cli getConfiguredCredentialStore: the registry's helper, otherwise the default. */
function helperFor({ credHelpers, credsStore }: DockerSettings, domain: string): string | undefined {
  const [own] = serversOf(domain).flatMap((server) => credHelpers.get(server) ?? []);
  return own ?? credsStore;
}

/** docker/cli file store: the exact server, otherwise the first entry with the same host. */
function entryFor({ auths }: DockerSettings, domain: string, name: string): readonly Credential[] {
  const servers = serversOf(domain);
  const exact = servers.find((server) => auths.has(server));
  const server = exact ?? [...auths.keys()].find((key) => servers.includes(hostOf(key)));
  const secret = server === undefined ? undefined : auths.get(server)?.secret;
  if (server === undefined || secret === undefined) return [];
  return [{ label: `${name}, key ${quoteValue(shownServer(server))} (${shownKind(secret)})`, secret }];
}

/** docker/cli ConvertToHostname. */
function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
}

function shownKind(secret: CredentialValue): string {
  if (secret.kind === 'basic') return `user ${shownUser(secret.username)}`;
  return secret.kind === 'identity-token' ? 'identity token' : 'registry token';
}

/** Returns the path that docker reads. `DOCKER_CONFIG` is a directory. */
export function dockerConfigPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const folder = env['DOCKER_CONFIG'] || (env['HOME'] === undefined ? undefined : `${env['HOME']}/.docker`);
  return folder === undefined ? undefined : `${folder}/config.json`;
}
