/**
 * One line of a recording: a review with everything that replaying it needs, or how often reviews of the same shape came again. A
 * recording is newline-delimited JSON. docs/recordings.md describes it for users.
 */
import type { JsonObject } from '../pod/pointer.ts';
import type { RecordedFacts } from './facts.ts';
import type { RecordedOrigin } from './origin.ts';
import type { Said } from './said.ts';

/** A change that readers of this version would misread gets another version. */
export const RECORDING_FORMAT = 'tidewaiter.dev/recording/v1';

export const ENDPOINTS = ['validate', 'mutate'] as const;
export type RecordedEndpoint = (typeof ENDPOINTS)[number];

interface Line {
  readonly format: typeof RECORDING_FORMAT;
  /** Reviews that are missing before this one: the server could not keep up, could not write, or did not let a namespace add more. */
  readonly dropped: number;
}

export interface RecordedReview extends Line {
  readonly type: 'review';
  /** Unique across recordings. */
  readonly id: string;
  /** When the server decided, or the API server got the request, in UTC with milliseconds; also the current time for its rules and exceptions. */
  readonly time: string;
  readonly endpoint: RecordedEndpoint;
  readonly dryRun: boolean;
  /** The AdmissionReview as the API server sent it, redacted. */
  readonly review: JsonObject;
  /** JSON Pointers from the root of `review` to values that are not kept; `*` is each element of a list. */
  readonly redacted: readonly string[];
  readonly facts: RecordedFacts;
  /** undefined: unknown, because `serve` did not record the line. */
  readonly response?: RecordedResponse | undefined;
  /** undefined: `serve` recorded the line. */
  readonly origin?: RecordedOrigin | undefined;
  /** The decisions of other admission policies. */
  readonly said?: readonly Said[] | undefined;
  /** Of the policies that decided; see Context. */
  readonly generation?: string | undefined;
  /** The version of tidewaiter. */
  readonly tidewaiter: string;
  readonly durationMs?: number | undefined;
  /** Reviews that differ only in UIDs, times, and generated names have the same shape. */
  readonly shape: string;
}

/** The `response` of the answer, without `uid`; `patch` is decoded. Patches in other answers than those of tidewaiter are absent. */
export interface RecordedResponse {
  readonly allowed: boolean;
  readonly status?: JsonObject | undefined;
  readonly patch?: readonly unknown[] | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly auditAnnotations?: { readonly [key: string]: string } | undefined;
}

/** More reviews with the shape of an earlier line, none of which has a line of its own. */
export interface RecordedRepeats extends Line {
  readonly type: 'repeats';
  /** The `id` of a review in the same segment. */
  readonly of: string;
  /** How many, not counting those of other lines. */
  readonly count: number;
  readonly first: string;
  readonly last: string;
}

export type Recorded = RecordedReview | RecordedRepeats;
