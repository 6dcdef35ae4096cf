/** A registry for pin and drift that is a table; what is not in it has the digest that its name hashes to. */
import { createHash } from 'node:crypto';
import type { RegistryFor } from '../../src/cli/pin/registry-lookups.ts';
import { type DriftFlags, drift } from '../../src/cli/pin/drift.ts';
import { pin, type PinFlags } from '../../src/cli/pin/pin.ts';
import type { PinRegistry } from '../../src/pinning/registry-source.ts';
import type { Platform, RegistryFact, RegistryFailure, RegistryImage } from '../../src/policy/registry-fact.ts';

export interface FakeRegistry extends PinRegistry {
  /** The full names that were asked for, in order. */
  readonly asked: string[];
}

/** Of any name; the same each time. */
export function digestOf(name: string): string {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export type Told = string | { readonly state: 'no' | 'unknown'; readonly failure: RegistryFailure };

export const NOT_FOUND: Told = {
  state: 'no',
  failure: { cause: 'notFound', message: 'registry.example.com has no such tag', remedy: undefined },
};
export const RATE_LIMITED: Told = {
  state: 'unknown',
  failure: { cause: 'rateLimited', message: 'registry.example.com answered 429, retry in 30 s', remedy: 'log in' },
};

const MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';

/** `table`: by full name with tag, or with digest; a digest, or why there is none. */
export function fakeRegistry(
  table: Readonly<Record<string, Told>> = {},
  platforms: readonly Platform[] = [{ os: 'linux', architecture: 'amd64', variant: undefined }],
): FakeRegistry {
  const asked: string[] = [];
  return {
    asked,
    resolve(reference): Promise<RegistryFact<RegistryImage>> {
      const name = reference.fullName;
      asked.push(name);
      const told = table[name] ?? reference.digest ?? digestOf(name);
      if (typeof told !== 'string') return Promise.resolve(told);
      const value = {
        digest: told,
        mediaType: MEDIA_TYPE,
        credential: 'anonymous',
        mirror: undefined,
        provesPull: true,
        stale: undefined,
      };
      return Promise.resolve({ state: 'yes', value });
    },
    platformsOf(reference) {
      asked.push(`platforms of ${reference.fullName}`);
      const digest = reference.digest ?? '';
      return Promise.resolve({
        state: 'yes',
        value: { digest, mediaType: MEDIA_TYPE, platforms, createdMs: undefined, sizeBytes: 0 },
      });
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

interface Given {
  readonly registry?: PinRegistry;
  readonly stdin?: string;
  readonly now?: () => number;
  /** Gets the names of the pull secrets that the registry is made with; undefined: those of docker. */
  readonly onSecrets?: (names: readonly string[] | undefined) => void;
}

async function runWith(
  command: (parts: Parameters<typeof pin>[2]) => Promise<number>,
  { registry = fakeRegistry(), stdin = '', now = () => 0, onSecrets }: Given,
): Promise<Ran> {
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

export function runPin(paths: readonly string[], flags: Partial<PinFlags> = {}, given: Given = {}): Promise<Ran> {
  return runWith((parts) => pin(paths, { output: 'pretty', ...flags }, parts), given);
}

export function runDrift(paths: readonly string[], flags: Partial<DriftFlags> = {}, given: Given = {}): Promise<Ran> {
  return runWith((parts) => drift(paths, { output: 'pretty', ...flags }, parts), given);
}
