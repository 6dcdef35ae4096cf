/**
 * Reads AdmissionReviews from JSON and YAML, one or several per file, with their expected results. An object with images becomes the
 * review that creates it.
 */
import { isReview, type ReadReview, readReview, type Review } from '../admission/review.ts';
import { quoteValue } from '../image/quote.ts';
import { kindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { typeOf } from '../pod/workload.ts';
import type { DocumentFault } from '../policy/schema-faults.ts';
import { type Expected, readExpected } from '../recording/expected.ts';
import type { RecordedReview } from '../recording/format.ts';
import { isRecorded, readRecordedReview } from '../recording/read-line.ts';
import { type SyntheticOptions, syntheticReview } from '../recording/synthetic.ts';
import { itemsOfList } from './lists.ts';
import { type InputError, unreadable } from './manifest-objects.ts';
import { misplaced, strayKeys } from './recording-keys.ts';
import type { InputNotice } from './skipped-files.ts';
import { repeatedKeyNotices } from './yaml/repeated-keys.ts';
import { type ParsedDocument, parseDocuments, type ValidDocument } from './yaml/yaml.ts';

export interface Recording {
  readonly file: string;
  readonly line: number;
  /** 1-based, within the file. */
  readonly document: number;
  readonly review: Review;
  /** The AdmissionReview, as it was read. */
  readonly body: JsonObject;
  readonly expected: Expected | undefined;
  /** The line of a recording of `serve`, with the facts that it used. */
  readonly recorded?: RecordedReview | undefined;
}

export interface FoundReviews {
  readonly recordings: readonly Recording[];
  readonly errors: readonly InputError[];
  readonly notices: readonly InputNotice[];
}

export interface ObjectOptions extends SyntheticOptions {
  /** Called for each object without images. A file can then contain only such objects. */
  readonly onOther?: ((object: JsonObject) => void) | undefined;
}

/** The built-in kinds, and the namespace of objects that specify none. */
const DEFAULTS: ObjectOptions = { kinds: kindTable(), namespace: 'default' };

export function reviewsInText(file: string, text: string, objects = DEFAULTS): FoundReviews {
  const documents = parseDocuments(text);
  const context: LoadContext = { file, objects, recordings: [], errors: [], withoutImages: 0 };
  for (const document of documents) readDocument(document, context);
  const { recordings, errors, withoutImages } = context;
  if (isWithoutReview(context)) errors.push({ ...unreadable(file, NO_REVIEW), line: 1, column: 1 });
  return { recordings, errors, notices: [...repeatedKeyNotices(file, documents), ...skipped(file, withoutImages)] };
}

function isWithoutReview({ recordings, errors, withoutImages, objects }: LoadContext): boolean {
  const isAllowed = objects.onOther !== undefined && withoutImages > 0;
  return recordings.length + errors.length === 0 && !isAllowed;
}

export const NO_REVIEW = 'no AdmissionReview found';

function skipped(file: string, count: number): readonly InputNotice[] {
  if (count === 0) return [];
  const which =
    count === 1
      ? 'an object that is not evaluated: its kind has'
      : `${count} objects that are not evaluated: their kinds have`;
  return [{ file, line: null, column: null, message: `${quoteValue(file)} contains ${which} no images` }];
}

interface LoadContext {
  readonly file: string;
  readonly objects: ObjectOptions;
  readonly recordings: Recording[];
  readonly errors: InputError[];
  /** Objects that no policy evaluates. */
  withoutImages: number;
}

function readDocument(document: ParsedDocument, context: LoadContext): void {
  if (!document.ok) {
    const { line, column, index, problem } = document;
    context.errors.push({ file: context.file, line, column, document: index + 1, message: problem });
    return;
  }
  const { value } = document;
  const list = Array.isArray(value)
    ? { at: '', items: value }
    : isList(value)
      ? { at: '/items', items: itemsOfList(value) ?? [] }
      : undefined;
  if (list === undefined) return readEntry(value, '', document, context);
  for (const { pointer, problem } of misplaced(value, '')) {
    const { line, column } = document.keyPositionOf(pointer);
    context.errors.push({
      file: context.file,
      line,
      column,
      document: document.index + 1,
      message: `${pointer}: ${problem}`,
    });
  }
  for (const [index, item] of list.items.entries()) readEntry(item, `${list.at}/${index}`, document, context);
}

function isList(value: unknown): boolean {
  return isObject(value) && Array.isArray(value['items']) && value['review'] === undefined;
}

function readEntry(value: unknown, base: string, document: ValidDocument, context: LoadContext): void {
  if (isRecorded(value)) failOnce({ ...document.positionOf(base), document: document.index + 1 }, context);
  else readReviewEntry(value, base, document, context);
}

function readReviewEntry(value: unknown, base: string, document: ValidDocument, context: LoadContext): void {
  const { file, recordings, errors } = context;
  const number = document.index + 1;
  const fail = ({ pointer, problem, at }: DocumentFault): void => {
    const place = `${base}${pointer}`;
    const { line, column } = at === 'key' ? document.keyPositionOf(place) : document.positionOf(place);
    errors.push({ file, line, column, document: number, message: pointer === '' ? problem : `${pointer}: ${problem}` });
  };
  const { at, body, expectedValue } = unwrap(value);
  const strays = strayKeys(value, at);
  for (const fault of strays) fail(fault);
  if (strays.length > 0) return;
  const read = readBody(body, at, context);
  if (read === undefined) return;
  if (!read.ok) return fail({ pointer: `${at}${read.pointer}`, problem: read.problem, at: 'value' });
  const expected = expectedValue === undefined ? undefined : readExpected(expectedValue);
  if (expected?.ok === false) {
    for (const fault of expected.faults) fail({ ...fault, pointer: `/expected${fault.pointer}` });
    return;
  }
  const { line } = document.positionOf(base);
  recordings.push({ file, line, document: number, review: read.review, body: read.body, expected: expected?.expected });
}

/** One error for all lines of a recording that another program has changed. */
function failOnce(place: Pick<InputError, 'line' | 'column' | 'document'>, { file, errors }: LoadContext): void {
  if (errors.every(({ message }) => message !== NOT_A_LINE)) errors.push({ file, ...place, message: NOT_A_LINE });
}

type ReadFault = Extract<ReadReview, { readonly ok: false }>;
type ReadBody = ReadFault | (Extract<ReadReview, { readonly ok: true }> & { readonly body: JsonObject });

function withBody(read: ReadReview, body: JsonObject): ReadBody {
  return read.ok ? { ...read, body } : read;
}

const NOT_A_LINE =
  'a recording has one JSON object on each line, in UTF-8 without a byte order mark; to convert it, use jq -c .';

/** Returns undefined for an object that has no images. */
function readBody(body: unknown, at: string, context: LoadContext): ReadBody | undefined {
  if (isReview(body)) return withBody(readReview(body), body);
  return at === '' && isObject(body) ? readCreation(body, context) : notAReview(body);
}

function readCreation(object: JsonObject, context: LoadContext): ReadBody | undefined {
  const synthetic = syntheticReview(object, context.objects);
  if (synthetic === undefined) return notAReview(object);
  const { group, kind } = typeOf(object);
  if (context.objects.kinds.find(group, kind) === undefined) {
    context.withoutImages += 1;
    context.objects.onOther?.(object);
    return undefined;
  }
  const { review, object: is } = synthetic;
  const read = readRecordedReview({ review, origin: { source: 'cluster', object: is } });
  return withBody(read.ok ? read : { ...read, pointer: IN_OBJECT.get(read.pointer) ?? '' }, review);
}

/** Where an object has what its review has. */
const IN_OBJECT: ReadonlyMap<string, string> = new Map([
  ['/request/name', '/metadata/name'],
  ['/request/namespace', '/metadata/namespace'],
]);

function notAReview(body: unknown): ReadFault {
  const kind = isObject(body) ? body['kind'] : undefined;
  const found = typeof kind === 'string' ? `kind ${quoteValue(kind)}` : jsonType(body);
  const problem = `expected an AdmissionReview, {review, expected}, or an object with apiVersion and kind; found ${found}`;
  return { ok: false, pointer: '', problem };
}

/** Reads `{review, expected}`, or the review itself. */
function unwrap(value: unknown): { readonly at: string; readonly body: unknown; readonly expectedValue: unknown } {
  if (!isObject(value) || !isObject(value['review'])) return { at: '', body: value, expectedValue: undefined };
  return { at: '/review', body: value['review'], expectedValue: value['expected'] };
}
