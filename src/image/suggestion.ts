/** Suggests the nearest valid name in messages. */
import leven from 'leven';

/** Returns `; did you mean "x"?` if `text` is close enough to a candidate, otherwise an empty string. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  if (text.length > 60) return '';
  const near = candidates
    .map((candidate) => ({ candidate, distance: leven(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((left, right) => left.distance - right.distance)[0];
  return near === undefined ? '' : `; did you mean "${near.candidate}"?`;
}
