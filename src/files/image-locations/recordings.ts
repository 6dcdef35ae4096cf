/** Recorded AdmissionReviews: they contain what was requested once, not what is to run. */
import { isReview } from '../../admission/review.ts';
import { itemsOfList } from '../lists.ts';
import type { DocumentFormat } from './format.ts';

export const recordingFormat: DocumentFormat = {
  name: undefined,
  matches: ({ document: { value } }) => isReview(value) && itemsOfList(value) === undefined,
  locate: () => ({}),
};
