/**
 * Runs the kubelet's exec credential providers (kubernetes pkg/credentialprovider/plugin/plugin.go; contract: a request on
 * stdin, a response on stdout), so that registries of cloud providers work with the programs that nodes have.
 */
import path from 'node:path';
import { indexEntries } from '../credential/credential-index.ts';
import type { Entry } from '../credential/docker-config.ts';
import { candidatesIn, type Source } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject } from '../pod/pointer.ts';
import { type ProgramCache, createProgramCache, type ProgramOutcome } from './program-cache.ts';
import { failureLifetimeMs, readJsonText } from './credential-helper.ts';
import { credentialsOf } from './docker-config-file.ts';
import { allOf, type NodeCredentialList, type NodeCredentials } from './node-credentials.ts';
import { durationMs, type ProviderSettings } from './provider-config.ts';
import type { Environment, ProgramWaiters, Run } from './run-program.ts';

export interface ProviderOptions {
  readonly providers: readonly ProviderSettings[];
  readonly binDir: string;
  readonly env: Environment;
  /** The kubelet waits a minute; a review cannot. */
  readonly timeoutMs: number;
  readonly run: Run;
  readonly now: () => number;
}

/** The credentials of one provider. A provider can return no credentials. */
interface ProviderResult {
  readonly source: Source | undefined;
  readonly problem: string | undefined;
}

const NOTHING: ProviderResult = { source: undefined, problem: undefined };

/** Merges the credentials of all providers into one keyring: for equal keys the earlier provider comes first. */
export function credentialProviders(options: ProviderOptions): NodeCredentials {
  const providers = options.providers.map((provider) => ({
    provider,
    cache: createProgramCache<ProviderResult>(options.now),
  }));
  return {
    credentialsFor(reference, tenant = '') {
      const repository = reference.repository;
      const results = providers.map(({ provider, cache }) => lookUp(provider, cache, { repository, tenant, options }));
      const join = (all: readonly ProviderResult[]): NodeCredentialList => ({
        credentials: credentialsOf(
          candidatesIn(
            all.flatMap(({ source }) => source ?? []),
            reference,
          ),
          (candidate) => candidate.secret,
        ),
        problems: all.flatMap(({ problem }) => problem ?? []),
      });
      return allOf(results, join);
    },
  };
}

interface ProviderLookup {
  readonly repository: string;
  readonly tenant: string;
  readonly options: ProviderOptions;
}

function lookUp(
  provider: ProviderSettings,
  cache: ProgramCache<ProviderResult>,
  lookup: ProviderLookup,
): ProviderResult | Promise<ProviderResult> {
  const { repository, tenant } = lookup;
  if (!provider.matches(repository)) return NOTHING;
  const name = `credential provider ${quoteValue(provider.name)}`;
  if (provider.wantsServiceAccount) {
    return { source: undefined, problem: `${name} requires a token of the Pod's ServiceAccount, which only nodes get` };
  }
  return cache.result([repository, registryOf(repository), GLOBAL], tenant, (waiters) =>
    execute(name, provider, { ...lookup, waiters }),
  );
}

function registryOf(repository: string): string {
  return repository.split('/', 1)[0] ?? '';
}

/** Repository names contain no space, so this key is not the name of a repository. */
const GLOBAL = ' global';

async function execute(
  name: string,
  provider: ProviderSettings,
  { repository, options, waiters }: ProviderLookup & { readonly waiters: ProgramWaiters },
): Promise<ProgramOutcome<ProviderResult>> {
  const { binDir, timeoutMs, run } = options;
  const program = {
    file: path.resolve(binDir, provider.name),
    args: provider.args,
    env: { ...options.env, ...Object.fromEntries(provider.env.map((one) => [one.name, one.value])) },
    input: JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion: provider.apiVersion, image: repository }),
    timeoutMs,
  };
  const ended = await run(name, program, waiters);
  const failed = (problem: string): ProgramOutcome<ProviderResult> => ({
    result: { source: undefined, problem: `${name} ${problem}` },
    key: repository,
    // The kubelet runs the program again for each pull; here, a burst of Pods would start as many programs.
    lifetimeMs: failureLifetimeMs(ended),
  });
  if (ended.state === 'failed') return failed(ended.problem);
  if (ended.code !== 0) return failed(`ended with exit code ${ended.code}`);
  const response = readResponse(ended.output, provider);
  if (typeof response === 'string') return failed(response);
  const { entries, scope, lifetimeMs } = response;
  const key = scope === 'Image' ? repository : scope === 'Registry' ? registryOf(repository) : GLOBAL;
  return {
    result: { source: { secret: name, credentials: indexEntries(entries) }, problem: undefined },
    key,
    lifetimeMs,
  };
}

interface Response {
  readonly entries: readonly Entry[];
  readonly scope: 'Image' | 'Registry' | 'Global';
  readonly lifetimeMs: number;
}

/** Returns a problem as a string, which never contains a value of the response. */
function readResponse(output: string, { apiVersion, defaultLifetimeMs }: ProviderSettings): Response | string {
  const response = readJsonText(output);
  if (!isObject(response)) return 'did not return a JSON object';
  if (response['kind'] !== 'CredentialProviderResponse') return 'did not return a CredentialProviderResponse';
  if (response['apiVersion'] !== apiVersion) return `returned another version than ${apiVersion}`;
  const scope = SCOPES.find((one) => one === response['cacheKeyType']);
  if (scope === undefined) return `returned no cacheKeyType of ${SCOPES.join(', ')}`;
  const lifetimeMs = lifetimeOf(response['cacheDuration'] ?? undefined, defaultLifetimeMs);
  if (lifetimeMs === undefined) return 'returned a cacheDuration that is not a duration';
  const entries = readAuth(response['auth'] ?? {});
  if (entries === undefined) return 'returned an "auth" that is not a map of username and password';
  return { entries, scope, lifetimeMs };
}

function lifetimeOf(duration: unknown, defaultMs: number): number | undefined {
  if (duration === undefined) return defaultMs;
  return typeof duration === 'string' ? durationMs(duration) : undefined;
}

const SCOPES = ['Image', 'Registry', 'Global'] as const;

function readAuth(auth: unknown): readonly Entry[] | undefined {
  if (!isObject(auth)) return undefined;
  const entries: Entry[] = [];
  for (const [server, login] of Object.entries(auth)) {
    if (!isObject(login)) return undefined;
    const { username = '', password = '' } = login;
    if (typeof username !== 'string' || typeof password !== 'string') return undefined;
    entries.push({ server, username, password: () => password, unreadTokens: [] });
  }
  return entries;
}
