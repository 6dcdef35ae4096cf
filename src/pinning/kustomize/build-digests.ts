/** The digest of each image that a build runs. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { RegistryCause, RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { BuiltImage } from './builds.ts';
import type { TagFacts } from '../decide.ts';
import { failureText, INTERRUPTED, tagLookup } from '../reference-lookup.ts';

export interface BuiltDigest {
  readonly built: BuiltImage;
  readonly reference: ImageReference | undefined;
  readonly fact: RegistryFact<RegistryImage> | undefined;
  /** undefined: see `problem`. */
  readonly digest: string | undefined;
  readonly problem: string;
}

export function digestFor(built: BuiltImage, tags: TagFacts): BuiltDigest {
  const parsed = parseReference(built.image);
  if (!parsed.ok) return { built, reference: undefined, fact: undefined, digest: undefined, problem: parsed.problem };
  const { reference } = parsed;
  const lookup = tagLookup(reference);
  if (lookup === undefined) return { built, reference, fact: undefined, digest: reference.digest, problem: '' };
  const fact = tags.get(lookup.key);
  if (fact === undefined) return { built, reference, fact, digest: undefined, problem: INTERRUPTED };
  if (fact.state === 'yes') return { built, reference, fact, digest: fact.value.digest, problem: '' };
  return { built, reference, fact, digest: undefined, problem: failureText(fact.failure) };
}

/** The causes with which registries report a missing repository. */
const NOWHERE: ReadonlySet<RegistryCause> = new Set(['notFound', 'forbidden', 'unauthenticated']);

export function isNowhere(fact: RegistryFact<RegistryImage> | undefined): boolean {
  return fact !== undefined && fact.state !== 'yes' && NOWHERE.has(fact.failure.cause);
}

export function sameDigest(digests: readonly BuiltDigest[]): boolean {
  return new Set(digests.map(({ digest }) => digest)).size === 1;
}
