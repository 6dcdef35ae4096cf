/** Suggests the nearest valid name in messages. */
import leven from 'leven';

/**
 * Returns `; did you mean "x"?` if `text` is close enough to a candidate, otherwise an empty string. `prefix` precedes all names,
 * and does not count as similarity.
 */
export function didYouMean(text: string, candidates: readonly string[], prefix = ''): string {
  if (text.length > 60) return '';
  const near = candidates
    .map((candidate) => ({ candidate, distance: leven(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= maxDistance(text, candidate))
    .sort((left, right) => left.distance - right.distance)[0];
  return near === undefined ? '' : `; did you mean "${prefix}${near.candidate}"?`;
}

/** Changing most letters of a short name gives an unrelated name. */
function maxDistance(text: string, candidate: string): number {
  const shorter = Math.min(text.length, candidate.length);
  if (shorter < 4) return Math.max(0, shorter - 2);
  return Math.max(2, Math.floor(candidate.length / 3));
}

/** Like `didYouMean`; otherwise suggests the only candidate whose first word begins the text: `logging`, `logLevel`. */
export function didYouMeanKey(text: string, candidates: readonly string[]): string {
  const near = didYouMean(text, candidates);
  if (near !== '') return near;
  const related = candidates.filter((candidate) => {
    const [first = ''] = /^[a-z]{3,}(?=[A-Z])/.exec(candidate) ?? [];
    return first !== '' && text.startsWith(first);
  });
  return related.length === 1 ? `; did you mean "${related[0]}"?` : '';
}
