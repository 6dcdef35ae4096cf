/** Suggests the nearest valid name in messages. */
import leven from 'leven';

/**
 * Returns `; did you mean "x"?` if `text` is close enough to a candidate, otherwise an empty string. `prefix` precedes all names,
 * and does not count as similarity.
 */
export function didYouMean(text: string, candidates: readonly string[], prefix = ''): string {
  if (text.length > 60) return '';
  const near = candidates
    .map((candidate) => ({ candidate, distance: distanceOf(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= maxDistance(text, candidate))
    .sort(
      (one, other) =>
        one.distance - other.distance || sharedStart(text, other.candidate) - sharedStart(text, one.candidate),
    )[0];
  return near === undefined ? '' : `; did you mean "${prefix}${near.candidate}"?`;
}

/** Two adjacent letters in the wrong order are one mistake. */
function distanceOf(text: string, candidate: string): number {
  const swapped = Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => {
    const [first = '', second = ''] = text.slice(at);
    return text.slice(0, at) + second + first + text.slice(at + 2);
  });
  return Math.min(leven(text, candidate), ...swapped.map((other) => 1 + leven(other, candidate)));
}

/** Changing half of the letters of a short name gives an unrelated name. */
function maxDistance(text: string, candidate: string): number {
  const shorter = Math.min(text.length, candidate.length);
  if (shorter < 4) return Math.max(0, shorter - 2);
  return Math.max(1, Math.floor(candidate.length / 3));
}

function sharedStart(text: string, candidate: string): number {
  let end = 0;
  while (end < candidate.length && candidate[end] === text[end]) end += 1;
  return end;
}

/** Like `didYouMean`, and also suggests a plural (`policy`, `policies`) and the only key with the same first word (`logging`, `logLevel`). */
export function didYouMeanKey(text: string, candidates: readonly string[]): string {
  const near = didYouMean(text, candidates);
  if (near !== '') return near;
  const related = candidates.filter((candidate) => {
    const [first = ''] = /^[a-z]{3,}(?=[A-Z])/.exec(candidate) ?? [];
    return (first !== '' && text.startsWith(first)) || candidate.replace(/ies$/, 'y') === text;
  });
  return related.length === 1 ? `; did you mean "${related[0]}"?` : '';
}
