/**
 * Docker's config.json, read in two ways. The kubelet matches entries by its own keys and globs, uses only user names and
 * passwords, and runs no helpers. Docker, on a developer's machine, uses the entry of the exact server, or a helper.
 */
import { indexEntries } from '../credential/credential-index.ts';
import { type Entry, readDockerConfig } from '../credential/docker-config.ts';
import { type Candidate, candidatesIn, type Source } from '../credential/keyring.ts';
import { shownServer } from '../credential/registry-key.ts';
import { loadText, type TextOrProblem } from '../files/load-text.ts';
import { DOCKER_HUB } from '../image/grammar.ts';
import { quoteValue } from '../image/quote.ts';
import { visibleUser } from '../credential/user-name.ts';
import { shownUser } from '../registry/credential.ts';
import type { Credential, CredentialValue } from '../registry/credential.ts';
import type { CredentialHelpers } from './credential-helper.ts';
import { type DockerSettings, readDockerSettings } from './docker-settings.ts';
import type { NodeCredentials } from './node-credentials.ts';

export interface DockerConfigFile {
  readonly file: string;
  /** A function, so that no JSON, log or inspection of the value shows it. */
  readonly content: () => TextOrProblem;
}

/** A Secret is limited to 1 MiB. */
const MAX_MEBIBYTES = 4;

export function loadDockerConfig(file: string): DockerConfigFile {
  const content = loadText(file, MAX_MEBIBYTES);
  return { file, content: () => content };
}

/** Reads the file as the kubelet does. The kubelet ignores a missing or invalid file; here it is a problem. */
export function kubeletDockerFile(loaded: DockerConfigFile): NodeCredentials {
  const name = shownName(loaded);
  const read = entriesIn(loaded);
  const problems = 'problem' in read ? [read.problem] : [];
  const sources: readonly Source[] =
    'problem' in read ? [] : [{ secret: name, credentials: indexEntries(read.entries) }];
  return {
    credentialsFor: (reference) => ({
      credentials: credentialsOf(candidatesIn(sources, reference), () => name),
      problems,
    }),
  };
}

/** Returns why the file has no credentials for the kubelet; undefined: it is valid. */
export function dockerConfigProblem(loaded: DockerConfigFile): string | undefined {
  const read = entriesIn(loaded);
  return 'problem' in read ? read.problem : undefined;
}

type Entries = { readonly entries: readonly Entry[] } | { readonly problem: string };

function entriesIn(loaded: DockerConfigFile): Entries {
  const content = loaded.content();
  if ('problem' in content) {
    return { problem: `cannot read ${shownName(loaded)} (set by nodeCredentials.dockerConfig): ${content.problem}` };
  }
  const { entries, faults } = readDockerConfig(content.text, 'dockerconfigjson');
  const [fault] = faults;
  return fault === undefined ? { entries } : { problem: `${shownName(loaded)} is invalid: ${fault}` };
}

function shownName({ file }: DockerConfigFile): string {
  return `docker config ${quoteValue(file)}`;
}

/** Omits credentials without a user name: container runtimes pull anonymously with them. */
export function credentialsOf(
  candidates: readonly Candidate[],
  nameOf: (candidate: Candidate) => string,
): readonly Credential[] {
  return candidates.flatMap((candidate) => {
    const { key, username, password } = candidate;
    if (username === '') return [];
    const label = `${nameOf(candidate)}, key ${quoteValue(key)} (user ${shownUser(visibleUser(candidate))})`;
    return [{ label, secret: { kind: 'basic', username, password } as const }];
  });
}

export interface DockerViewOptions {
  readonly helpers: CredentialHelpers;
  /** `helpers`: without the entries, which `kubeletDockerFile` reads. */
  readonly parts: 'all' | 'helpers';
}

/** Reads the file as docker does. */
export function dockerFile(loaded: DockerConfigFile, { helpers, parts }: DockerViewOptions): NodeCredentials {
  const name = shownName(loaded);
  const content = loaded.content();
  const read = 'problem' in content ? { ok: false as const, ...content } : readDockerSettings(content.text);
  return {
    credentialsFor({ domain }, tenant) {
      if (!read.ok) {
        return { credentials: [], problems: parts === 'all' ? [`${name} is not read: ${read.problem}`] : [] };
      }
      const helper = helperFor(read.settings, domain);
      if (helper !== undefined) return helpers.get(helper, serversOf(domain)[0], tenant);
      return { credentials: parts === 'all' ? entryFor(read.settings, domain, name) : [], problems: [] };
    },
  };
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
  if (secret.kind === 'basic') return `user ${shownUser(visibleUser(secret))}`;
  return secret.kind === 'identity-token' ? 'identity token' : 'registry token';
}

/** Returns the path that docker reads. `DOCKER_CONFIG` is a directory. */
export function dockerConfigPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const folder = env['DOCKER_CONFIG'] || (env['HOME'] === undefined ? undefined : `${env['HOME']}/.docker`);
  return folder === undefined ? undefined : `${folder}/config.json`;
}
