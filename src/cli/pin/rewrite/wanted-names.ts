/** Decides which names the policies give to the images of files, with lookups where a rewrite depends on a registry. */
import type { ImageFact } from '../../../admission/change/image-facts.ts';
import { decideRewrites, type LookUpImages, type RewriteState } from '../../../admission/rewrite/decide.ts';
import { rewriteOutcome } from '../../../admission/rewrite/outcome.ts';
import type { ImageReference } from '../../../image/reference.ts';
import { digestLookup, type ReferenceLookup, tagLookup } from '../../../pinning/reference-lookup.ts';
import type { NamedImage } from '../../../pinning/rewrite/named-images.ts';
import type { WantedName } from '../../../pinning/rewrite/plan-names.ts';
import { rewriteStateOf, type StepsInput } from '../../../pinning/rewrite/rewrite-steps.ts';
import type { Finding } from '../../../policy/finding.ts';
import type { TagFacts } from '../../../pinning/decide.ts';
import { byKey, lookUpAll, type RegistryLookups } from '../registry-lookups.ts';

export interface DecidedName extends WantedName {
  /** The policy of the last entry that applied, or that was tried. */
  readonly policy: string | undefined;
  /** Why it is not rewritten, or not further. */
  readonly finding: Finding | undefined;
}

export interface NamesInput extends StepsInput {
  readonly lookups: RegistryLookups;
  /** The tags of the lock file. */
  readonly locked: TagFacts;
  /** Selects the images that are rewritten. */
  readonly selects: (reference: ImageReference) => boolean;
}

export async function decideNames(images: readonly NamedImage[], input: NamesInput): Promise<readonly DecidedName[]> {
  const selected = images.filter(({ reference }) => input.selects(reference));
  const states = selected.map((image) => rewriteStateOf(image, input));
  const decided = await decideRewrites(states, { lookUp: lookUpIn(input), staleMs: () => 0 });
  const names = new Map(selected.map((image, index) => [image, decided[index]]));
  return images.map((image) => decidedName(image, names.get(image)));
}

function decidedName(image: NamedImage, state: RewriteState | undefined): DecidedName {
  if (state === undefined) return { image, to: undefined, policy: undefined, finding: undefined };
  const { image: outcome, finding } = rewriteOutcome(state);
  const keeps = state.name === image.reference || (finding !== undefined && isDenied(finding));
  const to = keeps ? undefined : state.name;
  return { image, to, policy: outcome?.policy, finding };
}

export function isDenied({ action, undecided }: Finding): boolean {
  return action === 'deny' && undecided === undefined;
}

/** Each name is looked up once. */
function lookUpIn({ lookups, locked }: NamesInput): LookUpImages {
  const { registry, signal } = lookups;
  return async (wanted) => {
    const needed = wanted.map((image) => [image, lookupOf(image.written)] as const);
    const all = byKey(needed.map(([, lookup]) => lookup));
    const fetched = await lookUpAll(
      new Map([...all].filter(([key]) => !locked.has(key))),
      ({ reference }) => registry().resolve(reference, signal),
      lookups,
    );
    const factOf = (key: string): ImageFact | undefined => locked.get(key) ?? fetched.get(key);
    return new Map(
      needed.flatMap(([image, lookup]) => {
        const fact = lookup && factOf(lookup.key);
        return fact === undefined ? [] : [[image, fact] as const];
      }),
    );
  };
}

function lookupOf(reference: ImageReference): ReferenceLookup | undefined {
  const { digest } = reference;
  return digest === undefined ? tagLookup(reference) : digestLookup(reference, digest);
}
