/** Lookups, and a registry client with configured responses that records its requests. */
import type { ImageLookup } from '../../src/admission/context.ts';
import { keyringOf } from '../../src/credential/keyring.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import type { RegistryCause, RegistryDetails, RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { type FoundManifest, type RegistryClient, RegistryError, type Target } from '../../src/registry/client.ts';
import { type CacheSettings, createRegistrySources, type ImageSourceOptions } from '../../src/lookup/image-source.ts';
import { secretOf } from '../credential/pull-secrets.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const CANARY = 'c4nary-p4ssword';

export function referenceOf(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
}

/** `user:password@server`; each in a pull secret of its own, `s0`, `s1`, … */
export function imageLookupOf(
  image: string,
  logins: readonly string[] = [],
  extra: Partial<ImageLookup> = {},
): ImageLookup {
  const reference = referenceOf(image);
  const secrets = logins.map((login, index) => {
    const [, username, password, server] = /^(.*?):(.*)@(.*)$/.exec(login) ?? [];
    return secretOf(`s${index}`, JSON.stringify({ auths: { [server ?? '']: { username, password } } }));
  });
  const keyring = keyringOf(secrets);
  const candidates = keyring.ok ? keyring.candidatesFor(reference) : [];
  return { reference, by: 'image', candidates, incompleteReason: undefined, staleMs: 0, ...extra };
}

/** `found`, a cause, or a promise of either. */
export type FakeResponse = 'found' | RegistryCause | FoundManifest | RegistryError | Promise<FoundManifest>;

export interface FakeClient extends RegistryClient {
  /** `registry/path:tag user`, or without a user. */
  readonly requests: string[];
  answer: (target: Target, user: string, signal: AbortSignal) => FakeResponse;
}

export function fakeClient(answer: FakeClient['answer'] = () => 'found'): FakeClient {
  const client: FakeClient = {
    requests: [],
    answer,
    async manifest(target, signal) {
      return resultOf(client, target, signal);
    },
    async details(target, signal) {
      const { digest, mediaType } = await resultOf(client, target, signal);
      return { ...DETAILS, digest, mediaType };
    },
  };
  return client;
}

export const DETAILS: RegistryDetails = {
  digest: DIGEST,
  mediaType: INDEX,
  platforms: [{ os: 'linux', architecture: 'amd64', variant: undefined }],
  createdMs: 1,
  sizeBytes: 2,
};

export const MANIFEST: FoundManifest = { digest: DIGEST, mediaType: INDEX, mirror: undefined };

async function resultOf(client: FakeClient, target: Target, signal: AbortSignal): Promise<FoundManifest> {
  const user = userOf(target);
  client.requests.push(`${target.reference.text} ${user}`.trim());
  const response = client.answer(target, user, signal);
  if (response instanceof RegistryError) throw response;
  if (typeof response === 'object') return response;
  if (response === 'found') return MANIFEST;
  throw failed(response, target.reference.domain);
}

function userOf({ credential }: Target): string {
  if (credential === undefined) return '';
  const { secret } = credential;
  return secret.kind === 'basic' ? `${secret.username}:${secret.password()}` : `${secret.kind}:${secret.token()}`;
}

export function failed(cause: RegistryCause, registry = 'reg.io', retryAfterMs?: number): RegistryError {
  return new RegistryError({ cause, message: `${registry} said ${cause}`, remedy: undefined }, { retryAfterMs });
}

export interface Clock {
  ms: number;
  readonly now: () => number;
}

export function clockAt(ms: number): Clock {
  const clock: Clock = { ms, now: () => clock.ms };
  return clock;
}

export const CACHE: CacheSettings = {
  tagTtlMs: 60_000,
  digestTtlMs: 86_400_000,
  staleMaxMs: 604_800_000,
  maxImages: 1000,
};

export function sceneOf(client: FakeClient, options: Partial<ImageSourceOptions> = {}) {
  const clock = clockAt(1_000_000);
  const sources = createRegistrySources({ client, settings: CACHE, now: clock.now, ...options });
  const never = new AbortController().signal;
  return {
    clock,
    client,
    sources,
    lookUp: async (question: ImageLookup, signal = never) => sources.images.lookUp(question, signal),
    lookUpDetails: async (question: ImageLookup, signal = never) => sources.imageDetails.lookUp(question, signal),
  };
}

/** `yes LABEL`, `yes LABEL (stale 5 s)`, or state, cause and message. */
export function shown(fact: RegistryFact<RegistryImage>): string {
  if (fact.state !== 'yes') return `${fact.state} ${fact.failure.cause}: ${fact.failure.message}`;
  const { credential, stale } = fact.value;
  return stale === undefined
    ? `yes ${credential}`
    : `yes ${credential} (${stale.ageMs} ms old: ${stale.failure.message})`;
}
