/** Keeps the smallest review of each class of decisions. */
import { hash } from 'node:crypto';
import type { AdmissionRequest } from '../../admission/request.ts';
import type { Decision } from '../../admission/validate.ts';
import { UserError } from '../../error/user-error.ts';
import { comparable } from '../../pod/comparable.ts';
import type { Finding } from '../../policy/finding.ts';
import type { RecordedReview } from '../../recording/format.ts';
import { type DecisionClass, decisionClassOf } from '../../recording/decision-class.ts';
import type { AddOccurrences } from '../recorded/occurrences.ts';

export interface Smallest {
  readonly decisionClass: DecisionClass;
  /** The line of the recording. */
  text: string;
  /** Of the text, in hexadecimal. */
  digest: string;
  findings: readonly Finding[];
  /** Reviews with such a decision. */
  reviews: number;
}

export interface SmallestReviews {
  /** Returns a function that counts the review and its repetitions. undefined: the line is nested too deep to be written. */
  add(recorded: RecordedReview, request: AdmissionRequest, decision: Decision): AddOccurrences;
  /** In the order of their classes. */
  all(): readonly Smallest[];
}

/** A suite with more cases is not read by anyone. */
const MAX_CLASSES = 1000;
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** Throws a UserError if there are too many classes. */
export function smallestReviews(): SmallestReviews {
  const byClass = new Map<string, Smallest>();
  let characters = 0;
  const addSize = (by: number): void => {
    characters += by;
    if (characters > MAX_CHARACTERS || byClass.size > MAX_CLASSES)
      throw new UserError(
        `the recording has more than ${MAX_CLASSES} distinct decisions, or their smallest reviews have more than ${MAX_CHARACTERS >> 20} MiB; nothing was written; name fewer recordings`,
      );
  };
  return {
    add(recorded, request, decision) {
      const decisionClass = decisionClassOf(request, decision);
      const key = JSON.stringify(decisionClass);
      const line = comparable({ ...recorded, dropped: 0 });
      if (line === undefined) return undefined;
      const text = `${line}\n`;
      const { findings } = decision;
      const before = byClass.get(key);
      if (before === undefined) {
        const found = { decisionClass, text, digest: hash('sha256', text), findings, reviews: 0 };
        byClass.set(key, found);
        addSize(text.length);
        return counterOf(found);
      }
      if (text.length <= before.text.length) {
        const digest = hash('sha256', text);
        // The digest decides between texts of one length, so that the order of reviews does not matter.
        const isSmaller = text.length < before.text.length || digest < before.digest;
        if (isSmaller) Object.assign(before, { text, digest, findings });
      }
      return counterOf(before);
    },
    all: () => [...byClass].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, smallest]) => smallest),
  };
}

function counterOf(smallest: Smallest): NonNullable<AddOccurrences> {
  return ({ count }) => void (smallest.reviews += count);
}
