/** The changed digests and names of `pin` with facts about both images, for the changelog and for `-o json`. */
import type { ImageOrigin, RegistryDetails, RegistryFact } from '../policy/registry-fact.ts';
import type { PinReport, PinRow } from './pin.ts';
import { compareUrl } from './source-links.ts';

/** By digest. */
export type DigestFacts = ReadonlyMap<
  string,
  RegistryFact<Pick<RegistryDetails, 'createdMs' | 'sizeBytes' | 'origin'>>
>;

export interface ChangedImage {
  readonly digest: string;
  /** `missing`: the registry does not have it. `unknown`: the lookup failed. */
  readonly state: 'known' | 'missing' | 'unknown';
  /** RFC 3339. null: the image states no date, or the date is unknown. */
  readonly created: string | null;
  /** Compressed, of the first platform. */
  readonly sizeBytes: number | null;
  /** `unknown`: the registry did not return the configuration with the labels. */
  readonly origin: 'known' | 'unknown';
  readonly source: string | null;
  readonly revision: string | null;
}

export interface PinChange {
  /** The image as written, without its digest. */
  readonly image: string;
  /** The image with its new name, without its digest. null: it keeps its name. */
  readonly rewritten: string | null;
  /** The whole reference with the new name and digest. null: it has no digest. */
  readonly pinned: string | null;
  /** null: the image had no digest. */
  readonly from: ChangedImage | null;
  /** null: it has no digest. */
  readonly to: ChangedImage | null;
  /** null: a size is unknown. */
  readonly sizeDifferenceBytes: number | null;
  /** A page with the commits between both images. */
  readonly compareUrl: string | null;
  readonly files: readonly string[];
}

/** Several files can have the same change. */
export function changesIn({ images }: PinReport, facts: DigestFacts): readonly PinChange[] {
  const changed = images.filter((row) => row.rewritten !== null || isNewDigest(row));
  const rows = Map.groupBy(changed, ({ image, rewritten, pinned, previous }) =>
    JSON.stringify([rewritten === null ? '' : image, rewritten, pinned, previous]),
  );
  return [...rows.values()].flatMap((same) => changeOf(same, facts) ?? []);
}

export function isNewDigest({ state, digest, pinned }: PinRow): boolean {
  return (state === 'resolved' || state === 'drifted') && digest !== null && pinned !== null;
}

function changeOf(same: readonly PinRow[], facts: DigestFacts): PinChange | undefined {
  const [first] = same;
  if (first === undefined) return undefined;
  const { image, rewritten, pinned, previous, digest, state } = first;
  // An image that only gets another name keeps its digest.
  const before = state === 'pinned' ? digest : previous;
  const from = before === null ? null : imageOf(before, facts);
  const to = digest === null ? null : imageOf(digest, facts);
  const files = [...new Set(same.map(({ file }) => file))];
  return {
    image: withoutDigest(image),
    rewritten: rewritten && withoutDigest(rewritten),
    pinned,
    from,
    to,
    ...compared(from, to),
    files,
  };
}

function withoutDigest(image: string): string {
  return image.replace(/@.*$/, '');
}

function compared(
  from: ChangedImage | null,
  to: ChangedImage | null,
): Pick<PinChange, 'sizeDifferenceBytes' | 'compareUrl'> {
  if (from === null || to === null) return { sizeDifferenceBytes: null, compareUrl: null };
  const isKnown = from.sizeBytes !== null && to.sizeBytes !== null;
  return {
    sizeDifferenceBytes: isKnown ? to.sizeBytes - from.sizeBytes : null,
    compareUrl: compareUrl(originOf(from), originOf(to)) ?? null,
  };
}

export function originOf({ source, revision }: ChangedImage): ImageOrigin {
  return { source: source ?? undefined, revision: revision ?? undefined };
}

const NO_ORIGIN = { origin: 'unknown', source: null, revision: null } as const;

function imageOf(digest: string, facts: DigestFacts): ChangedImage {
  const fact = facts.get(digest);
  if (fact?.state !== 'yes') {
    const state = fact?.state === 'no' ? 'missing' : 'unknown';
    return { digest, state, created: null, sizeBytes: null, ...NO_ORIGIN };
  }
  const { createdMs, sizeBytes, origin } = fact.value;
  const created = createdMs === undefined ? null : new Date(createdMs).toISOString();
  return { digest, state: 'known', created, sizeBytes, ...originParts(origin) };
}

function originParts(origin: RegistryDetails['origin']): Pick<ChangedImage, 'origin' | 'source' | 'revision'> {
  if (origin === undefined || origin === 'unknown') return NO_ORIGIN;
  const { source = null, revision = null } = origin;
  return { origin: 'known', source, revision };
}
