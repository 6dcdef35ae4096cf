/** Turns a review with its answer into a line of a recording: redacted, with its shape. */
import { hash } from 'node:crypto';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { RecordedFacts } from '../../recording/facts.ts';
import { RECORDING_FORMAT, type RecordedReview } from '../../recording/format.ts';
import { isDeeper, MAX_REVIEW_DEPTH } from '../../recording/nesting.ts';
import { isUnrecorded, redactReview } from '../../recording/redact/review.ts';
import { scrubbed } from '../../recording/redact/scrub.ts';
import { redactText } from '../../recording/redact/secret-texts.ts';
import { recordedResponse } from '../../recording/response.ts';
import type { Said } from '../../recording/said.ts';
import type { HashUser } from '../../recording/secret.ts';
import { shapeText } from '../../recording/shape.ts';
import { parseBody } from '../parse-body.ts';
import type { Noted } from './batch.ts';

export interface LineOptions {
  readonly version: string;
  readonly fields: ReadonlySet<string>;
  readonly hashUser: HashUser;
}

export type LineContent = Omit<RecordedReview, 'id' | 'dropped'>;

/** `unrecorded`: a Secret. `unreadable`: too deep, or too large to be parsed. */
export function lineContent({ note, body }: Noted, options: LineOptions): LineContent | 'unrecorded' | 'unreadable' {
  try {
    const parsed = parseBody(body);
    if (!parsed.ok || !isObject(parsed.value)) return 'unreadable';
    return isUnrecorded(parsed.value) ? 'unrecorded' : contentOf(note, parsed.value, options);
  } catch (error) {
    if (error instanceof RangeError) return 'unreadable';
    throw error;
  }
}

function contentOf(note: Noted['note'], body: JsonObject, options: LineOptions): LineContent {
  const { time, endpoint, durationMs, generation, answer, facts } = note;
  const noted = {
    time: new Date(time).toISOString(),
    endpoint,
    review: body,
    // The server wrote them.
    facts: facts as RecordedFacts,
    response: recordedResponse(JSON.parse(answer)),
    generation,
    durationMs: Math.round(durationMs * 1000) / 1000,
  };
  return redactedLine(noted, options);
}

export type UnredactedLine = Omit<LineContent, 'format' | 'type' | 'dryRun' | 'redacted' | 'tidewaiter' | 'shape'>;

const SHAPE_DIGITS = 16;

/** Throws a RangeError for objects that are nested too deep. */
export function redactedLine(
  { time, endpoint, review: body, facts, response, origin, said, generation, durationMs }: UnredactedLine,
  { version, fields, hashUser }: LineOptions,
): LineContent {
  if (isDeeper(body, MAX_REVIEW_DEPTH)) throw new RangeError(`nested more than ${MAX_REVIEW_DEPTH} levels deep`);
  const { review, redacted, secrets } = redactReview(body, fields);
  const scrub = { secrets, kept: secrets.size === 0 ? '' : JSON.stringify(review), hashUser };
  const { request } = review;
  const line = {
    format: RECORDING_FORMAT,
    type: 'review',
    time,
    endpoint,
    dryRun: isObject(request) && request['dryRun'] === true,
    review,
    redacted,
    facts: scrubbed(facts, scrub),
    response: response && scrubbed(response, scrub),
    origin,
    said: said && scrubbed(said.map(withoutSecrets), scrub),
    generation,
    tidewaiter: version,
    durationMs,
  } as const;
  return { ...line, shape: hash('sha256', shapeText(line)).slice(0, SHAPE_DIGITS) };
}

/** Other policies can quote what is in no object, such as a parameter. */
function withoutSecrets({ message, ...said }: Said): Said {
  return { ...said, message: message && redactText(message, () => undefined) };
}
