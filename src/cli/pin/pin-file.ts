/** Writes the digests that are decided into the text of one file. */
import type { FindOptions } from '../../files/image-locations/format.ts';
import { type SpliceResult, splice } from '../../files/splice.ts';
import { failed, type PinDecision } from '../../pinning/decide.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { OpenFile } from './open-files.ts';

export interface PinnedFile {
  readonly opened: OpenFile;
  readonly decisions: ReadonlyMap<ImageLocation, PinDecision>;
  readonly result: SpliceResult;
}

export function pinFile(
  opened: OpenFile,
  decide: (location: ImageLocation) => PinDecision,
  options: FindOptions,
): PinnedFile {
  const { file, text, found, locations } = opened;
  const decisions = new Map(locations.map((location) => [location, decide(location)]));
  const changes = [...decisions].flatMap(([location, { state, digest }]) =>
    digest !== undefined && (state === 'resolved' || state === 'drifted') ? [{ location, digest }] : [],
  );
  const result = splice({ file, text, locations: found.locations }, changes, options);
  for (const [location, why] of result.omitted) decisions.set(location, failed(location.image, why));
  return { opened, decisions, result };
}
