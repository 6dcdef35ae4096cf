/** Looks up facts about the changed digests, for reports. */
import { parseReference } from '../../image/reference.ts';
import { digestLookup } from '../../pinning/reference-lookup.ts';
import type { RegistryDetails, RegistryFact } from '../../policy/registry-fact.ts';
import type { PinReport } from '../../report/pin.ts';
import { isNewDigest } from '../../report/pin-changes.ts';
import { byKey, lookUpAll, type RegistryLookups } from './registry-lookups.ts';

/** By digest. The facts of a digest are equal in all repositories that have it. */
export async function digestDetails(
  { images }: PinReport,
  lookups: RegistryLookups,
): Promise<ReadonlyMap<string, RegistryFact<RegistryDetails>>> {
  const wanted = byKey(
    images.flatMap((row) => {
      const { pinned, previous, digest, rewritten } = row;
      const parsed = pinned === null ? undefined : parseReference(pinned);
      if (parsed?.ok !== true || (rewritten === null && !isNewDigest(row))) return [];
      return [previous, digest].flatMap((one) => (one === null ? [] : [digestLookup(parsed.reference, one)]));
    }),
  );
  const { registry, signal } = lookups;
  const found = await lookUpAll(wanted, ({ reference }) => registry().originOf(reference, signal), lookups);
  const byDigest = new Map<string, RegistryFact<RegistryDetails>>();
  for (const [key, fact] of found) {
    const digest = wanted.get(key)?.reference.digest ?? '';
    if (byDigest.get(digest)?.state !== 'yes') byDigest.set(digest, fact);
  }
  return byDigest;
}
