/** Reads a line of a recording. */
import { type ReadReview, readReview } from '../admission/review.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject } from '../pod/pointer.ts';
import { type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';
import { type Recorded, RECORDING_FORMAT, type RecordedReview } from './format.ts';
import { isDeeper, MAX_PATCH_DEPTH } from './nesting.ts';
import { REPEATS_LINE_SCHEMA, REVIEW_LINE_SCHEMA } from './schema.ts';

export type ReadLine =
  | { readonly ok: true; readonly recorded: Recorded }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

const CHECKS = { review: schemaCheck(REVIEW_LINE_SCHEMA), repeats: schemaCheck(REPEATS_LINE_SCHEMA) } as const;

function isDeepPatch(response: unknown): boolean {
  return isObject(response) && isDeeper(response['patch'], MAX_PATCH_DEPTH);
}

const TOO_DEEP = `must not be nested more than ${MAX_PATCH_DEPTH} levels deep`;

/** Does not check the AdmissionReview; see readReview. */
export function readRecorded(value: unknown): ReadLine {
  if (!isRecorded(value)) return fault('', 'expected a line of a recording, with "format" and "type"');
  const { format, type } = value;
  if (format !== RECORDING_FORMAT) {
    return fault('/format', `expected ${quoteValue(RECORDING_FORMAT)}, found ${quoteValue(format)}`);
  }
  if (type !== 'review' && type !== 'repeats') {
    const found = typeof type === 'string' ? quoteValue(type) : 'no text';
    return fault('/type', `expected "review" or "repeats", found ${found}`);
  }
  const faults = CHECKS[type](value);
  if (faults.length === 0 && 'response' in value && isDeepPatch(value.response))
    return fault('/response/patch', TOO_DEEP);
  // The schema is that of the type.
  return faults.length === 0 ? { ok: true, recorded: value as unknown as Recorded } : { ok: false, faults };
}

/**
 * Reads the AdmissionReview of a line. The admission plugins of the API server did not run for an object as the client sent it, and
 * /mutate of `serve` for no line that another source recorded.
 */
export function readRecordedReview({ review, origin }: Pick<RecordedReview, 'review' | 'origin'>): ReadReview {
  const read = readReview(review);
  if (!read.ok || origin === undefined) return read;
  const { apiVersion, request } = read.review;
  const pluginsRan = origin.object !== 'sent';
  return { ok: true, review: { apiVersion, request: { ...request, pluginsRan, mutateRan: false } } };
}

/** Reports whether a value is a line of a recording, of any version. */
export function isRecorded(value: unknown): value is { readonly format: string; readonly type?: unknown } {
  return isObject(value) && typeof value['format'] === 'string' && value['format'].startsWith(FAMILY);
}

const FAMILY = RECORDING_FORMAT.slice(0, RECORDING_FORMAT.lastIndexOf('/') + 1);

/** How a recording of the server starts: the writer puts the format first. */
export const RECORDING_START = `{"format":"${FAMILY}`;

const FORMAT = /"format"\s*:\s*"tidewaiter\.dev\/recording\//;

/** Reports whether the first line of a text is a line of a recording, from any program; `text` can end in the line. */
export function startsRecording(text: string): boolean {
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end);
  return line.startsWith('{') && FORMAT.test(line) && (end < 0 || isRecorded(parsed(line)));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function fault(pointer: string, problem: string): ReadLine {
  return { ok: false, faults: [{ pointer, problem, at: 'value' }] };
}
