/** Recorded AdmissionReviews contain past requests, so their images are not pinned. */
import { isReview } from '../../admission/review.ts';
import { itemsOfList } from '../lists.ts';
import type { DocumentFormat } from './format.ts';

export const recordingFormat: DocumentFormat = {
  name: undefined,
  matches: ({ document: { value } }) => isReview(value) && itemsOfList(value) === undefined,
  locate: () => ({}),
};
