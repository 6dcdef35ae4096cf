/** A registry for pin and drift with a table; the digest of any other name is a hash of the name. */
import { createHash } from 'node:crypto';
import type { RegistryFor } from '../../src/cli/pin/registry-lookups.ts';
import { type DriftFlags, drift } from '../../src/cli/pin/drift.ts';
import type { PinFlags } from '../../src/cli/pin/flags.ts';
import { pin } from '../../src/cli/pin/pin.ts';
import type { PinRegistry } from '../../src/pinning/registry-source.ts';
import type { ImageReference } from '../../src/image/reference.ts';
import type {
  Platform,
  RegistryDetails,
  RegistryFact,
  RegistryFailure,
  RegistryImage,
} from '../../src/policy/registry-fact.ts';

export interface FakeRegistry extends PinRegistry {
  /** The full names that were looked up, in order. */
  readonly lookups: string[];
}

/** Returns a digest that depends only on the name. */
export function digestOf(name: string): string {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export type LookupResult = string | { readonly state: 'no' | 'unknown'; readonly failure: RegistryFailure };

export const NOT_FOUND: LookupResult = {
  state: 'no',
  failure: { cause: 'notFound', message: 'registry.example.com has no such tag', remedy: undefined },
};
export const RATE_LIMITED: LookupResult = {
  state: 'unknown',
  failure: { cause: 'rateLimited', message: 'registry.example.com answered 429, retry in 30 s', remedy: 'log in' },
};

const MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';

/** `table`: by full name with tag or digest, the digest or the failure. */
export function fakeRegistry(
  table: Readonly<Record<string, LookupResult>> = {},
  platforms: readonly Platform[] = [{ os: 'linux', architecture: 'amd64', variant: undefined }],
): FakeRegistry {
  const lookups: string[] = [];
  const details = ({ digest = '' }: ImageReference): RegistryDetails => {
    return { digest, mediaType: MEDIA_TYPE, platforms, createdMs: undefined, sizeBytes: 0 };
  };
  return {
    lookups,
    resolve(reference): Promise<RegistryFact<RegistryImage>> {
      const name = reference.fullName;
      lookups.push(name);
      const result = table[name] ?? reference.digest ?? digestOf(name);
      if (typeof result !== 'string') return Promise.resolve(result);
      const value = {
        digest: result,
        mediaType: MEDIA_TYPE,
        credential: 'anonymous',
        mirror: undefined,
        provesPull: true,
        stale: undefined,
      };
      return Promise.resolve({ state: 'yes', value });
    },
    platformsOf(reference) {
      lookups.push(`platforms of ${reference.fullName}`);
      return Promise.resolve({ state: 'yes', value: details(reference) });
    },
    originOf(reference) {
      lookups.push(`origin of ${reference.fullName}`);
      const origin = { source: undefined, revision: undefined };
      return Promise.resolve({ state: 'yes', value: { ...details(reference), origin } });
    },
  };
}

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

interface RunOptions {
  readonly registry?: PinRegistry;
  readonly stdin?: string;
  readonly now?: () => number;
  /** Receives the names of the pull secrets of the registry; undefined: Docker credentials. */
  readonly onSecrets?: (names: readonly string[] | undefined) => void;
}

async function runWith(
  command: (parts: Parameters<typeof pin>[2]) => Promise<number>,
  { registry = fakeRegistry(), stdin = '', now = () => 0, onSecrets }: RunOptions,
): Promise<CommandResult> {
  let [out, note] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += text),
    note: (text: string) => void (note += text),
    isTerminal: false,
    colors: false,
    async *input() {
      yield stdin;
    },
  };
  const registryFor: RegistryFor = (_config, { secrets }) => {
    onSecrets?.(secrets?.map(({ name }) => name));
    return { ...registry, close: () => Promise.resolve() };
  };
  const code = await command({ terminal, registryFor, now });
  return { code, out, note };
}

export function runPin(
  paths: readonly string[],
  flags: Partial<PinFlags> = {},
  options: RunOptions = {},
): Promise<CommandResult> {
  return runWith((parts) => pin(paths, { output: 'pretty', ...flags }, parts), options);
}

export function runDrift(
  paths: readonly string[],
  flags: Partial<DriftFlags> = {},
  options: RunOptions = {},
): Promise<CommandResult> {
  return runWith((parts) => drift(paths, { output: 'pretty', ...flags }, parts), options);
}
