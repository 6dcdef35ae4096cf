/** Keys of a recording that mean nothing: an expectation that nobody reads would look as if it were met. */
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

/** Of `{review, expected}` every other key; of a review only what was meant to be an expectation. `at`: where the review stands. */
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

/** What stands here and looks like an expectation. */
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
