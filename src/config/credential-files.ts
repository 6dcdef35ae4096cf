/** Loads the files in `nodeCredentials` and `registryCache` for the first lookup. */
import type { NodeCredentialConfig, SharedCacheConfig } from './credentials.ts';
import { loadText } from '../files/load-text.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';
import { quoteValue } from '../image/quote.ts';
import { dockerConfigProblem, loadDockerConfig } from '../node/docker-config-file.ts';
import type { NodeCredentialSettings } from '../node/configured-credentials.ts';
import type { CacheSettings } from '../lookup/image-source.ts';
import { type ProviderSettings, readProviders } from '../node/provider-config.ts';
import type { SharedCacheSettings, SharedServer } from '../lookup/shared-cache.ts';
import { faultText } from '../policy/schema-faults.ts';
import type { OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';

/** An invalid provider configuration is fatal, as it is for the kubelet. */
export async function nodeCredentialSettings(
  config: NodeCredentialConfig,
  originOf: OriginOf,
): Promise<NodeCredentialSettings> {
  const { dockerConfig, helpers, providers, timeoutMs } = config;
  return {
    dockerConfig: dockerConfig === undefined ? undefined : loadDockerConfig(dockerConfig),
    helpers,
    providers: providers && {
      settings: await loadProviders(providers.config, originOf),
      binDir: providers.binDir,
    },
    timeoutMs,
  };
}

/** A server starts and reloads only with valid files, so that a half-written docker config does not replace a valid one. */
export async function validNodeCredentialSettings(
  config: NodeCredentialConfig,
  originOf: OriginOf,
): Promise<NodeCredentialSettings> {
  const settings = await nodeCredentialSettings(config, originOf);
  const problem = settings.dockerConfig && dockerConfigProblem(settings.dockerConfig);
  if (problem !== undefined) throw new UserError(problem);
  return settings;
}

async function loadProviders(file: string, originOf: OriginOf): Promise<readonly ProviderSettings[]> {
  const [document, ...more] = parseDocuments(textOf(file, 'the credential provider configuration', originOf));
  if (document === undefined || more.length > 0) {
    throw new UserError(`${file}: expected one document, found ${more.length + (document === undefined ? 0 : 1)}`);
  }
  if (!document.ok) throw new UserError(`${file}:${document.line}:${document.column}: ${document.problem}`);
  const read = readProviders(document.value);
  if (read.ok) return read.providers;
  const faults = read.faults.map((fault) => {
    const { line, column } = document.positionOf(fault.pointer);
    return `${file}:${line}:${column}: ${faultText(fault)}`;
  });
  throw new UserError(faults.join('\n'));
}

/** A shorter key could be guessed. */
const MIN_KEY_LENGTH = 32;

export async function sharedCacheSettings(
  config: SharedCacheConfig,
  settings: CacheSettings,
  originOf: OriginOf,
): Promise<SharedCacheSettings> {
  const { url, urlFile, keyFile, caFile } = config;
  const text = url ?? textOf(urlFile ?? '', 'the URL of the shared cache', originOf).trim();
  const ca = caFile === undefined ? undefined : textOf(caFile, 'the CA of the shared cache', originOf);
  const key = textOf(keyFile, 'the key of the shared cache', originOf).trim();
  if (key.length < MIN_KEY_LENGTH) {
    throw new UserError(
      `${keyFile}: expected at least ${MIN_KEY_LENGTH} characters, for example of: openssl rand -hex 32`,
    );
  }
  const bytes = new TextEncoder().encode(key);
  const maxAgeMs = Math.ceil(Math.max(settings.tagTtlMs, settings.digestTtlMs, settings.staleMaxMs));
  return { server: serverOf(text, { from: urlFile ?? 'registryCache.shared.url', ca }), key: () => bytes, maxAgeMs };
}

const PROTOCOLS: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['valkey:', false],
  ['rediss:', true],
  ['valkeys:', true],
]);

/** The message contains no part of the URL, which can contain a password. */
function serverOf(
  text: string,
  { from, ca }: { readonly from: string; readonly ca: string | undefined },
): SharedServer {
  const read = readServer(text);
  if (read === undefined) {
    const forms = 'redis://HOST:PORT, rediss://USER:PASSWORD@HOST:PORT, or a valkey:// URL';
    throw new UserError(`${from}: expected ${forms}, optionally with a database number`);
  }
  if (ca === undefined) return read;
  if (read.tls === undefined) throw new UserError(`${from}: "caFile" needs rediss:// or valkeys://`);
  return { ...read, tls: { ca } };
}

function readServer(text: string): SharedServer | undefined {
  const url = URL.parse(text);
  const isTls = PROTOCOLS.get(url?.protocol ?? '');
  if (url === null || isTls === undefined || url.hostname === '') return undefined;
  const database = /^\/?(\d{0,4})\/?$/.exec(url.pathname)?.[1];
  if (database === undefined) return undefined;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || DEFAULT_PORT),
    database: Number(database),
    ...loginOf(url),
    tls: isTls ? {} : undefined,
  };
}

const DEFAULT_PORT = 6379;

function loginOf(url: URL): Pick<SharedServer, 'username' | 'password'> {
  const password = decoded(url.password);
  return {
    username: url.username === '' ? undefined : decoded(url.username),
    password: password === '' ? undefined : () => password,
  };
}

/** Decodes percent-encoding; a text with an invalid "%" stays unchanged. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

function textOf(file: string, what: string, originOf: OriginOf): string {
  const read = loadText(file);
  if ('text' in read) return read.text;
  throw new UserError(`cannot read ${what} ${quoteValue(file)}: ${read.problem}${originOf(file)}`);
}
