/** Lookups at registries for `pin` and `drift`, with the credentials that these commands are given. */
import type { ImageLookup } from '../../admission/context.ts';
import type { Config } from '../../config/config.ts';
import { type Candidate, keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import { lookUpEach } from '../../pinning/look-up-each.ts';
import type { ReferenceLookup } from '../../pinning/reference-lookup.ts';
import type { PinRegistry } from '../../pinning/registry-source.ts';
import type { RegistryFact } from '../../policy/registry-fact.ts';
import { openRegistry, type RegistryAccess } from '../open-registry.ts';
import { progressOn } from '../progress.ts';
import { loadPullSecrets } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';

export interface ClosableRegistry extends PinRegistry {
  close(): Promise<void>;
}

export interface PinCredentials {
  /** undefined: the credentials in the Docker configuration. */
  readonly secrets: readonly PullSecret[] | undefined;
  readonly warn: (message: string) => void;
}

export type RegistryFor = (config: Config, credentials: PinCredentials) => ClosableRegistry;

/** Opens the registry on the first lookup. */
export const registryFor: RegistryFor = (config, { secrets, warn }) => {
  const candidatesFor = candidatesIn(secrets ?? []);
  let opened: Promise<RegistryAccess> | undefined;
  const open = (): Promise<RegistryAccess> =>
    (opened ??= openRegistry(config, {
      credentials: secrets === undefined ? 'docker' : 'node',
      callers: 'user',
      warn,
    }));
  const lookupOf = (reference: ImageReference): ImageLookup => {
    return { reference, by: 'image', candidates: candidatesFor(reference), incompleteReason: undefined, staleMs: 0 };
  };
  return {
    async resolve(reference, signal) {
      const { images } = (await open()).sources;
      return images?.lookUp(lookupOf(reference), signal) ?? DISABLED;
    },
    async platformsOf(reference, signal) {
      const { imageDetails } = (await open()).sources;
      return imageDetails?.lookUp(lookupOf(reference), signal) ?? DISABLED;
    },
    async originOf(reference, signal) {
      const { imageOrigins } = (await open()).sources;
      return imageOrigins?.lookUp(lookupOf(reference), signal) ?? DISABLED;
    },
    close: async () => (await opened)?.close(),
  };
};

const DISABLED: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'registry lookups are disabled', remedy: undefined },
};

/** For `--offline`. */
export const offlineRegistry: RegistryFor = () => ({
  resolve: () => Promise.resolve(OFFLINE),
  platformsOf: () => Promise.resolve(OFFLINE),
  originOf: () => Promise.resolve(OFFLINE),
  close: () => Promise.resolve(),
});

const OFFLINE: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'no registry is queried with --offline', remedy: undefined, notQueried: true },
};

function candidatesIn(secrets: readonly PullSecret[]): (reference: ImageReference) => readonly Candidate[] {
  const keyring = keyringOf(secrets);
  if (keyring.ok) return (reference) => keyring.candidatesFor(reference);
  const faults = keyring.faults.map(
    ({ secret, key, problem }) => `pull secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`,
  );
  throw new UserError(faults.join('\n'));
}

const CONCURRENCY = 16;

export interface RegistryLookups {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Created on the first lookup. */
  readonly registry: () => ClosableRegistry;
  /** Closes the registry if it was created. */
  readonly close: () => Promise<void>;
}

interface RegistryLookupsOptions extends Omit<RegistryLookups, 'registry' | 'close'> {
  readonly config: Config;
  /** Files with Secret manifests. */
  readonly pullSecret: readonly string[] | undefined;
  readonly registryFor: RegistryFor;
}

export async function createLookups({
  config,
  pullSecret,
  registryFor: open,
  terminal,
  signal,
}: RegistryLookupsOptions): Promise<RegistryLookups> {
  const secrets = pullSecret === undefined ? undefined : await loadPullSecrets(pullSecret, terminal);
  let registry: ClosableRegistry | undefined;
  const credentials = { secrets, warn: (message: string) => terminal.note(`${message}\n`) };
  return {
    terminal,
    signal,
    registry: () => (registry ??= open(config, credentials)),
    close: async () => registry?.close(),
  };
}

/** Looks up each reference once, a few at a time, and reports the progress. */
export async function lookUpAll<F>(
  wanted: ReadonlyMap<string, ReferenceLookup>,
  lookUp: (lookup: ReferenceLookup) => Promise<F>,
  { terminal, signal }: Pick<RegistryLookups, 'terminal' | 'signal'>,
): Promise<ReadonlyMap<string, F>> {
  const progress = progressOn(terminal, 'images looked up');
  try {
    return await lookUpEach(wanted, { lookUp, signal, concurrency: CONCURRENCY, onProgress: progress.at });
  } finally {
    progress.stop();
  }
}

export function byKey(lookups: readonly (ReferenceLookup | undefined)[]): ReadonlyMap<string, ReferenceLookup> {
  return new Map(lookups.flatMap((lookup) => (lookup === undefined ? [] : [[lookup.key, lookup] as const])));
}
