/**
 * What the rest of tidewaiter asks about images: the kubelet's credentials in its order, and a memory that knows who was
 * told what. Nothing in here talks to a network; client.ts does.
 *
 * Who is told what: an answer belongs to the credential that got it, and "anonymous" is one of them. An image that was found
 * anonymously is not told to a workload that has a credential for it: the kubelet would use that credential, never nobody's,
 * and there are registries that refuse a wrong credential even for a public image.
 */
import { randomBytes } from 'node:crypto';
import type { ImageDetailsSource, ImageSource } from '../admission/context.ts';
import type { ImageReference } from '../image/reference.ts';
import type { RegistryDetails, RegistryImage } from '../policy/registry-fact.ts';
import { createAnswers } from './response-cache.ts';
import { type AskingParts, createAsking, type Told } from './resolver.ts';
import { AS_NOBODY, candidateAttempts } from './attempts.ts';
import { CIRCUIT_LIMITS, type CircuitLimits, createCircuit } from './circuit.ts';
import type { FoundManifest, RegistryClient } from '../registry/client.ts';
import { identities } from './identity.ts';
import { createImageKeys } from './image-key.ts';
import { createLookup, type LookupParts, type SharedAnswers } from './lookup.ts';
import { createFairQueue } from '../registry/fair-queue.ts';
import type { QueueLimits } from '../registry/fair-share.ts';
import { registryKey } from '../registry/registry-address.ts';
import { createStanding, OWN_QUEUE_LIMITS } from './queue-tiers.ts';
import type { NodeCredentials } from '../node/node-credentials.ts';

/** How long answers are good, and how many are kept. */
export interface CacheSettings {
  readonly tagTtlMs: number;
  readonly digestTtlMs: number;
  /** How old an answer may get at all. */
  readonly staleMaxMs: number;
  readonly maxImages: number;
}

export interface ImageSourceOptions {
  readonly client: RegistryClient;
  /** What nodes hold, as far as the configuration says. */
  readonly node?: NodeCredentials | undefined;
  readonly shared?: SharedAnswers<FoundManifest> | undefined;
  readonly settings: CacheSettings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: Partial<LookupLimits> | undefined;
}

export interface LookupLimits {
  readonly circuit: CircuitLimits;
  readonly queue: QueueLimits;
  /** For one request, however long those wait who asked. */
  readonly requestMs: number;
}

export interface ImageSources {
  readonly images: ImageSource;
  readonly details: ImageDetailsSource;
}

const REQUEST_MS = 30_000;

export function createImageSource({
  client,
  node,
  shared,
  settings,
  now,
  limits = {},
}: ImageSourceOptions): ImageSources {
  const identityOf = identities(randomBytes(32));
  const mayAsk = (reference: ImageReference): boolean => client.mayAsk?.(reference) ?? true;
  const both: Both = { node, attemptOf: candidateAttempts(identityOf), identityOf, mayAsk };
  const common: Common = {
    circuit: createCircuit(now, limits.circuit ?? CIRCUIT_LIMITS),
    queue: createFairQueue(limits.queue ?? OWN_QUEUE_LIMITS),
    standing: createStanding(now),
    isNamed: (reference) => client.isNamed?.(reference) ?? false,
    keyOf: createImageKeys((reference) => client.registryKey?.(reference) ?? registryKey(reference.domain, [])),
    freshMs: ({ isDigest }) => (isDigest ? settings.digestTtlMs : settings.tagTtlMs),
    limitMs: limits.requestMs ?? REQUEST_MS,
    now,
  };
  const imageLookup = createLookup<FoundManifest>({
    ...common,
    shared,
    answers: createAnswers(settings, now),
    request: (target, signal) => client.manifest(target, signal),
  });
  const detailsLookup = createLookup<RegistryDetails>({
    ...common,
    shared: undefined,
    // Of these nobody is told an old one.
    answers: createAnswers({ maxImages: settings.maxImages, staleMaxMs: 0, weightOf: detailsWeight }, now),
    request: (target, signal) => client.details(target, signal),
  });
  const imageOf = createAsking({ ...both, lookup: imageLookup, valueOf: imageValue(now), allowsStale: true });
  const detailsOf = createAsking({ ...both, lookup: detailsLookup, valueOf: detailsValue, allowsStale: false });
  return {
    images: { imageOf },
    details: { detailsOf: async (question, signal) => detailsOf(question, signal) },
  };
}

type Both = Pick<AskingParts<unknown, unknown>, 'node' | 'attemptOf' | 'identityOf' | 'mayAsk'>;
type Common = Pick<
  LookupParts<unknown>,
  'circuit' | 'queue' | 'standing' | 'isNamed' | 'keyOf' | 'freshMs' | 'limitMs' | 'now'
>;

function imageValue(now: () => number): (told: Told<FoundManifest>) => RegistryImage {
  return ({ found: { value, atMs }, attempt, trouble, isSecond }) => ({
    digest: value.digest,
    mediaType: value.mediaType,
    credential: attempt.label,
    mirror: value.mirror,
    isProof: trouble === undefined && value.mirror === undefined && !(attempt === AS_NOBODY && isSecond),
    stale: trouble === undefined ? undefined : { ageMs: now() - atMs, failure: trouble },
  });
}

/** An index may name hundreds of platforms. */
const USUAL_PLATFORMS = 8;

function detailsWeight({ platforms }: RegistryDetails): number {
  return Math.max(1, Math.ceil(platforms.length / USUAL_PLATFORMS));
}

function detailsValue({ found }: Told<RegistryDetails>): RegistryDetails {
  return found.value;
}
