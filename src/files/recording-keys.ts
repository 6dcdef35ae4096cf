/** Finds unknown keys in recordings: an expectation under a misspelled key would always seem to be met. */
import { isReview } from '../admission/review.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject, pointerTo } from '../pod/pointer.ts';
import { didYouMean } from '../image/suggestion.ts';
import { type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';
import { EXPECTED_KEYS } from '../recording/expected.ts';

const checkKeys = schemaCheck({
  type: 'object',
  additionalProperties: false,
  properties: { review: {}, expected: {} },
});

/**
 * In `{review, expected}`, all other keys are unknown; in a bare review, only keys that resemble an expectation. `at`: pointer to
 * the review.
 */
export function strayKeys(value: unknown, at: string): readonly DocumentFault[] {
  if (!isObject(value)) return [];
  const wraps = !isReview(value) && (at !== '' || hasKeyLike(value, ['review']));
  const review = at === '' ? value : value['review'];
  const request = isObject(review) ? review['request'] : undefined;
  return [
    ...(wraps ? checkKeys(value) : []),
    ...(wraps && at === '' ? [] : misplaced(review, at)),
    ...misplaced(request, `${at}/request`),
  ];
}

/** Keys that resemble an expectation but are in the wrong object. */
export function misplaced(value: unknown, pointer: string): readonly DocumentFault[] {
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const home = homeOf(key);
    return home === undefined
      ? []
      : [{ pointer: pointerTo(pointer, key), problem: `${quoteValue(key)} belongs ${home}`, at: 'key' as const }];
  });
}

function homeOf(key: string): string | undefined {
  if (isLike(key, ['expected', 'expect'])) return 'next to "review": {review: …, expected: …}';
  const part = EXPECTED_KEYS.find((name) => isLike(key, [name]));
  return part && `in "expected": {review: …, expected: {${part}: …}}`;
}

function hasKeyLike(value: object, names: readonly string[]): boolean {
  return Object.keys(value).some((key) => isLike(key, names));
}

function isLike(key: string, names: readonly string[]): boolean {
  return didYouMean(key, names) !== '';
}
